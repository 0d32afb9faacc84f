package redis

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/lua"
	"github.com/flashgin/flashgin/internal/refusal"
)

// purgeStep is how many Redis keys one step of [Store.Purge] looks at, each with a script of its
// own.
const purgeStep = 100

// Purge removes the items of all sessions that have waited longer than olderThan, and returns how
// many it removed. It walks all Redis keys of the server, or of every master of a cluster, in small
// steps. Between these the server serves other clients.
func (s *Store[T]) Purge(ctx context.Context, olderThan time.Duration) (int, error) {
	var removed atomic.Int64
	walk := func(ctx context.Context, server *redis.Client) error {
		return s.purge(ctx, server, olderThan, &removed)
	}
	err := ctx.Err()
	if err == nil {
		switch client := s.client.(type) {
		case *redis.ClusterClient:
			err = client.ForEachMaster(ctx, walk)
		case *redis.Ring:
			err = client.ForEachShard(ctx, walk)
		default:
			err = s.purge(ctx, client, olderThan, &removed)
		}
	}
	return int(removed.Load()), s.failed("purge", err)
}

func (s *Store[T]) purge(
	ctx context.Context, server redis.UniversalClient,
	olderThan time.Duration, removed *atomic.Int64,
) error {
	age := microseconds(min(olderThan, longestTTL))
	for cursor := uint64(0); ; {
		keys, next, err := server.Scan(ctx, cursor, s.prefix+"*", purgeStep).Result()
		if err != nil {
			return err
		}
		calls := make([]*lua.Call, len(keys))
		for i, key := range keys {
			calls[i] = purgeScript.Call(key).Append(s.ttlMilliseconds(), age)
		}
		// By the client as a whole, not to this server: a slot may move meanwhile.
		if err := lua.Send(ctx, s.client, calls, lua.Together); err != nil {
			return err
		}
		for _, call := range calls {
			n, err := call.Cmd.Int64()
			if !isIndex(call.Key()) {
				removed.Add(n)
			}
			switch {
			case refusal.Of(err) == refusal.WrongType:
				s.Report(ctx, s.unreadable("purge", notSortedSet))
			case err != nil:
				return err
			}
		}
		if next == 0 {
			return nil
		}
		cursor = next
	}
}
