-- Changes a message that is there: an edit, a deletion or a moderator's decision, as one entry that the pipeline takes further.
-- KEYS: partition, meta, log, state, open, intake, rooms, gates
-- ARGV: room, channel, id, the state it is based on or '' for none, new state up to the offset, new body,
--       kind, author where others are shown another frame or '', frame before the offset, frame after it,
--       the others' frame before the offset or '', after it, maxUnstored, retentionEntries, retentionMs,
--       reason for those who may not see it any more or '', the moderators' frame before the offset or '', after it,
--       body for the pipeline or '' for the same, revision, ms until its gate opens or closes or '', what the gate does then
-- Answers no_epoch | new_room | changed | overloaded | ok offset
local partition, meta, log, state, open, intake, rooms, gates = unpack(KEYS)
local room, channel, id, expected, header, body = unpack(ARGV)
local shared = redis.call('HMGET', partition, 'epoch', 'unstored')
if not shared[1] then return { 'no_epoch' } end
local head = redis.call('HMGET', meta, 'epoch', 'end')
if not head[1] then return { 'new_room' } end
if (redis.call('HGET', state, id) or '') ~= expected then return { 'changed' } end
if tonumber(shared[2] or '0') >= tonumber(ARGV[13]) then return { 'overloaded' } end
local time = now()
local entries = tonumber(ARGV[14])
local limits = { most = 8, entries = entries - 1, before = time - tonumber(ARGV[15]) }
if trim({ meta = meta, log = log, open = open, state = state }, limits) >= entries then return { 'overloaded' } end

local offset = text(tonumber(head[2]) + 1)
redis.call('HSET', meta, 'end', offset)
redis.call('XADD', log, offset .. '-0', 'v', '1', 'k', ARGV[7], 'ids', id, 'a', ARGV[8],
  'w', ARGV[16], 't', text(time))
redis.call('HSET', state, id, header .. offset .. ';' .. body)
redis.call('ZADD', open, offset, offset)
redis.call('HINCRBY', partition, 'unstored', 1)
redis.call('XADD', intake, '*', 'v', '1', 'room', room, 'epoch', head[1], 'offset', offset, 'message',
  ARGV[19] == '' and body or ARGV[19])
if ARGV[21] ~= '' then
  redis.call('ZADD', gates, text(time + tonumber(ARGV[21])), gate_of(room, id, ARGV[20], ARGV[22]))
end
redis.call('ZADD', rooms, text(time), room)
local payload = head[1] .. ' ' .. offset .. ' ' .. (ARGV[8] == '' and '-' or ARGV[8]) .. '\n' .. ARGV[9] .. offset .. ARGV[10]
if ARGV[8] ~= '' then payload = payload .. '\n' .. ARGV[11] .. offset .. ARGV[12] end
if ARGV[17] ~= '' then
  payload = payload .. (ARGV[8] == '' and '\n' or '') .. '\n' .. ARGV[17] .. offset .. ARGV[18]
end
redis.call('SPUBLISH', channel, payload)
return { 'ok', offset }
