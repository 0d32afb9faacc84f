-- KEYS[1]: the address. ARGV[1]: the time of the last add that is known. Removes everything in it
-- and returns how many messages it had. If a message came later, it removes and returns nothing.
local address = KEYS[1]
redis.call('ZREM', address, '') -- changes nothing, but fails on a replica
if redis.call('ZCOUNT', address, '(' .. ARGV[1], '+inf') > 0 then
  return
end
local messages = redis.call('ZCOUNT', address, '(-4e15', '+inf')
redis.call('ZREMRANGEBYRANK', address, '0', '-1')
return messages
