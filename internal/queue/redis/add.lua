-- KEYS[1]: the Redis key of a view. ARGV: TTL in ms; how many ms the messages need the Redis key;
-- cap; the channel that wakes open pages, or ''; the time when the messages were added, as stamp, or
-- '' for now; then each message's entry from the number on.
-- Returns 1 if the Redis key is new, and else 0. If messages have gone, it returns a table: that
-- number, how many messages the cap has dropped, their entries, and the entries of messages whose
-- TTL has ended.
local view = KEYS[1]
--include now.lua
local size = redis.call('ZCARD', view)
local place = ARGV[5] ~= '' and ARGV[5] or stamp
local function wake()
  if ARGV[4] ~= '' then
    redis.pcall('PUBLISH', ARGV[4], view) -- without the right to publish, pages find out later
  end
end
if size == 0 and #ARGV == 6 then -- as most adds
  redis.call('ZADD', view, place, place .. '.' .. ARGV[6])
  redis.call('PEXPIRE', view, ARGV[2])
  wake()
  return 1
end
--include member.lua

-- What the view holds: its messages, and the entries that have to go.
local queue, known, keyed, old = {}, {}, {}, {}
local last_added, last_number = 0, 0
local life = 0 -- how long the messages need the Redis key, in ms
local function push(message, id, key)
  queue[#queue + 1] = message
  known[id] = true
  if key ~= '' then
    keyed[key] = keyed[key] or {}
    table.insert(keyed[key], message)
  end
end

local entries = {}
if size > 0 then
  entries = redis.call('ZRANGEBYSCORE', view, '(-4e15', '+inf', 'WITHSCORES')
end
for i = 1, #entries, 2 do
  local entry = entries[i]
  local added, ends, id, key = parse(entry)
  local number = tonumber(string.sub(entry, 18, 25))
  if added and number then
    if added > last_added or added == last_added and number > last_number then
      last_added, last_number = added, number
    end
    if ends > 0 and (ends <= now or 2 * added - ends > now) then -- see member.lua
      old[#old + 1] = entry
    else
      local waits = tonumber(entries[i + 1]) >= -now
      push({entry = entry, added = added, number = number, waits = waits}, id, key)
      if ends == 0 then
        life = tonumber(ARGV[1])
      end
    end
  end
end
local expired = #old
local has_ids = size > #entries / 2
local function is_remembered(id)
  local score = has_ids and redis.call('ZSCORE', view, '~' .. id)
  if not score then
    return false
  end
  local at = -score
  if at < 6e15 then -- see remember.lua
    return (at - 5e15) * 10 + 10000000 > now
  end
  local forgotten = (at - 6e15) * 10
  -- No ID is remembered for longer than the TTL: if it is, the clock was set back.
  return forgotten > now and forgotten <= now + ARGV[1] * 1000 + 20000000
end

local gone = {}
local function go(message) -- replaced or dropped
  local added, ends, id = parse(message.entry)
  gone[#gone + 1] = {id, added, ends}
  message.gone = true
  if not message.new then
    old[#old + 1] = message.entry
  end
end

local added = tonumber(place)
for i = 6, #ARGV do
  local _, ends, id, key = parse(stamp .. '.' .. ARGV[i])
  if not known[id] and not is_remembered(id) then
    -- A claimed message goes at once, too. A later confirm or release finds nothing.
    for _, older in ipairs(keyed[key] or {}) do
      go(older)
    end
    keyed[key] = nil
    local number = tonumber(string.sub(ARGV[i], 1, 8))
    if added < last_added or added == last_added and number <= last_number then
      -- The clock was set back, or stands. But a TTL must not begin later than the message waits.
      if ends == 0 or last_added < ends then
        added = last_added + 1
        place = string.format('%016.0f', added)
      else
        added, place = now, stamp
      end
    end
    if added >= last_added then
      last_added, last_number = added, number
    end
    local entry = place .. '.' .. ARGV[i]
    push({entry = entry, added = added, number = number, waits = true, new = place}, id, key)
    life = math.max(life, tonumber(ARGV[2]))
  end
end

local dropped, cap, waiting = 0, tonumber(ARGV[3]), {}
if #queue > cap then
  for _, message in ipairs(queue) do
    if message.waits and not message.gone then
      waiting[#waiting + 1] = message
    end
  end
  table.sort(waiting, function(a, b)
    return a.added < b.added or a.added == b.added and a.number < b.number
  end)
  dropped = math.max(#waiting - cap, 0)
  for i = 1, dropped do
    go(waiting[i])
  end
end

-- The first write is the one that a server with full memory refuses; then nothing has changed.
local new = {}
for _, message in ipairs(queue) do
  if message.new and not message.gone then
    new[#new + 1] = message.new
    new[#new + 1] = message.entry
  end
end
for i = 1, #new, 1000 do
  redis.call('ZADD', view, unpack(new, i, math.min(i + 999, #new)))
end
if #old > 0 or #gone > 0 then
  --include remember.lua
end

-- The Redis key lives for the TTL from now on. If all its messages live shorter, it lives shorter,
-- but never shorter than before.
if life > 0 then
  if life < tonumber(ARGV[1]) then
    life = math.max(life, redis.call('PTTL', view))
  end
  redis.call('PEXPIRE', view, string.format('%.0f', life))
end
if #new > 0 then
  wake()
end
local created = size == 0 and 1 or 0
if dropped == 0 and expired == 0 then
  return created
end
local reply = {created, dropped}
for i = 1, dropped do
  reply[#reply + 1] = waiting[i].entry
end
for i = 1, expired do
  reply[#reply + 1] = old[i]
end
return reply
