-- KEYS[1]: the Redis key of a view. ARGV: ticket, ID. Removes the message with the ticket; returns
-- 1, or 0 if there is none. For a claim of one message with a generated ID, before its lease ends.
-- Nearly all pages have such a claim. confirm.lua does the same with more commands.
local view, score, id = KEYS[1], '-' .. ARGV[1], '~' .. ARGV[2]
-- See remember.lua. The time when the message goes would cost a command. The end of the lease,
-- which comes later, serves instead.
local at, life = '-5' .. string.sub(ARGV[1], 1, 15), 10000
local new = redis.pcall('ZADD', view, 'NX', at, id)
if type(new) == 'table' then
  redis.call('ZREM', view, '') -- memory is full: see claim.lua; a replica fails here
  new = redis.call('ZADD', view, 'NX', at, id)
end
if redis.call('ZREMRANGEBYSCORE', view, score, score) == 0 then
  if new == 1 then
    redis.call('ZREM', view, id)
  end
  return 0
end
if redis.call('ZCARD', view) == 1 then
  redis.call('PEXPIRE', view, '10000')
  return 1
end
--include now.lua
local old = {}
--include bounds.lua
return 1
