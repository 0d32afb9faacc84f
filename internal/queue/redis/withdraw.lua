-- KEYS[1]: the Redis key of a view. ARGV: TTL in ms, Key. Removes the messages with this Key,
-- claimed ones too.
local view = KEYS[1]
redis.call('ZREM', view, '') -- changes nothing, but fails on a replica, also where nothing waits
local entries = redis.call('ZRANGEBYSCORE', view, '(-4e15', '+inf')
if #entries == 0 then
  return
end
--include now.lua
--include member.lua

local old, gone = {}, {}
for _, entry in ipairs(entries) do
  local added, ends, id, key = parse(entry)
  if added and key == ARGV[2] then
    old[#old + 1] = entry
    gone[#gone + 1] = {id, added, ends}
  end
end
if #old > 0 then
  --include remember.lua
end
