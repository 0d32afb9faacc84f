-- KEYS[1]: the address. ARGV: TTL in ms, ticket, IDs. Puts the messages with these IDs back in
-- their places if they carry the ticket; returns how many.
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
local back, old, gone = 0, {}, {} -- its TTL has ended; such IDs need not be remembered
for _, entry in ipairs(entries) do
  local added, ends, id = parse(entry)
  if added and named[id] then
    if ends > 0 and ends <= now then
      old[#old + 1] = entry
    else
      redis.call('ZADD', address, string.sub(entry, 1, 16), entry)
      back = back + 1
    end
  end
end
if #old > 0 then
  --include remember.lua
end
return back
