-- Sets entries to the entries that carry the ticket, and named to the IDs in ARGV. Ends the script
-- with 0 if no entry carries the ticket.
local view, score = KEYS[1], '-' .. ARGV[2]
-- Changes nothing, but fails on a replica, and lets ZADD through when memory is full.
redis.call('ZREM', view, '')
local entries = redis.call('ZRANGEBYSCORE', view, score, score)
if #entries == 0 then
  return 0
end
--include now.lua
--include member.lua

local named = {}
for i = 3, #ARGV do
  named[ARGV[i]] = true
end
