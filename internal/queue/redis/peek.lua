-- KEYS: Redis keys of views of one session. Returns what claim.lua does, with empty tickets and
-- without "again".
--include now.lua
--include member.lua

local reply = {}
for i = 1, #KEYS do
  local view = KEYS[i]
  --include waiting.lua
  for _, entry in ipairs(entries) do
    local added, ends = parse(entry)
    if not added then
      unreadable = unreadable + 1
    elseif ends == 0 or ends > now and 2 * added - ends <= now then -- see member.lua
      -- %s would end at a zero byte.
      reply[#reply + 1] = string.format('%d  %d ', i, #entry) .. entry
    end
  end
  if unreadable ~= 0 then
    reply[#reply + 1] = string.format('%d unreadable %d ', i, unreadable)
  end
end
return table.concat(reply)
