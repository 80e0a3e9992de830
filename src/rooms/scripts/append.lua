-- Appends a new message: dedup, bounds, next offset, log, state, intake and publish in one step.
-- KEYS: partition, meta, log, state, open, intake, rooms, dedup, gates
-- ARGV: room, channel, fingerprint, dedupMs, timestamp, body after the id, replyTo or '', maxUnstored,
--       retentionEntries, retentionMs, epoch seen or '', offset seen,
--       who sees it at first (all, author, nobody), body after the id as it is shown or '' for the same, author,
--       ms until its gate opens or closes or '', what the gate does then (open, closed)
-- Answers one of: ok id epoch | duplicate id offset revision timestamp | id_conflict | no_epoch | new_room |
--       rolled_back epoch | overloaded | no_reply_target | blocked: nobody may see it
local partition, meta, log, state, open, intake, rooms, dedup, gates = unpack(KEYS)
local room, channel, fingerprint, dedup_ms, timestamp, body_rest = unpack(ARGV)

local known = redis.call('GET', dedup)
if known then
  local id, offset, revision, print, at = known:match('^(%d+);(%d+);(%d+);([^;]*);(.*)$')
  if print == fingerprint then return { 'duplicate', id, offset, revision, at } end
  return { 'id_conflict' }
end
local sight, shown_rest, author = ARGV[13], ARGV[14], ARGV[15]
if sight == 'nobody' then return { 'blocked' } end

local shared = redis.call('HMGET', partition, 'epoch', 'unstored')
if not shared[1] then return { 'no_epoch' } end
local head = redis.call('HMGET', meta, 'epoch', 'end')
if not head[1] then return { 'new_room' } end
local epoch, last = head[1], tonumber(head[2])
if ARGV[11] == epoch and last < tonumber(ARGV[12]) then return { 'rolled_back', epoch } end
if tonumber(shared[2] or '0') >= tonumber(ARGV[8]) then return { 'overloaded' } end
if ARGV[7] ~= '' and tonumber(ARGV[7]) > last then return { 'no_reply_target' } end

local time = now()
local entries = tonumber(ARGV[9])
-- Age alone is looked at now and then; a full log each time.
if redis.call('XLEN', log) >= entries or last % 16 == 0 then
  local limits = { most = 8, entries = entries - 1, before = time - tonumber(ARGV[10]) }
  if trim({ meta = meta, log = log, open = open, state = state }, limits) >= entries then return { 'overloaded' } end
end

local offset = text(last + 1)
local body = '{"id":' .. offset .. body_rest
local shown = shown_rest == '' and body or '{"id":' .. offset .. shown_rest
local alone = sight == 'author'
local stands = alone and shown:sub(1, -2) .. ',"audience":"author"}' or shown
redis.call('HSET', meta, 'end', offset)
redis.call('XADD', log, offset .. '-0', 'v', '1', 'k', 'c', 'ids', offset, 't', text(time))
redis.call('HSET', state, offset, '1;0;' .. offset .. ';' .. stands)
redis.call('ZADD', open, offset, offset)
redis.call('HINCRBY', partition, 'unstored', 1)
redis.call('XADD', intake, '*', 'v', '1', 'room', room, 'epoch', epoch, 'offset', offset, 'message', body)
redis.call('SET', dedup, offset .. ';' .. offset .. ';1;' .. fingerprint .. ';' .. timestamp, 'PX', dedup_ms)
redis.call('ZADD', rooms, text(time), room)
if ARGV[16] ~= '' then
  redis.call('ZADD', gates, text(time + tonumber(ARGV[16])), gate_of(room, offset, '1', ARGV[17]))
end
local payload = epoch .. ' ' .. offset .. ' ' .. (alone and author or '-') .. '\n{"type":"message.created","room":"' .. room
  .. '","offset":' .. offset .. ',"message":' .. shown .. '}'
if alone then
  payload = payload .. '\n{"type":"message.hidden","room":"' .. room .. '","offset":' .. offset .. ',"id":' .. offset .. '}'
end
redis.call('SPUBLISH', channel, payload)
return { 'ok', offset, epoch }
