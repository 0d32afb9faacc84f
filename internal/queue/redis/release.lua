-- KEYS[1]: the Redis key of a view. ARGV: TTL in ms, ticket, IDs. Puts the messages with these IDs
-- back in their places if they carry the ticket; returns how many.
--include ticket.lua
local back, old, gone = 0, {}, {} -- the TTL of old has ended; its IDs need not be remembered
for _, entry in ipairs(entries) do
  local added, ends, id = parse(entry)
  if added and named[id] then
    if ends > 0 and (ends <= now or 2 * added - ends > now) then -- see member.lua
      old[#old + 1] = entry
    else
      redis.call('ZADD', view, string.sub(entry, 1, 16), entry)
      back = back + 1
    end
  end
end
if #old > 0 then
  --include remember.lua
end
return back
