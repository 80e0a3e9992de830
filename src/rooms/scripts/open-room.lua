-- Gives a room its log, once: at its partition's base, or with an epoch of its own above a base that is given.
-- KEYS: partition, meta. ARGV: epoch or '', base. Answers no_epoch | ok epoch end
local base = redis.call('HMGET', KEYS[1], 'epoch', 'base')
if not base[1] then return { 'no_epoch' } end
if redis.call('EXISTS', KEYS[2]) == 0 then
  if ARGV[1] ~= '' then base = { ARGV[1], ARGV[2] } end
  redis.call('HSET', KEYS[2], 'epoch', base[1], 'end', base[2], 'base', base[2], 'stored', '0', 'trimmed', '0')
end
local head = redis.call('HMGET', KEYS[2], 'epoch', 'end')
return { 'ok', head[1], head[2] }
