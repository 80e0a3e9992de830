-- Tells that messages have expired or were erased, in one entry for all: of those that the log knows nothing is left
-- but their place and time, the others it names alone. The store has wiped them before, or stores them wiped.
-- KEYS: partition, meta, log, state, page, rooms
-- ARGV: room, channel, reason, who stands as their author or '' for the same, number of the task or '', then the ids
-- A task is told once; without a number only what the log knows, and has not told of yet, is named.
-- Answers none: the room has no log, so there is nobody to tell | ok [offset of the entry] [how many it names]
local partition, meta, log, state, page, rooms = unpack(KEYS)
local room, channel, reason, author, task = unpack(ARGV)
redis.call('DEL', page)
local head = redis.call('HMGET', meta, 'epoch', 'end', 'task', 'taskOffset')
if redis.call('HEXISTS', partition, 'epoch') == 0 or not head[1] then return { 'none' } end
redis.call('HINCRBY', meta, 'stored', 1)
if task ~= '' and head[3] == task then return { 'ok', head[4] } end

local offset = text(tonumber(head[2]) + 1)
local gone = ',"status":"removed","reason":"' .. reason .. '"}'
local ids = {}
for i = 6, #ARGV do
  local id = ARGV[i]
  local value = redis.call('HGET', state, id)
  local known = value and parse_state(value)
  -- Inside of a string the quotes would be escaped.
  if known and known.json:sub(-#gone) ~= gone then
    ids[#ids + 1] = id
    local user = author ~= '' and author or known.json:match(',"user":"([^"]*)"')
    local timestamp = known.json:match(',"timestamp":"([^"]*)"')
    redis.call('HSET', state, id, known.revision .. ';' .. known.revision .. ';' .. offset .. ';{"id":' .. id
      .. ',"revision":' .. known.revision .. ',"room":"' .. room .. '","user":"' .. user .. '","timestamp":"' .. timestamp
      .. '"' .. gone)
  elseif not known and task ~= '' then
    ids[#ids + 1] = id
  end
end
if #ids == 0 then return { 'ok' } end

local named = table.concat(ids, ',')
local time = text(now())
redis.call('HSET', meta, 'end', offset)
if task ~= '' then redis.call('HSET', meta, 'task', task, 'taskOffset', offset) end
redis.call('XADD', log, offset .. '-0', 'v', '1', 'k', 'x', 'ids', named, 'a', '', 'w', reason, 't', time)
redis.call('ZADD', rooms, time, room)
redis.call('SPUBLISH', channel, head[1] .. ' ' .. offset .. ' -\n{"type":"message.removed","room":"' .. room
  .. '","offset":' .. offset .. ',"ids":[' .. named .. '],"reason":"' .. reason .. '"}')
return { 'ok', offset, text(#ids) }
