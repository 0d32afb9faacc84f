-- KEYS[1]: the Redis key of a view. Returns the first part of the entry that was added last, which
-- is a time, or nothing if the view has no message. Of claimed messages alone it is one of the
-- latest. A client that reads from replicas would send a command to a replica, which may not have
-- heard of them.
local messages = redis.call('ZCOUNT', KEYS[1], '(-4e15', '+inf')
if messages == 0 then
  return
end
local last = string.format('%d', messages - 1)
return string.sub(redis.call('ZRANGEBYSCORE', KEYS[1], '(-4e15', '+inf', 'LIMIT', last, '1')[1], 1, 16)
