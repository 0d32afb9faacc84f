-- Sets entries to the entries that wait at view, or wait again. Sets unreadable to -1 if view is
-- not a sorted set, else to 0. Sets astray if the entries are of claims from the future: the clock
-- was set back after them, and nothing else would end them. Uses view, stamp and now.
local entries = redis.pcall('ZRANGEBYSCORE', view, '-' .. stamp, '+inf')
local unreadable, astray = 0, false
if entries.err then
  if not string.find(entries.err, 'WRONGTYPE', 1, true) then
    return entries
  end
  unreadable = -1
elseif not entries[1] then
  -- The last digit of a claim's end says how long the lease was at most: see leaseClass.
  local ends = string.format('(-%.0f', now + 15100000)
  local claimed = redis.call('ZRANGEBYSCORE', view, '(-4e15', ends, 'WITHSCORES')
  for i = 2, #claimed, 2 do
    local mark = -claimed[i]
    if mark - 15100000 * 6 ^ (mark % 10) > now then
      entries[#entries + 1] = claimed[i - 1]
      astray = true
    end
  end
end
