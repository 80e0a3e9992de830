-- Takes tokens of a bucket that all gateways share; the bucket is the time at which it will be full (GCRA).
-- KEYS: bucket
-- ARGV: milliseconds a token, tokens held at most, tokens needed (0 or 1), tokens wanted beside
-- Answers the milliseconds until there is the needed one, 0 where it was taken, and how many of the others were:
-- those alone that leave the bucket half full.
local interval, burst, need = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local at = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), at)
local wait = full - (burst - 1) * interval - at
-- A clock that was set back must not lock anyone out: no honest bucket is emptier than empty.
if wait > interval then full, wait = at, 0 end
if need > 0 and wait > 0 then return { math.ceil(wait), 0 } end
full = full + need * interval
local held = math.floor(burst - (full - at) / interval)
local spare = math.max(0, math.min(tonumber(ARGV[4]), held - math.ceil(burst / 2)))
full = full + spare * interval
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', text(math.ceil(full - at) + 1))
return { 0, spare }
