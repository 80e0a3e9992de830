-- Notes something in a sliding window and counts what is in it. A repeat under the same name is noted once.
-- KEYS: window
-- ARGV: name, time in milliseconds, length in milliseconds, entries kept at most, 1 where the newest time counts
local at, length, most = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if ARGV[5] == '1' then
  redis.call('ZADD', KEYS[1], 'GT', text(at), ARGV[1])
else
  redis.call('ZADD', KEYS[1], 'NX', text(at), ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(at - length))
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -(most + 1))
redis.call('PEXPIRE', KEYS[1], text(length))
return redis.call('ZCOUNT', KEYS[1], '(' .. text(at - length), text(at))
