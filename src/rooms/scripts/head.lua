-- Where a room's log stands, and how far the store reflects it. A room that nobody has touched stands where its
-- partition begins. KEYS: partition, meta, open. Answers no_epoch | ok epoch end processedThrough stored known(0|1)
local partition, meta, open = unpack(KEYS)
local base = redis.call('HMGET', partition, 'epoch', 'base')
if not base[1] then return { 'no_epoch' } end
local head = redis.call('HMGET', meta, 'epoch', 'end', 'stored')
if not head[1] then return { 'ok', base[1], base[2], base[2], '0', '0' } end
local oldest = redis.call('ZRANGE', open, 0, 0)[1]
local through = oldest and text(tonumber(oldest) - 1) or head[2]
return { 'ok', head[1], head[2], through, head[3] or '0', '1' }
