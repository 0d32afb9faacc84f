-- Included where an address is read. Sets entries, what waits there or waits again, and unreadable: -1 where the key is not a sorted set, else 0. Uses address
-- and stamp.
local entries = redis.pcall('ZRANGEBYSCORE', address, '-' .. stamp, '+inf')
local unreadable = 0
if entries.err then
  if not string.find(entries.err, 'WRONGTYPE', 1, true) then
    return entries
  end
  unreadable = -1
end
