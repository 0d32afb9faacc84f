package flashgin

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// AskedRedisStore counts the claims of each session. It is in this package to be one of ours: a type elsewhere that embeds a RedisStore confirms each page by itself.
type AskedRedisStore struct {
	*RedisStore
	claims sync.Map // session → *atomic.Int64
}

func (s *AskedRedisStore) self() Store { return s }

func (s *AskedRedisStore) Claim(ctx context.Context, session string, views []string, lease time.Duration) (Claim, error) {
	n, _ := s.claims.LoadOrStore(session, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
	return s.RedisStore.Claim(ctx, session, views, lease)
}

// Asked returns how often a session was claimed for.
func (s *AskedRedisStore) Asked(session string) int64 {
	if n, ok := s.claims.Load(session); ok {
		return n.(*atomic.Int64).Load()
	}
	return 0
}
