-- Announces the outcomes of one room and batch. For each (id, revision) the first outcome stands.
-- What others were shown otherwise until now (nothing, or stars) is announced whole to all; what they never were shown
-- stays unsaid.
-- One that was redriven (`owed`) is announced whole, once: nobody need have heard of it.
-- KEYS: partition, meta, log, state, open, rooms, here, owed, gates
-- ARGV: room, channel, number of groups, then for each group kind, author or '', reason or ''; then for each message
--       id, epoch, offset, revision, group, body, fragment, what moderators are told or ''
-- Answers no_epoch | new_room | rolled_back epoch (its end lies below one of the offsets) | ok present, then for each message one of
--       {announced, offset} | {outcome, json, last} | {stale}
local partition, meta, log, state, open, rooms, here, owed, gates = unpack(KEYS)
local room, channel = ARGV[1], ARGV[2]
local group_count = tonumber(ARGV[3])

if redis.call('HEXISTS', partition, 'epoch') == 0 then return { 'no_epoch' } end
local head = redis.call('HMGET', meta, 'epoch', 'end')
if not head[1] then return { 'new_room' } end
local epoch, last = head[1], tonumber(head[2])

local first = 4 + 3 * group_count
for i = first, #ARGV, 8 do
  if ARGV[i + 1] == epoch and tonumber(ARGV[i + 2]) > last then return { 'rolled_back', epoch } end
end

local groups = {}
local at = 4
for i = 1, group_count do
  groups[i] = { kind = ARGV[at], author = ARGV[at + 1], reason = ARGV[at + 2], members = {} }
  at = at + 3
end

-- What everyone may know of a message: its private fields come last (outcomes.ts).
local function public(body)
  local cut = #body
  for _, name in ipairs({ 'reason', 'audience', 'verdict', 'original', 'decision' }) do
    -- Inside of a string the quotes would be escaped.
    cut = math.min(cut, body:find(',"' .. name .. '":', 1, true) or cut)
  end
  return body:sub(1, cut - 1) .. '}'
end

local function may_be_shown(body)
  return not body:find(',"audience":"author"', 1, true) and not body:find(',"status":"removed"', 1, true)
end

-- Where those of a group go that are announced whole: a group of their own each, for the whole of it fits a frame.
local wholes = {}
local function whole_of(group)
  if not wholes[group] then
    groups[#groups + 1] = { kind = 's', author = '', reason = '', members = {} }
    wholes[group] = #groups
  end
  return wholes[group]
end

-- Where those of a group go that its author alone has ever seen: the others are told nothing of them.
local quiets = {}
local function quiet_of(group)
  if not quiets[group] then
    groups[#groups + 1] = { kind = 'u', author = groups[group].author, reason = '', members = {} }
    quiets[group] = #groups
  end
  return quiets[group]
end

local function is_starred(json)
  return json:find(',"status":"masked"', 1, true) ~= nil
end

local owing = redis.call('EXISTS', owed) == 1
local results = {}
local seen = {}
for i = first, #ARGV, 8 do
  local message = { id = ARGV[i], revision = ARGV[i + 3], body = ARGV[i + 5], fragment = ARGV[i + 6] }
  message.noted = ARGV[i + 7]
  local group = tonumber(ARGV[i + 4])
  local value = redis.call('HGET', state, message.id)
  local known = value and parse_state(value)
  local whole = owing and redis.call('SREM', owed, message.id .. ';' .. message.revision) == 1
  local index = #results + 1
  if seen[message.id] or (known and known.revision ~= message.revision) then
    results[index] = { 'stale' }
  elseif known and known.decided ~= '0' then
    results[index] = { 'outcome', known.json, known.last }
    if whole and may_be_shown(known.json) then
      message.body, message.stands, group = known.json, true, whole_of(group)
    else
      message = nil
    end
  elseif not known and not whole and ARGV[i + 1] == epoch then
    -- Trimmed, and what is trimmed is stored.
    results[index] = { 'stale' }
  else
    results[index] = message
    local hidden = known and is_hidden(known.json)
    local anew = whole or not known or hidden or (is_starred(known.json) and not is_starred(message.body))
    if groups[group].kind == 'u' and groups[group].author ~= '' then
      if hidden then group = quiet_of(group) end
    elseif groups[group].kind == 'u' and anew then
      group = whole_of(group)
    end
    if hidden then
      redis.call('ZREM', gates, gate_of(room, message.id, message.revision, 'open'),
        gate_of(room, message.id, message.revision, 'closed'))
    end
  end
  if message and (message.stands or results[index] == message) then
    seen[message.id] = true
    message.index = index
    message.unknown = whole or not known
    if groups[group].kind == 's' then message.fragment = public(message.body) end
    table.insert(groups[group].members, message)
  end
end

local function joined(members, field)
  local parts = {}
  for i, member in ipairs(members) do parts[i] = member[field] end
  return table.concat(parts, ',')
end

-- What moderators are told of a group: of each member what is noted, or what everyone is told. nil where nothing is.
local function noted(group)
  local parts, any = {}, false
  for _, member in ipairs(group.members) do
    any = any or member.noted ~= ''
    if member.noted ~= '' then
      parts[#parts + 1] = member.noted
    elseif group.kind ~= 'r' then
      parts[#parts + 1] = member.fragment
    end
  end
  return any and ',"messages":[' .. table.concat(parts, ',') .. ']' or nil
end

-- The payload's lines: the frame for all (or the author), for the others or '', for moderators where they get their own.
local function publish(group, offset)
  local function frame(type, rest)
    return '{"type":"' .. type .. '","room":"' .. room .. '","offset":' .. offset .. rest .. '}'
  end
  local function removed(rest)
    return frame('message.removed',
      ',"ids":[' .. joined(group.members, 'id') .. '],"reason":"' .. group.reason .. '"' .. (rest or ''))
  end
  local told = noted(group)
  local function hidden()
    return frame('message.hidden', #group.members == 1 and ',"id":' .. group.members[1].id or '')
  end
  local payload
  if group.kind == 'r' then
    if group.author == '' then
      payload = ' -\n' .. removed()
    else
      payload = ' ' .. group.author .. '\n' .. removed(',"rephrase":true') .. '\n' .. removed()
    end
    if told then told = removed(told) end
  elseif group.kind == 's' then
    payload = ' -\n' .. frame('message.restored', ',"messages":[' .. joined(group.members, 'fragment') .. ']')
    told = nil
  else
    local updated = frame('message.updated', ',"messages":[' .. joined(group.members, 'fragment') .. ']')
    if group.author == '' then
      payload = ' -\n' .. updated
    else
      payload = ' ' .. group.author .. '\n' .. updated .. '\n' .. (group.reason == '' and hidden() or removed())
    end
    if told then told = frame('message.updated', told) end
  end
  if told then payload = payload .. (group.author == '' and '\n' or '') .. '\n' .. told end
  redis.call('SPUBLISH', channel, epoch .. ' ' .. offset .. payload)
end

local time = text(now())
for _, group in ipairs(groups) do
  if #group.members > 0 then
    last = last + 1
    local offset = text(last)
    redis.call('XADD', log, offset .. '-0', 'v', '1', 'k', group.kind, 'ids', joined(group.members, 'id'), 'a',
      group.author, 'w', group.reason, 't', time)
    for _, member in ipairs(group.members) do
      redis.call('HSET', state, member.id,
        member.revision .. ';' .. member.revision .. ';' .. offset .. ';' .. member.body)
      results[member.index] = member.stands and { 'outcome', member.body, offset } or { 'announced', offset }
      if member.unknown and redis.call('ZADD', open, offset, offset) == 1 then
        redis.call('HINCRBY', partition, 'unstored', 1)
      end
    end
    publish(group, offset)
  end
end
redis.call('HSET', meta, 'end', text(last))
redis.call('ZADD', rooms, time, room)
return { 'ok', tostring(redis.call('ZCOUNT', here, time, '+inf')), results }
