package flashgin

// Our stores can do more than the methods of [Store] ask for. A type that embeds one of them, to encrypt what is kept, say, has these unexported methods as
// well, and using them would pass its own ones by.

// own returns a store as a T, if it has the methods of T itself and not by embedding.
func own[T any](store Store) (t T, ok bool) {
	if s, has := store.(interface{ self() Store }); !has || s.self() != store {
		return t, false
	}
	t, ok = store.(T)
	return t, ok
}

func (s *MemoryStore) self() Store { return s }
func (s *RedisStore) self() Store  { return s }
