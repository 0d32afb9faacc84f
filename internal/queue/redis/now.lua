-- Sets stamp, the microseconds of the server's clock since 1970 in 16 digits, and now, the same as
-- a number. A number loses digits when it becomes a string. string.format keeps them, but costs as
-- much as a command.
local time = redis.call('TIME')
local stamp = time[1] .. string.sub('00000' .. time[2], -6)
local now = tonumber(stamp)
