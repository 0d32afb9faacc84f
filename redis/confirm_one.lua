-- KEYS[1]: the address. ARGV: ticket, ID. Removes the message that carries the ticket; returns how many there were. The ticket is that of a claim of this message alone, the ID is a generated
-- one, and the lease lasts: so nearly all pages confirm. confirm.lua would do the same with more commands.
local address, score = KEYS[1], '-' .. ARGV[1]
if redis.call('ZREMRANGEBYSCORE', address, score, score) == 0 then
  return 0
end
-- See remember.lua. The end of the lease stands in for the time when the message went, which comes before it and would cost a command.
local new, life = redis.call('ZADD', address, '-5' .. string.sub(ARGV[1], 1, 15), '~' .. ARGV[2]), 10000
if redis.call('ZCARD', address) == 1 then
  redis.call('PEXPIRE', address, '10000')
  return 1
end
--include now.lua
--include bounds.lua
return 1
