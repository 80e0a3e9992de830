-- The newest messages that the log still has, as they stand now, oldest first.
-- KEYS: partition, meta, log, state
-- ARGV: how many, most entries to look through
-- Answers no_epoch | new_room | ok epoch end states
local partition, meta, log, state = unpack(KEYS)
if redis.call('HEXISTS', partition, 'epoch') == 0 then return { 'no_epoch' } end
local head = redis.call('HMGET', meta, 'epoch', 'end')
if not head[1] then return { 'new_room' } end
local wanted, looked, ids, to = tonumber(ARGV[1]), 0, {}, '+'
while #ids < wanted and looked < tonumber(ARGV[2]) do
  local entries = redis.call('XREVRANGE', log, to, '-', 'COUNT', 200)
  if #entries == 0 then break end
  for _, entry in ipairs(entries) do
    local named = fields(entry[2])
    if named.k == 'c' and #ids < wanted then table.insert(ids, 1, named.ids) end
    looked = looked + 1
    to = '(' .. entry[1]
  end
end
local states = {}
for _, id in ipairs(ids) do
  local value = redis.call('HGET', state, id)
  if value then
    states[#states + 1] = id
    states[#states + 1] = value
  end
end
return { 'ok', head[1], head[2], states }
