-- Who is present, by leases: takes out connections whose lease has ended, counts one in, and publishes the users
-- who came with their first connection or went with their last.
-- KEYS: leases (connection -> end), connections (user -> how many), users (by name)
-- ARGV: room, channel, most names, then `sweep`, or `enter`, user, connection, lease in ms
-- Answers members, names
local leases, connections, users = unpack(KEYS)
local room, channel = ARGV[1], ARGV[2]
local time = now()
local came, went = {}, {}

for _, member in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', text(time), 'LIMIT', 0, 500)) do
  redis.call('ZREM', leases, member)
  local user = member:match('^(%S+)')
  if redis.call('HINCRBY', connections, user, -1) <= 0 then
    redis.call('HDEL', connections, user)
    redis.call('ZREM', users, user)
    went[#went + 1] = user
  end
end
if ARGV[4] == 'enter' then
  local user = ARGV[5]
  if redis.call('ZADD', leases, text(time + tonumber(ARGV[7])), user .. ' ' .. ARGV[6]) == 1 then
    if redis.call('HINCRBY', connections, user, 1) == 1 then
      redis.call('ZADD', users, 0, user)
      came[1] = user
    end
  end
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, 86400000) end
end

local members = redis.call('ZCARD', users)
if #came + #went > 0 then
  local function list(names)
    return #names == 0 and '[]' or '["' .. table.concat(names, '","') .. '"]'
  end
  redis.call('SPUBLISH', channel, '~-\n{"type":"presence","room":"' .. room .. '","joined":' .. list(came) .. ',"left":'
    .. list(went) .. ',"members":' .. members .. '}')
end
return { members, redis.call('ZRANGE', users, 0, tonumber(ARGV[3]) - 1) }
