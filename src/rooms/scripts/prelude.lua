-- Shared by the scripts of the room log; put in front of each by scripts.ts.

-- Offsets go up to 2^53: tostring would print them in scientific notation.
local function text(number)
  return string.format('%.0f', number)
end

local function now()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- The fields of a stream entry as a table.
local function fields(flat)
  local named = {}
  for i = 1, #flat, 2 do named[flat[i]] = flat[i + 1] end
  return named
end

local function offset_of(entry)
  return tonumber(entry[1]:match('^(%d+)'))
end

-- A state value is `revision;decided;last;json`.
local function parse_state(value)
  local revision, decided, last, json = value:match('^(%d+);(%d+);(%d+);(.*)$')
  return { revision = revision, decided = decided, last = last, json = json }
end

-- A message that its room waits with until the pipeline, or a deadline, decides: one member of the partition's `gates`.
local function gate_of(room, id, revision, choice)
  return room .. ' ' .. id .. ' ' .. revision .. ' ' .. choice
end

-- True for a message that its author alone may see. Inside of a string the quotes would be escaped.
local function is_hidden(json)
  return json:find(',"audience":"author"', 1, true) ~= nil
end

-- Drops at most `most` of the oldest entries that are over the count or the age, never one at or past the
-- oldest that the store does not reflect, together with the states that no later entry names. Counts the creations
-- among them, where the room's epoch has counted them from its beginning. Answers how many entries remain.
local function trim(keys, limits)
  local length = redis.call('XLEN', keys.log)
  local oldest = redis.call('XRANGE', keys.log, '-', '+', 'COUNT', limits.most)
  local open = redis.call('ZRANGE', keys.open, 0, 0)[1]
  local floor = open and tonumber(open) or math.huge
  local cut, created = nil, 0
  for _, entry in ipairs(oldest) do
    local offset = offset_of(entry)
    local entry_fields = fields(entry[2])
    local due = length > limits.entries or tonumber(entry_fields.t) < limits.before
    if offset >= floor or not due then break end
    for id in entry_fields.ids:gmatch('%d+') do
      local value = redis.call('HGET', keys.state, id)
      if value and tonumber(parse_state(value).last) <= offset then redis.call('HDEL', keys.state, id) end
    end
    if entry_fields.k == 'c' then created = created + 1 end
    cut = offset
    length = length - 1
  end
  if cut then redis.call('XTRIM', keys.log, 'MINID', text(cut + 1)) end
  if created > 0 and redis.call('HEXISTS', keys.meta, 'trimmed') == 1 then
    redis.call('HINCRBY', keys.meta, 'trimmed', created)
  end
  return length
end
