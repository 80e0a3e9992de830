-- Entries that the store does not reflect yet, in the order of their offsets, for the audit. Changes nothing.
-- KEYS: meta, log, open. ARGV: after which offset, how many
-- Answers epoch-or-'', then for each entry offset ids time (ms; 0 and no ids where the log has no such entry)
local found = { redis.call('HGET', KEYS[1], 'epoch') or '' }
for _, offset in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[1], '+inf', 'LIMIT', 0, ARGV[2])) do
  local entry = redis.call('XRANGE', KEYS[2], offset .. '-0', offset .. '-0')[1]
  local named = entry and fields(entry[2]) or { ids = '', t = '0' }
  for _, value in ipairs({ offset, named.ids, named.t }) do found[#found + 1] = value end
end
return found
