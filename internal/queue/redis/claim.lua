-- KEYS: Redis keys of views of one session. ARGV: lease in µs, its class. Claims the messages that wait.
-- Returns text, because a table costs the server as much as several commands. For each message the
-- text has
--   <number of the view in KEYS> <ticket> <length of the entry> <entry>
-- and for each message whose TTL has ended, which it removes,
--   <number of the view> expired <length of the entry> <entry>
-- and then for the view, if any message was in a claim whose lease has ended,
--   <number of the view> again <how many messages>
-- and if any entry cannot be read, or with -1 if the Redis key is not a sorted set,
--   <number of the view> unreadable <how many entries>
-- Without any message, not even a claimed one, it returns nothing.
local exist = redis.call('EXISTS', unpack(KEYS))
if exist == 0 then -- on most pages
  -- Changes nothing, but fails on a replica, which may not have heard of the messages.
  redis.call('ZREM', KEYS[1], '')
  return
end
--include now.lua

local reply, sound, written = {}, nil, false
for i = 1, #KEYS do
  if exist == 0 then
    break
  end
  local view = KEYS[i]
  --include waiting.lua
  if unreadable == 0 then
    sound = view
  else
    exist = exist - 1
  end

  local old
  if entries[1] then
    exist = exist - 1
    -- The end of the lease is the mark of the claim. No other claim of the view may have it.
    -- By their scores, the entries of claims whose lease has ended come first.
    local earlier, let_go, again = redis.call('ZCOUNT', view, '(-4e15', '(0') > 0, 0, 0
    if astray then
      let_go = #entries
    elseif earlier then
      let_go = redis.call('ZCOUNT', view, '-' .. stamp, '(0')
    end
    local mark, ticket, score = now + ARGV[1] + 9, nil, nil
    mark = mark - mark % 10 + ARGV[2]
    repeat
      ticket = string.format('%d%06d', math.floor(mark / 1000000), mark % 1000000)
      score = '-' .. ticket
      mark = mark + 10
    until not earlier or redis.call('ZCOUNT', view, score, score) == 0

    for j = 1, #entries do
      local entry = entries[j]
      local takes = string.sub(entry, 26, 30) == ' $VERSION 0 ' -- no TTL of its own
      if not takes then
        local version, ttl = string.match(entry, '^ (%d+) (%d+) ', 26)
        local added = tonumber(string.sub(entry, 1, 16))
        if version ~= '$VERSION' or not added then
          unreadable = unreadable + 1
        elseif added + ttl <= now or added - ttl > now then -- or the clock was set back
          old = old or {}
          old[#old + 1] = entry
          reply[#reply + 1] = string.format('%d expired %d ', i, #entry) .. entry
        else
          takes = true
        end
      end
      if takes then
        if type(redis.pcall('ZADD', view, 'XX', score, entry)) == 'table' then
          -- Memory is full. A script may go on after a write that needs no memory. This one
          -- changes nothing.
          redis.call('ZREM', view, '')
          redis.call('ZADD', view, 'XX', score, entry)
        end
        written = true
        if j <= let_go then
          again = again + 1
        end
        -- %s would end at a zero byte.
        reply[#reply + 1] = string.format('%d %s %d ', i, ticket, #entry) .. entry
      end
    end
    if again > 0 then
      reply[#reply + 1] = string.format('%d again %d ', i, again)
    end
    if old then
      local gone = {} -- the TTL has ended; such IDs need not be remembered
      --include remember.lua
      written = true
    end
  end
  if unreadable ~= 0 then
    reply[#reply + 1] = string.format('%d unreadable %d ', i, unreadable)
  end
end
if sound and not written then
  redis.call('ZREM', sound, '') -- for a replica, as above
end
if not reply[1] and not written then
  local claimed = false
  for i = 1, #KEYS do
    claimed = claimed or redis.call('ZCOUNT', KEYS[i], '(-4e15', '+inf') > 0
  end
  if not claimed then
    return -- the views remember IDs, and have no message
  end
end
return table.concat(reply)
