package redis

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flashgin/flashgin/internal/keyspace"
	"github.com/flashgin/flashgin/internal/lua"
	"github.com/flashgin/flashgin/internal/refusal"
)

const (
	// purgeStep is how many Redis keys one step of [Store.Purge] looks at, each with a script of
	// its own.
	purgeStep = 100
	// viewsStep is how many one step of [Store.Views] looks at.
	viewsStep = 1000
)

// Purge removes the items of all sessions that have waited longer than olderThan, and returns how
// many it removed. It walks all Redis keys of the server, or of every master of a cluster, in small
// steps. Between these the server serves other clients.
func (s *Store[T]) Purge(ctx context.Context, olderThan time.Duration) (int, error) {
	return s.PurgeSome(ctx, s.names.Pattern(""), olderThan, func(int) {})
}

// PurgeSome is Purge for the Redis keys that match pattern. It calls looked with how many of these
// each step has found, from several goroutines at once.
func (s *Store[T]) PurgeSome(
	ctx context.Context, pattern string, olderThan time.Duration, looked func(keys int),
) (int, error) {
	var removed atomic.Int64
	age := microseconds(min(olderThan, longestTTL))
	err := keyspace.Walk(ctx, s.client, pattern, purgeStep,
		func(ctx context.Context, keys []string) error {
			looked(len(keys))
			n, err := s.purge(ctx, keys, age)
			removed.Add(n)
			return err
		})
	return int(removed.Load()), s.failed("purge", err)
}

func (s *Store[T]) purge(ctx context.Context, keys []string, age int64) (removed int64, err error) {
	calls := make([]*lua.Call, len(keys))
	for i, key := range keys {
		calls[i] = purgeScript.Call(key).Append(s.ttlMilliseconds(), age)
	}
	// By the client as a whole, not to one server: a slot may move meanwhile.
	if err := lua.Send(ctx, s.client, calls, lua.Together); err != nil {
		return 0, err
	}
	for _, call := range calls {
		n, err := call.Cmd.Int64()
		if !keyspace.IsIndex(call.Key()) {
			removed += n
		}
		switch {
		case refusal.Of(err) == refusal.WrongType:
			s.Report(ctx, s.unreadable("purge", notSortedSet))
		case err != nil:
			return removed, err
		}
	}
	return removed, nil
}

// Views implements queue.Viewer. It walks all Redis keys, as Purge does.
func (s *Store[T]) Views(ctx context.Context, session string) ([]string, error) {
	var mu sync.Mutex
	found := map[string]bool{}
	err := keyspace.Walk(ctx, s.client, s.names.Pattern(s.Name(session)), viewsStep,
		func(_ context.Context, keys []string) error {
			mu.Lock()
			defer mu.Unlock()
			for _, key := range keys {
				if _, view, ok := s.names.Split(key); ok {
					found[view] = true
				}
			}
			return nil
		})
	if err != nil {
		return nil, s.failed("find the views of a session", err)
	}
	return slices.Sorted(maps.Keys(found)), nil
}
