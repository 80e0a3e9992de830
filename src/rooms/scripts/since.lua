-- Reads the log after an offset, with the present state of every message that the entries name.
-- KEYS: partition, meta, log, state
-- ARGV: epoch, offset, most entries, most bytes of state
-- Answers no_epoch | new_room | lost epoch end base | ok epoch end reaches entries states; base: where the epoch began
local partition, meta, log, state = unpack(KEYS)
if redis.call('HEXISTS', partition, 'epoch') == 0 then return { 'no_epoch' } end
local head = redis.call('HMGET', meta, 'epoch', 'end', 'base')
if not head[1] then return { 'new_room' } end
local epoch, last, since = head[1], tonumber(head[2]), tonumber(ARGV[2])
if epoch ~= ARGV[1] or since > last then return { 'lost', epoch, head[2], head[3] or head[2] } end
local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
local oldest = first and offset_of(first) or last + 1
if since + 1 < oldest then return { 'lost', epoch, head[2], head[3] or head[2] } end

local reaches, bytes, entries, states, seen = since, 0, {}, {}, {}
for _, entry in ipairs(redis.call('XRANGE', log, text(since + 1), '+', 'COUNT', ARGV[3])) do
  local named = fields(entry[2])
  for id in named.ids:gmatch('%d+') do
    if not seen[id] then
      seen[id] = true
      local value = redis.call('HGET', state, id)
      if value then
        bytes = bytes + #value
        states[#states + 1] = id
        states[#states + 1] = value
      end
    end
  end
  if bytes > tonumber(ARGV[4]) and #entries > 0 then break end
  reaches = offset_of(entry)
  entries[#entries + 1] = { text(reaches), named.v, named.k, named.ids, named.a or '', named.w or '' }
end
if #entries == 0 then reaches = last end
return { 'ok', epoch, head[2], text(reaches), entries, states }
