-- Sets entries to the entries that wait at view, or wait again. Sets unreadable to -1 if view is
-- not a sorted set, else to 0. Uses view and stamp.
local entries = redis.pcall('ZRANGEBYSCORE', view, '-' .. stamp, '+inf')
local unreadable = 0
if entries.err then
  if not string.find(entries.err, 'WRONGTYPE', 1, true) then
    return entries
  end
  unreadable = -1
end
