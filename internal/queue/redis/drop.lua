-- KEYS[1]: the Redis key of a view. ARGV[1]: the time of the last add that is known. Removes
-- everything at the view and returns the entries of its messages. If a message came later, it removes
-- and returns nothing.
local view = KEYS[1]
redis.call('ZREM', view, '') -- changes nothing, but fails on a replica
if redis.call('ZCOUNT', view, '(' .. ARGV[1], '+inf') > 0 then
  return
end
local messages = redis.call('ZRANGEBYSCORE', view, '(-4e15', '+inf')
redis.call('ZREMRANGEBYRANK', view, '0', '-1')
return messages
