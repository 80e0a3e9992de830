-- Trims a room in which nothing happens any more, by age. KEYS: log, state, open, rooms, meta
-- ARGV: room, retentionEntries, retentionMs. Answers how many entries remain.
local limits = { most = 500, entries = tonumber(ARGV[2]), before = now() - tonumber(ARGV[3]) }
local left = trim({ log = KEYS[1], state = KEYS[2], open = KEYS[3], meta = KEYS[5] }, limits)
if left == 0 then redis.call('ZREM', KEYS[4], ARGV[1]) end
return left
