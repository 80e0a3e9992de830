-- A room's log was rolled back: its end lies below an offset that was given. Begins a new epoch above it.
-- What the intake and the engines still hold of the old epoch is announced later under its old ids.
-- KEYS: partition, meta, log, state, open, page
-- ARGV: channel, the epoch that was rolled back, offset seen of it, new epoch, base. Answers epoch and end that stand.
local partition, meta, log, state, open, page = unpack(KEYS)
local head = redis.call('HMGET', meta, 'epoch', 'end')
if head[1] == ARGV[2] and tonumber(head[2]) < tonumber(ARGV[3]) then
  redis.call('HINCRBY', partition, 'unstored', -redis.call('ZCARD', open))
  redis.call('DEL', log, state, open, page)
  redis.call('HSET', meta, 'epoch', ARGV[4], 'end', ARGV[5], 'base', ARGV[5], 'trimmed', '0')
  redis.call('HINCRBY', meta, 'stored', 1)
  redis.call('SPUBLISH', ARGV[1], ARGV[4] .. ' - -')
end
return redis.call('HMGET', meta, 'epoch', 'end')
