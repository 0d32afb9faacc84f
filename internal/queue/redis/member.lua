-- Included where entries are read.
--
-- A session's view is one Redis key: a sorted set. The score of an entry says what the entry is:
--
--   0 or more      waits; the score is the time when it was added
--   down to -4e15  claimed until the time -score; after that it waits again
--   below          the ID of a message that is gone: see remember.lua
--
-- Times are microseconds of the server's clock since 1970. They are below 2^53, so a score holds
-- them exactly.
--
-- A message is an entry of the form
--
--   <time added, 16 digits>.<number, 8 digits> <version> <TTL of its own in µs, or 0> \
--   <length of ID> <length of Key> <ID><Key><JSON>
--
-- Time and number are its place in the queue, with any score. A TTL has also ended if the time
-- added is further in the future than the TTL is long: then the clock was set back.

-- Most messages have a generated ID and no more, and need no pattern.
local usual = ' $VERSION 0 28 0 '
-- parse returns the time when a message was added, the end of its TTL (or 0), its ID and its Key.
-- It returns nil if the entry is no message of this version.
local function parse(entry)
  local added = tonumber(string.sub(entry, 1, 16))
  if added and string.sub(entry, 26, 25 + #usual) == usual then
    return added, 0, string.sub(entry, 26 + #usual, 53 + #usual), ''
  end
  local version, ttl, id, key, from = string.match(entry, '^ (%d+) (%d+) (%d+) (%d+) ()', 26)
  if version ~= '$VERSION' or not added then
    return nil
  end
  local to = from + id
  local ends = ttl == '0' and 0 or added + ttl
  return added, ends, string.sub(entry, from, to - 1), string.sub(entry, to, to + key - 1)
end
