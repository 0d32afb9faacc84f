-- KEYS[1]: the index of a session. ARGV: TTL in ms, how many views it may hold, views. Makes these the newest. Returns all with their times, the oldest first,
-- if there are more.
--
-- The index is a sorted set of the views to which messages were added, each by the time of its last add. It knows sessions that have many.
--include now.lua
for i = 3, #ARGV do
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + i - 3), ARGV[i])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if redis.call('ZCARD', KEYS[1]) > tonumber(ARGV[2]) then
  return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '+inf', 'WITHSCORES')
end
