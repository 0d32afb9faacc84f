-- KEYS: addresses of one session. ARGV: version, lease in µs. Returns, of each address that holds something: its number in KEYS, the ticket, the number of unreadable entries, or -1 where the key is not a sorted set, the messages and, if there are any, how many of them an earlier claim has let go by its lease.
local pcall = redis.pcall
local reply, now, sound, written = {}, nil, nil, false
for i = 1, #KEYS do
  local address = KEYS[i]
  local size = pcall('ZCARD', address)
  local entries = size ~= 0 and pcall('ZRANGEBYSCORE', address, '(-4e15', '+inf', 'WITHSCORES')
  if entries and entries.err then
    if not string.find(entries.err, 'WRONGTYPE', 1, true) then
      return entries
    end
    reply[#reply + 1] = {i, '', -1, {}}
  else
    sound = sound or address
  end

  if entries and entries[1] then
    if not now then
      local time = redis.call('TIME')
      now = time[1] * 1000000 + time[2]
    end
    -- The end of the lease is the mark of the claim, so no two claims of an address may have the same. By their scores, the claimed
    -- messages come first.
    local marks, waiting = {}, 1
    while waiting < #entries and tonumber(entries[waiting + 1]) < -now do
      marks[-entries[waiting + 1]] = true
      waiting = waiting + 2
    end
    local mark = now + ARGV[2]
    while marks[mark] do
      mark = mark + 1
    end

    local score = string.format('%.0f', -mark)
    local taken, arguments, old, unreadable, again = {}, {}, {}, 0, nil
    local usual = ' ' .. ARGV[1] .. ' 0 ' -- version, and no TTL of its own
    for j = waiting, #entries, 2 do
      local entry = entries[j]
      local takes = string.sub(entry, 26, 25 + #usual) == usual
      if not takes then
        local version, ttl = string.match(entry, '^ (%d+) (%d+) ', 26)
        local added = tonumber(string.sub(entry, 1, 16))
        if version ~= ARGV[1] or not added then
          unreadable = unreadable + 1
        elseif added + ttl <= now then
          old[#old + 1] = entry
        else
          takes = true
        end
      end
      if takes then
        if string.byte(entries[j + 1]) == 45 then -- a minus: an earlier claim's
          again = (again or 0) + 1
        end
        taken[#taken + 1] = entry
        arguments[#arguments + 1] = score
        arguments[#arguments + 1] = entry
      end
    end

    for j = 1, #arguments, 1000 do
      local last = math.min(j + 999, #arguments)
      if type(pcall('ZADD', address, 'XX', unpack(arguments, j, last))) == 'table' then
        -- Memory is full. After a write that needs none, here one that changes nothing, a script may go on.
        redis.call('ZREM', address, '')
        redis.call('ZADD', address, 'XX', unpack(arguments, j, last))
      end
      written = true
    end
    if #old > 0 then
      local gone = {} -- the TTL has ended; such IDs need not be remembered
      --include remember.lua
      written = true
    end
    reply[#reply + 1] = {i, string.sub(score, 2), unreadable, taken, again}
  end
end
if sound and not written then
  redis.call('ZREM', sound, '') -- changes nothing, but fails on a replica, which may not have heard of the messages
end
return reply
