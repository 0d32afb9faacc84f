-- entries: what carries the ticket. named: the IDs of those that are meant. Ends the script with 0 if
-- nothing carries the ticket.
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
