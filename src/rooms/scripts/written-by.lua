-- Looks through some of the states of a room for what a user wrote until a time. Changes nothing.
-- KEYS: state. ARGV: cursor, how many, user, until when (ISO 8601). Answers the next cursor, then ids
local scanned = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local found = { scanned[1] }
for i = 1, #scanned[2], 2 do
  local json = scanned[2][i + 1]
  -- Inside of a string the quotes would be escaped.
  if json:match(',"user":"([^"]*)"') == ARGV[3] and (json:match(',"timestamp":"([^"]*)"') or '') <= ARGV[4] then
    found[#found + 1] = scanned[2][i]
  end
end
return found
