-- A stretch of a room's log for the audit, with what stands of the messages it names; no text. Changes nothing.
-- KEYS: meta, log, state, open. ARGV: after which offset, how many entries
-- Answers nothing where the room has no log; else epoch end trimmed-or-'' first-or-'' entries states base-or-'', where
-- an entry is offset ids kind open(0|1), and a state is id revision decided last open(0|1)
local meta, log, state, open = unpack(KEYS)
local head = redis.call('HMGET', meta, 'epoch', 'end', 'trimmed', 'base')
if not head[1] then return {} end
local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
local function is_open(offset)
  return redis.call('ZSCORE', open, offset) and '1' or '0'
end
local entries, states, seen = {}, {}, {}
for _, entry in ipairs(redis.call('XRANGE', log, '(' .. ARGV[1] .. '-0', '+', 'COUNT', ARGV[2])) do
  local offset, named = text(offset_of(entry)), fields(entry[2])
  for _, value in ipairs({ offset, named.ids, named.k, is_open(offset) }) do entries[#entries + 1] = value end
  for id in named.ids:gmatch('%d+') do
    local value = not seen[id] and redis.call('HGET', state, id)
    seen[id] = true
    if value then
      local known = parse_state(value)
      local found = { id, known.revision, known.decided, known.last, is_open(known.last) }
      for _, part in ipairs(found) do states[#states + 1] = part end
    end
  end
end
return { head[1], head[2], head[3] or '', first and text(offset_of(first)) or '', entries, states, head[4] or '' }
