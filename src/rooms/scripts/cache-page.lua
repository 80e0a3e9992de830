-- Keeps a page of history, unless the store changed since its watermark was read. KEYS: meta, page
-- ARGV: epoch, stored, value, ttlMs. Answers 1 if it was kept.
local head = redis.call('HMGET', KEYS[1], 'epoch', 'stored')
if head[1] ~= ARGV[1] or (head[2] or '0') ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
return 1
