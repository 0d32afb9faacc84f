-- KEYS[1]: a Redis key of the session, which says which server is asked. Returns the time.
--include now.lua
return stamp
