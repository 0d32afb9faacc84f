-- Included where the time is needed. Sets stamp, the microseconds of the server's clock since 1970 in 16 digits, and now, the same as a number. Numbers lose
-- digits on their way into a string, unless it is string.format that takes them there, which costs as much as a command.
local time = redis.call('TIME')
local stamp = time[1] .. string.sub('00000' .. time[2], -6)
local now = tonumber(stamp)
