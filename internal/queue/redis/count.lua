-- KEYS[1]: the Redis key of a view. Returns how many messages it has. A client that reads from
-- replicas would send ZCOUNT to a replica, which may not have heard of them.
return redis.call('ZCOUNT', KEYS[1], '(-4e15', '+inf')
