-- Takes back messages as duplicates, whatever stood of them; one entry for all. A repeat finds them withdrawn.
-- KEYS: partition, meta, log, state. ARGV: room, channel, then for each message id, revision, body
-- Answers no_epoch | new_room | ok [offset of the newest entry that says so]
local partition, meta, log, state = unpack(KEYS)
if redis.call('HEXISTS', partition, 'epoch') == 0 then return { 'no_epoch' } end
local head = redis.call('HMGET', meta, 'epoch', 'end')
if not head[1] then return { 'new_room' } end

local offset = text(tonumber(head[2]) + 1)
local ids = {}
local told = nil
for i = 3, #ARGV, 3 do
  local value = redis.call('HGET', state, ARGV[i])
  local known = value and parse_state(value)
  if known and known.json:find('"reason":"duplicate"', 1, true) then
    told = known.last
  elseif known then
    ids[#ids + 1] = ARGV[i]
    redis.call('HSET', state, ARGV[i], ARGV[i + 1] .. ';' .. ARGV[i + 1] .. ';' .. offset .. ';' .. ARGV[i + 2])
  end
end
if #ids > 0 then
  local named = table.concat(ids, ',')
  redis.call('HSET', meta, 'end', offset)
  redis.call('XADD', log, offset .. '-0', 'v', '1', 'k', 'r', 'ids', named, 'a', '', 'w', 'duplicate', 't', text(now()))
  redis.call('SPUBLISH', ARGV[2], head[1] .. ' ' .. offset .. ' -\n{"type":"message.removed","room":"' .. ARGV[1]
    .. '","offset":' .. offset .. ',"ids":[' .. named .. '],"reason":"duplicate"}')
  told = offset
end
return { 'ok', told }
