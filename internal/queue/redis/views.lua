-- KEYS[1]: the index of a session. ARGV: TTL in ms, how many views the index may have, views. Makes
-- these views the newest. If the index has more than it may, returns all views with their times,
-- the oldest first.
--
-- The index is a sorted set of views, by the time of the last add. Only a session with many views
-- has one.
--include now.lua
for i = 3, #ARGV do
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + i - 3), ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[2]) then
  return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '+inf', 'WITHSCORES')
end
