-- Included where entries are read.
--
-- An address is one sorted set. What an entry is can be told from its score:
--
--   0 or more      waits; the score is the time when it was added
--   down to -4e15  claimed until the time -score; after that it waits again
--   below          not a message but the ID of one that is gone: see remember.lua
--
-- Times are microseconds of the server's clock since 1970. They are below 2^53, so a score holds them exactly.
--
-- A message is an entry of the form
--
--   <time added, 16 digits>.<number, 8 digits> <version> <TTL of its own in µs, or 0> <length of ID> <length of Key> <ID><Key><JSON>
--
-- Time and number are its place in the queue, whatever its score.

-- parse returns the first half of a message's place, the end of its TTL (or 0), its ID and its Key; nil for what is no message of this
-- version.
local usual = ' $VERSION 0 28 0 ' -- the fields of a message with a generated ID and nothing else, spared the pattern
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
  return added, ttl == '0' and 0 or added + ttl, string.sub(entry, from, to - 1), string.sub(entry, to, to + key - 1)
end
