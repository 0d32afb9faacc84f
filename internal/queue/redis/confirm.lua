-- KEYS[1]: the Redis key of a view. ARGV: TTL in ms, ticket, IDs. Removes the messages with these
-- IDs that carry the ticket; returns how many.
--include ticket.lua
local old, gone = {}, {}
for _, entry in ipairs(entries) do
  local added, ends, id = parse(entry)
  if added and named[id] then
    old[#old + 1] = entry
    gone[#gone + 1] = {id, added, ends}
  end
end
if #old > 0 then
  --include remember.lua
end
return #old
