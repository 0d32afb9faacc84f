-- Sets entries to the entries that wait at address, or wait again. Sets unreadable to -1 if the key
-- is not a sorted set, else to 0. Uses address and stamp.
local entries = redis.pcall('ZRANGEBYSCORE', address, '-' .. stamp, '+inf')
local unreadable = 0
if entries.err then
  if not string.find(entries.err, 'WRONGTYPE', 1, true) then
    return entries
  end
  unreadable = -1
end
