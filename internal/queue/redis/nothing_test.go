package redis

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/redistest"
)

// A claim says whether the views have nothing. Then nothing can wait there before the next add, so
// the claim must not say so of what another page has claimed.
func TestRedisClaimSaysWhetherThereIsNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	cluster := redistest.StartCluster(t, 3)
	views := []string{"/a", "/a/:id", "*"}
	for name, client := range map[string]redis.UniversalClient{
		"server": server.Client(), "cluster": cluster.Client(),
	} {
		t.Run(name, func(t *testing.T) {
			store, ctx := redisStoreFor(client, "shop"), t.Context()
			nothing := func() bool {
				claim, err := store.Claim(ctx, "a", views, time.Minute)
				require.NoError(t, err)
				require.Empty(t, claim.Items)
				return claim.Nothing
			}
			assert.True(t, nothing(), "no key")
			for _, view := range views {
				addAt(t, store, "a", view)
				claim, err := store.Claim(ctx, "a", views, time.Minute)
				require.NoError(t, err)
				require.Len(t, claim.Items, 1)
				assert.False(t, claim.Nothing)
				assert.False(t, nothing(), "it is claimed")
				require.NoError(t, second(store.Confirm(ctx, claim)))
				assert.True(t, nothing(), "its ID is remembered")
			}
			addAt(t, store, "a", "/b")
			addAt(t, store, "b", "/a")
			assert.True(t, nothing(), "other views and sessions have some")

			require.NoError(t, client.Set(ctx, store.Key("a", "/a"), "no sorted set", 0).Err())
			assert.False(t, nothing(), "what cannot be read")
			require.NoError(t, client.Del(ctx, store.Key("a", "/a")).Err())
			member := redis.Z{Score: 1, Member: "no entry"}
			require.NoError(t, client.ZAdd(ctx, store.Key("a", "/a"), member).Err())
			assert.False(t, nothing(), "an entry that cannot be read")
			require.NoError(t, client.Del(ctx, store.Key("a", "/a")).Err())

			short := queue.Item[string]{ID: queue.NewID(), View: "/a", TTL: time.Millisecond}
			require.NoError(t, store.Add(ctx, "a", []queue.Item[string]{short}, false))
			time.Sleep(5 * time.Millisecond)
			assert.False(t, nothing(), "an item whose TTL has just ended")
			assert.True(t, nothing(), "and which is removed")

			ended, cancel := context.WithCancel(ctx)
			cancel()
			claim, err := store.Claim(ended, "a", views, time.Minute)
			require.Error(t, err)
			assert.False(t, claim.Nothing, "nobody knows")
			claim, err = store.Claim(ctx, "a", nil, time.Minute)
			require.NoError(t, err)
			assert.False(t, claim.Nothing, "of no view")
		})
	}
}
