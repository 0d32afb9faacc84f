-- Included after IDs were remembered: new is how many, and the Redis key has to live for life ms.
-- Bounds the number of remembered IDs, of each kind. If no message is left when the entries in old
-- have gone, the Redis key ends with its IDs. Uses view and now.
local others, messages = redis.call('ZCARD', view) - new - #old, 0
if others > 0 then
  messages = redis.call('ZCOUNT', view, '(-4e15', '+inf') - #old
  local remembered = new + others - messages
  if remembered > 64 then -- fewer are not worth two more calls
    local past = math.floor(now / 10)
    local given = string.format('%.0f', -6e15 - past)
    local generated = string.format('%.0f', -5e15 - past + 1000000)
    remembered = remembered - redis.call('ZREMRANGEBYSCORE', view, given, '-6e15')
    remembered = remembered - redis.call('ZREMRANGEBYSCORE', view, generated, '-5e15')
    if remembered > 1000 then
      -- By their scores, given ones come first. Neither kind may push out the other.
      local first = redis.call('ZCOUNT', view, '-inf', '-6e15')
      if remembered - first > 1000 then
        redis.call('ZREMRANGEBYRANK', view, first + 1000, string.format('%.0f', remembered - 1))
      end
      if first > 1000 then
        redis.call('ZREMRANGEBYRANK', view, '1000', string.format('%.0f', first - 1))
      end
    end
  end
  local last
  if messages == 0 and remembered > 0 then
    last = redis.call('ZRANGEBYSCORE', view, '-inf', '-6e15', 'WITHSCORES', 'LIMIT', '0', '1')[2]
  end
  if last then
    life = math.max(life, math.ceil(((-6e15 - last) * 10 - now) / 1000))
  end
end
if messages == 0 then
  redis.call('PEXPIRE', view, string.format('%.0f', life))
end
