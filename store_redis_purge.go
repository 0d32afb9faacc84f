package flashgin

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// purgeStep is how many keys one step of [RedisStore.Purge] looks at, each with a script of its own.
const purgeStep = 100

// Purge removes the messages that wait since longer than olderThan, at all addresses of this App, and returns how many there were. It is the
// way out when memory runs low; [RedisConfig].TTL removes messages in time without it. Claimed messages stay. The IDs of purged
// messages are not remembered. Zero removes all that wait; a negative olderThan is an error.
//
// It walks all keys of the server, of every master in a cluster, in small steps between which other clients are served, and takes a second
// or two per 100,000 keys. When ctx ends or a server fails, it returns what it had removed and the error; calling it again is safe.
func (s *RedisStore) Purge(ctx context.Context, olderThan time.Duration) (int, error) {
	if olderThan < 0 {
		return 0, fmt.Errorf("flashgin: Purge: olderThan is %v: want zero or more", olderThan)
	}
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

func (s *RedisStore) purge(ctx context.Context, server redis.UniversalClient, olderThan time.Duration, removed *atomic.Int64) error {
	age := microseconds(min(olderThan, longestTTL))
	for cursor := uint64(0); ; {
		keys, next, err := server.Scan(ctx, cursor, s.prefix+"*", purgeStep).Result()
		if err != nil {
			return err
		}
		calls := make([]*redisCall, len(keys))
		for i, key := range keys {
			calls[i] = purgeScript.call(key).append(s.ttlMilliseconds(), age)
		}
		// By the client as a whole, not to this server: a slot may move meanwhile.
		if err := s.send(ctx, calls, together); err != nil {
			return err
		}
		for _, call := range calls {
			n, err := call.cmd.Int64()
			if !isIndex(call.key()) {
				removed.Add(n)
			}
			switch {
			case redis.HasErrorPrefix(err, "WRONGTYPE"):
				s.report(ctx, s.unreadable("purge", notSortedSet))
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
