-- Counts a connection in and answers who is present. KEYS: here
-- ARGV: user, connection, lease in ms, most names. Answers members, names
local time = now()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(time))
redis.call('ZADD', KEYS[1], text(time + tonumber(ARGV[3])), ARGV[1] .. ' ' .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[3]) * 2)
local users, seen = {}, {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local user = member:match('^(%S+)')
  if not seen[user] then
    seen[user] = true
    users[#users + 1] = user
  end
end
local members = #users
table.sort(users)
while #users > tonumber(ARGV[4]) do table.remove(users) end
return { members, users }
