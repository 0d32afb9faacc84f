-- KEYS[1]: the address. ARGV: ticket, ID. Removes the message with the ticket; returns 1, or 0 if
-- there is none. For a claim of one message with a generated ID, before its lease ends. Nearly all
-- pages have such a claim. confirm.lua does the same with more commands.
local address, score, id = KEYS[1], '-' .. ARGV[1], '~' .. ARGV[2]
-- See remember.lua. The time when the message goes would cost a command. The end of the lease,
-- which comes later, serves instead.
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
