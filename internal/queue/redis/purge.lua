-- KEYS[1]: the Redis key of a view. ARGV: TTL in ms, age in µs. Removes the waiting messages that
-- are older than the age; returns how many. Does not remember their IDs.
local view = KEYS[1]
redis.call('ZREM', view, '') -- changes nothing, but fails on a replica
local entries = redis.call('ZRANGEBYSCORE', view, '(-4e15', '+inf', 'WITHSCORES')
if #entries == 0 then
  return 0
end
--include now.lua

local old, gone = {}, {}
for i = 1, #entries, 2 do
  local added = tonumber(entries[i + 1])
  if added < 0 and added >= -now then -- its lease has ended
    added = tonumber(string.match(entries[i], '^(%d+)%.')) or 0
  end
  if added >= 0 and added <= now - ARGV[2] then
    old[#old + 1] = entries[i]
  end
end
if #old > 0 then
  --include remember.lua
end
return #old
