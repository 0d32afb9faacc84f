-- KEYS: addresses of one session. ARGV[1]: lease in µs. Returns text, for a table costs the server as much as several commands: of each message the number of
-- its address in KEYS, the ticket, the length of its entry and the entry; then of the address, where there are any, its number, "again" and how many of the
-- messages an earlier claim has let go by its lease, and its number, "unreadable" and how many entries are, or -1 where the key is not a sorted set.
local exist = redis.call('EXISTS', unpack(KEYS))
if exist == 0 then -- as for most pages
  redis.call('ZREM', KEYS[1], '') -- changes nothing, but fails on a replica, which may not have heard of the messages
  return
end
--include now.lua

local reply, sound, written = {}, nil, false
for i = 1, #KEYS do
  if exist == 0 then
    break
  end
  local address = KEYS[i]
  --include waiting.lua
  if unreadable == 0 then
    sound = address
  else
    exist = exist - 1
  end

  local old
  if entries[1] then
    exist = exist - 1
    -- The end of the lease is the mark of the claim, which no other claim of the address may have. Entries that an earlier claim let go come first, by their
    -- scores.
    local earlier, let_go, again = redis.call('ZCOUNT', address, '(-4e15', '(0') > 0, 0, 0
    if earlier then
      let_go = redis.call('ZCOUNT', address, '-' .. stamp, '(0')
    end
    local mark, ticket, score = now + ARGV[1], nil, nil
    repeat
      ticket = string.format('%d%06d', math.floor(mark / 1000000), mark % 1000000)
      score = '-' .. ticket
      mark = mark + 1
    until not earlier or redis.call('ZCOUNT', address, score, score) == 0

    for j = 1, #entries do
      local entry = entries[j]
      local takes = string.sub(entry, 26, 30) == ' $VERSION 0 ' -- no TTL of its own
      if not takes then
        local version, ttl = string.match(entry, '^ (%d+) (%d+) ', 26)
        local added = tonumber(string.sub(entry, 1, 16))
        if version ~= '$VERSION' or not added then
          unreadable = unreadable + 1
        elseif added + ttl <= now then
          old = old or {}
          old[#old + 1] = entry
        else
          takes = true
        end
      end
      if takes then
        if type(redis.pcall('ZADD', address, 'XX', score, entry)) == 'table' then
          -- Memory is full. After a write that needs none, here one that changes nothing, a script may go on.
          redis.call('ZREM', address, '')
          redis.call('ZADD', address, 'XX', score, entry)
        end
        written = true
        if j <= let_go then
          again = again + 1
        end
        reply[#reply + 1] = string.format('%d %s %d ', i, ticket, #entry) .. entry -- %s would end at a zero byte
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
return table.concat(reply)
