-- The store reflects these offsets now: they leave `open`, and the cached page goes.
-- KEYS: partition, meta, open, page
-- ARGV: epoch and highest offset stored of it, then the offsets
-- Answers ok | other_epoch: the log is gone, or began anew since | rolled_back: its end lies below an offset of the same epoch
-- that is stored.
local partition, meta, open, page = unpack(KEYS)
local offsets = {}
for i = 3, #ARGV do offsets[#offsets + 1] = ARGV[i] end
local settled = redis.call('ZREM', open, unpack(offsets))
if settled > 0 then redis.call('HINCRBY', partition, 'unstored', -settled) end
redis.call('DEL', page)
local head = redis.call('HMGET', meta, 'epoch', 'end')
if not head[1] then return 'other_epoch' end
redis.call('HINCRBY', meta, 'stored', 1)
if head[1] ~= ARGV[1] then return 'other_epoch' end
if tonumber(head[2]) < tonumber(ARGV[2]) then return 'rolled_back' end
return 'ok'
