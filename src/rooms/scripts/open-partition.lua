-- Gives a partition its epoch, once. KEYS: partition. ARGV: epoch, base. Answers the epoch and base that stand.
if redis.call('HEXISTS', KEYS[1], 'epoch') == 0 then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'base', ARGV[2], 'unstored', '0')
end
return redis.call('HMGET', KEYS[1], 'epoch', 'base')
