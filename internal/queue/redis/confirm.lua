-- KEYS[1]: the address. ARGV: TTL in ms, ticket, IDs. Removes the messages with these IDs that
-- carry the ticket; returns how many.
local address, score = KEYS[1], '-' .. ARGV[2]
-- Changes nothing, but fails on a replica, and lets ZADD through when memory is full.
redis.call('ZREM', address, '')
local entries = redis.call('ZRANGEBYSCORE', address, score, score)
if #entries == 0 then
  return 0
end
--include now.lua
--include member.lua

local named = {}
for i = 3, #ARGV do
  named[ARGV[i]] = true
end
local old, gone = {}, {}
for _, entry in ipairs(entries) do
  local added, ends, id = parse(entry)
  if added and named[id] then
    old[#old + 1] = entry
    gone[#gone + 1] = {id, added, ends}
  end
end
if #old > 0 then
  --include remember.lua
end
return #old
