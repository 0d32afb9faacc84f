-- Included where messages go for good. Removes the entries in old, and remembers the messages in gone, a list of ID, time added and end of TTL in turn. ARGV[2]: the store's TTL in ms. Uses address and now.
--
-- The ID of a message that is gone is the entry "~<ID>". Its score is the end of its time, in units of 10 µs, above -5e15 for a
-- generated ID and above -6e15 for a given one. So the ranks from 0 on are the order in which they are forgotten when there are too many.
do
  for i = 1, #old, 1000 do -- a call from Lua takes no more than some thousand arguments
    redis.call('ZREM', address, unpack(old, i, math.min(i + 999, #old)))
  end

  local generated_for = 10000000 -- µs: longer than any retry of an add
  local life, ids, generated_score = generated_for, {}, nil
  for i = 1, #gone, 3 do
    local id, ends = gone[i], gone[i + 2]
    if #id == 28 and string.find(id, '^f%-[A-Z2-7]+$') then
      generated_score = generated_score or string.format('%.0f', -5e15 + math.ceil((now + generated_for) / 10))
      ids[#ids + 1] = generated_score
    else
      if ends == 0 then
        ends = gone[i + 1] + ARGV[2] * 1000
      end
      if ends <= now then -- it stayed longer because of later adds; a retry of its own add may still be under way
        ends = now + generated_for
      end
      life = math.max(life, ends - now)
      ids[#ids + 1] = string.format('%.0f', -6e15 + math.ceil(ends / 10))
    end
    ids[#ids + 1] = '~' .. id
  end
  local new = 0
  for i = 1, #ids, 1000 do
    new = new + redis.call('ZADD', address, unpack(ids, i, math.min(i + 999, #ids)))
  end

  -- The IDs stay within bounds, and an address at which no message is left ends with them.
  local others, messages = redis.call('ZCARD', address) - new, 0
  if others > 0 then
    messages = redis.call('ZCOUNT', address, '(-4e15', '+inf')
    local remembered = new + others - messages
    if remembered > 64 then -- fewer are not worth two more calls
      local past = math.floor(now / 10)
      remembered = remembered - redis.call('ZREMRANGEBYSCORE', address, '-6e15', string.format('%.0f', -6e15 + past))
      remembered = remembered - redis.call('ZREMRANGEBYSCORE', address, '-5e15', string.format('%.0f', -5e15 + past))
      if remembered > 1000 then
        redis.call('ZREMRANGEBYRANK', address, 0, string.format('%.0f', remembered - 1001))
      end
    end
    local last = messages == 0 and redis.call('ZREVRANGEBYSCORE', address, '(-5e15', '-6e15', 'WITHSCORES', 'LIMIT', 0, 1)[2]
    if last then
      life = math.max(life, (last + 6e15) * 10 - now)
    end
  end
  if messages == 0 then
    redis.call('PEXPIRE', address, string.format('%.0f', math.ceil(life / 1000)))
  end
end
