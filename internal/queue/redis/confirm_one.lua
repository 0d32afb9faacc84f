-- KEYS[1]: the address. ARGV: ticket, ID. Removes the message that carries the ticket; returns how many there were. The ticket is that of a claim of this
-- message alone, the ID is a generated one, and the lease lasts: so nearly all pages confirm. confirm.lua would do the same with more commands.
local address, score, id = KEYS[1], '-' .. ARGV[1], '~' .. ARGV[2]
-- See remember.lua. The end of the lease stands in for the time when the message went, which comes before it and would cost a command.
local at, life = '-5' .. string.sub(ARGV[1], 1, 15), 10000
local new = redis.pcall('ZADD', address, 'NX', at, id)
if type(new) == 'table' then
  redis.call('ZREM', address, '') -- memory is full: see claim.lua; a replica fails here
  new = redis.call('ZADD', address, 'NX', at, id)
end
if redis.call('ZREMRANGEBYSCORE', address, score, score) == 0 then
  if new == 1 then
    redis.call('ZREM', address, id)
  end
  return 0
end
if redis.call('ZCARD', address) == 1 then
  redis.call('PEXPIRE', address, '10000')
  return 1
end
--include now.lua
local old = {}
--include bounds.lua
return 1
