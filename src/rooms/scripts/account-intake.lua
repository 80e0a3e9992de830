-- Places of the entries that wait in an intake, without their texts, for the audit. Changes nothing.
-- KEYS: intake. ARGV: after which entry id, how many. Answers the last entry id or '', then room and offset of each
local found = { '' }
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])) do
  local named = fields(entry[2])
  found[1] = entry[1]
  found[#found + 1] = named.room or ''
  found[#found + 1] = named.offset or '0'
end
return found
