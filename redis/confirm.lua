-- KEYS[1]: the address. ARGV: version, TTL in ms, ticket, IDs. Removes the messages with these IDs that carry the ticket; returns how many.
local address = KEYS[1]
local entries = redis.call('ZRANGEBYSCORE', address, '-' .. ARGV[3], '-' .. ARGV[3])
if #entries == 0 then
  redis.call('ZREM', address, '') -- changes nothing, but fails on a replica, which may not have heard of the claim
  return
end

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
if #ARGV == 4 and redis.call('ZCARD', address) == 1 and #ARGV[4] == 28 and string.find(ARGV[4], '^f%-[A-Z2-7]+$') then
  -- As most often: one message with a generated ID and nothing else, at an address with nothing else. What follows does the same, more slowly.
  local usual = ' ' .. ARGV[1] .. ' 0 28 0 ' .. ARGV[4]
  if string.sub(entries[1], 26, 25 + #usual) == usual then
    redis.call('PEXPIRE', address, 10000)
    redis.call('ZADD', address, string.format('%.0f', -5e15 + math.ceil((now + 10000000) / 10)), '~' .. ARGV[4])
    redis.call('ZREM', address, entries[1])
    return 1
  end
end
--include member.lua

local named = {}
for i = 4, #ARGV do
  named[ARGV[i]] = true
end
local old, gone = {}, {}
for _, entry in ipairs(entries) do
  local added, ends, id = parse(entry)
  if added and named[id] then
    old[#old + 1] = entry
    local n = #gone
    gone[n + 1], gone[n + 2], gone[n + 3] = id, added, ends
  end
end
if #old > 0 then
  --include remember.lua
end
return #old
