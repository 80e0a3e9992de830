-- The deadline of a message that its room waits with has passed, and no outcome stands for the revision.
-- `open`: it is released as in a live room; the pipeline's outcome follows. `closed`: it is held, and that is its outcome.
-- KEYS: partition, meta, log, state, rooms, gates
-- ARGV: room, channel, id, revision, choice
-- Answers settled: it was decided, changed or lost before | done offset
local partition, meta, log, state, rooms, gates = unpack(KEYS)
local room, channel, id, revision, choice = unpack(ARGV)
redis.call('ZREM', gates, gate_of(room, id, revision, choice))
local head = redis.call('HMGET', meta, 'epoch', 'end')
local value = redis.call('HGET', state, id)
if not head[1] or not value then return { 'settled' } end
local known = parse_state(value)
if known.revision ~= revision or known.decided ~= '0' or not is_hidden(known.json) then return { 'settled' } end

local offset = text(tonumber(head[2]) + 1)
local start = '"room":"' .. room .. '","offset":' .. offset
local author = known.json:match('"user":"([^"]*)"')
local public = known.json:gsub(',"audience":"author"', '', 1)
local kind, decided, body, payload
if choice == 'open' then
  kind, decided, body = 's', '0', public:gsub(',"status":"held"', ',"status":"pending"', 1)
  payload = ' -\n{"type":"message.restored",' .. start .. ',"messages":[' .. body .. ']}'
else
  kind, decided, body = 'u', revision, public:sub(1, -2) .. ',"reason":"held","audience":"author"}'
  payload = ' ' .. author .. '\n{"type":"message.updated",' .. start .. ',"messages":[{"id":' .. id .. ',"revision":'
    .. revision .. ',"status":"held"}]}\n{"type":"message.hidden",' .. start .. ',"id":' .. id .. '}'
end
local time = text(now())
redis.call('HSET', meta, 'end', offset)
redis.call('XADD', log, offset .. '-0', 'v', '1', 'k', kind, 'ids', id, 'a', kind == 'u' and author or '', 'w', '', 't', time)
redis.call('HSET', state, id, revision .. ';' .. decided .. ';' .. offset .. ';' .. body)
redis.call('ZADD', rooms, time, room)
redis.call('SPUBLISH', channel, head[1] .. ' ' .. offset .. payload)
return { 'done', offset }
