-- Replaces outcomes that stand by others: what a run over history changed of one room and batch. All of it at once, or
-- nothing where one of the messages has changed since. Told once: a repeat finds under `told` what was told.
-- The new offsets stay open until the rows are stored.
-- KEYS: partition, meta, log, state, open, rooms, told
-- ARGV: room, channel, how long `told` is kept (ms), maxUnstored, then for each group kind, author or '', reason or '',
--       the frame before the offset, after it, the others' before it or '', after it, the moderators' before it or '',
--       after it, how many messages, and for each of them id, revision, body
-- Answers no_epoch | new_room | overloaded | superseded ids | told epoch, then id and offset of each
local partition, meta, log, state, open, rooms, told = unpack(KEYS)
local room, channel = ARGV[1], ARGV[2]
local shared = redis.call('HMGET', partition, 'epoch', 'unstored')
if not shared[1] then return { 'no_epoch' } end
local head = redis.call('HMGET', meta, 'epoch', 'end')
if not head[1] then return { 'new_room' } end

local known_before = redis.call('HGETALL', told)
if #known_before > 0 then
  local answer = { 'told' }
  for _, value in ipairs(known_before) do answer[#answer + 1] = value end
  return answer
end
if #ARGV == 4 then return { 'told' } end
if tonumber(shared[2] or '0') >= tonumber(ARGV[4]) then return { 'overloaded' } end

local function is_superseded(id, revision)
  local value = redis.call('HGET', state, id)
  -- Trimmed, and what is trimmed is stored: the caller has looked at the row.
  if not value then return false end
  local known = parse_state(value)
  if known.revision ~= revision or known.decided == '0' then return true end
  -- Inside of a string the quotes would be escaped.
  for _, sign in ipairs({ '"decision":{', '"reason":"deleted"', '"reason":"duplicate"', '"reason":"expired"',
    '"reason":"erased"' }) do
    if known.json:find(',' .. sign, 1, true) then return true end
  end
  return false
end

local groups, superseded = {}, { 'superseded' }
local at = 5
while at <= #ARGV do
  local group = { kind = ARGV[at], author = ARGV[at + 1], reason = ARGV[at + 2], ids = {}, members = {} }
  group.frames = { unpack(ARGV, at + 3, at + 8) }
  local count = tonumber(ARGV[at + 9])
  at = at + 10
  for _ = 1, count do
    local member = { id = ARGV[at], revision = ARGV[at + 1], body = ARGV[at + 2] }
    if is_superseded(member.id, member.revision) then superseded[#superseded + 1] = member.id end
    group.ids[#group.ids + 1] = member.id
    group.members[#group.members + 1] = member
    at = at + 3
  end
  groups[#groups + 1] = group
end
if #superseded > 1 then return superseded end

local epoch, last = head[1], tonumber(head[2])
local time = text(now())
local answer = { 'told', epoch, '' }
redis.call('HSET', told, epoch, '')
for _, group in ipairs(groups) do
  last = last + 1
  local offset = text(last)
  redis.call('XADD', log, offset .. '-0', 'v', '1', 'k', group.kind, 'ids', table.concat(group.ids, ','), 'a',
    group.author, 'w', group.reason, 't', time)
  redis.call('ZADD', open, offset, offset)
  for _, member in ipairs(group.members) do
    redis.call('HSET', state, member.id,
      member.revision .. ';' .. member.revision .. ';' .. offset .. ';' .. member.body)
    redis.call('HSET', told, member.id, offset)
    answer[#answer + 1] = member.id
    answer[#answer + 1] = offset
  end
  local frame = group.frames
  local payload = epoch .. ' ' .. offset .. ' ' .. (group.author == '' and '-' or group.author)
    .. '\n' .. frame[1] .. offset .. frame[2]
  if group.author ~= '' then payload = payload .. '\n' .. frame[3] .. offset .. frame[4] end
  if frame[5] ~= '' then
    payload = payload .. (group.author == '' and '\n' or '') .. '\n' .. frame[5] .. offset .. frame[6]
  end
  redis.call('SPUBLISH', channel, payload)
end
redis.call('PEXPIRE', told, ARGV[3])
redis.call('HSET', meta, 'end', text(last))
redis.call('HINCRBY', partition, 'unstored', #groups)
redis.call('ZADD', rooms, time, room)
return answer
