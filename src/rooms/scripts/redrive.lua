-- Puts an entry that was set aside into the intake again. What is announced of it will be announced whole.
-- KEYS: partition, meta, state, intake, owed
-- ARGV: room, id, revision, epoch, offset, redrive, body, 1 for a deletion, maxUnstored, how long the debt stands (ms)
-- Answers no_epoch | new_room | overloaded | superseded: the message has changed since | trimmed: a deletion whose
-- message the log no longer knows | ok
local partition, meta, state, intake, owed = unpack(KEYS)
local room, id, revision, epoch, offset, redrive, body, deletion = unpack(ARGV)
local shared = redis.call('HMGET', partition, 'epoch', 'unstored')
if not shared[1] then return { 'no_epoch' } end
if redis.call('EXISTS', meta) == 0 then return { 'new_room' } end
local value = redis.call('HGET', state, id)
if value and tonumber(parse_state(value).revision) > tonumber(revision) then return { 'superseded' } end
if deletion == '1' and not value then return { 'trimmed' } end
-- What was set aside is no longer counted as unstored: what waits in the intake is.
if tonumber(shared[2] or '0') + redis.call('XLEN', intake) >= tonumber(ARGV[9]) then return { 'overloaded' } end

redis.call('XADD', intake, '*', 'v', '1', 'room', room, 'epoch', epoch, 'offset', offset, 'message', body, 'redrive', redrive)
redis.call('SADD', owed, id .. ';' .. revision)
redis.call('PEXPIRE', owed, ARGV[10])
return { 'ok' }
