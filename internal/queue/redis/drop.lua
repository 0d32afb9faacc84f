-- KEYS[1]: the address. ARGV[1]: the time until which messages were added to it, as far as is known. Removes all that it holds and returns how many messages that
-- were; nothing if one came later.
local address = KEYS[1]
redis.call('ZREM', address, '') -- changes nothing, but fails on a replica
if redis.call('ZCOUNT', address, '(' .. ARGV[1], '+inf') > 0 then
  return
end
local messages = redis.call('ZCOUNT', address, '(-4e15', '+inf')
redis.call('ZREMRANGEBYRANK', address, '0', '-1')
return messages
