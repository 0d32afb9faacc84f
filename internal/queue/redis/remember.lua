-- Included where messages go for good. Removes the entries in old, and remembers the IDs of gone, a
-- list of {ID, time added, end of TTL}. ARGV[1]: the store's TTL in ms. Uses view, stamp and
-- now.
--
-- A remembered ID is the entry "~<ID>". Its score is -5e15 less the time when the message went, if
-- the ID is a generated one. Its score is -6e15 less the time when the ID will be forgotten, if it
-- is a given one. These times are in units of 10 µs.
--
-- When memory is full, this fails unless a write that needs no memory came before. The removal
-- comes last: it may empty the view, whose Redis key then no longer exists. While its slot moves,
-- such a Redis key belongs to another server, and a script must not use it.
do
  local life, ids = 10000, {}
  for _, message in ipairs(gone) do
    local id, added, ends = unpack(message)
    if #id == 28 and string.find(id, '^f%-[A-Z2-7]+$') then
      ids[#ids + 1] = '-5' .. string.sub(stamp, 1, 15)
    else
      if ends == 0 then
        ends = added + ARGV[1] * 1000
      end
      if ends <= now then -- later adds kept it
        ends = now + 10000000 -- a retry of its own add may still come
      end
      life = math.max(life, math.ceil((ends - now) / 1000))
      ids[#ids + 1] = string.format('%.0f', -6e15 - math.ceil(ends / 10))
    end
    ids[#ids + 1] = '~' .. id
  end
  local new = 0
  for i = 1, #ids, 1000 do -- a call from Lua takes no more than some thousand arguments
    new = new + redis.call('ZADD', view, unpack(ids, i, math.min(i + 999, #ids)))
  end
  --include bounds.lua
  for i = 1, #old, 1000 do
    redis.call('ZREM', view, unpack(old, i, math.min(i + 999, #old)))
  end
end
