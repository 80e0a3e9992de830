-- Takes a token of a bucket that all gateways share; the bucket is the time at which it will be full (GCRA).
-- KEYS: bucket
-- ARGV: milliseconds a token, tokens held at most
-- Answers the milliseconds until there is a token, 0 where one was taken.
local interval = tonumber(ARGV[1])
local time = redis.call('TIME')
local at = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), at)
local wait = full - (tonumber(ARGV[2]) - 1) * interval - at
-- A clock that was set back must not lock anyone out: no honest bucket is emptier than empty.
if wait > interval then full, wait = at, 0 end
if wait > 0 then return math.ceil(wait) end
full = full + interval
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', text(math.ceil(full - at) + 1))
return 0
