-- KEYS: addresses of one session. ARGV: version. Returns what claim.lua does, with empty tickets.
local reply, now = {}, nil
for i, address in ipairs(KEYS) do
  local entries = redis.pcall('ZRANGEBYSCORE', address, '(-4e15', '+inf', 'WITHSCORES')
  local found, unreadable = {}, 0
  if entries.err then
    if not string.find(entries.err, 'WRONGTYPE', 1, true) then
      return entries
    end
    unreadable = -1
  elseif entries[1] and not now then
    local time = redis.call('TIME')
    now = time[1] * 1000000 + time[2]
  end
  for j = 1, #entries, 2 do
    local entry = entries[j]
    if tonumber(entries[j + 1]) >= -now then
      local version, ttl = string.match(entry, '^ (%d+) (%d+) ', 26)
      local added = tonumber(string.sub(entry, 1, 16))
      if version ~= ARGV[1] or not added then
        unreadable = unreadable + 1
      elseif ttl == '0' or added + ttl > now then
        found[#found + 1] = entry
      end
    end
  end
  if found[1] or unreadable ~= 0 then
    reply[#reply + 1] = {i, '', unreadable, found}
  end
end
return reply
