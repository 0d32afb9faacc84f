package redis

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/refusal"
)

// Claims that are confirmed together fail or succeed each by itself, also if the server does not
// know the scripts.
func TestRedisConfirmGroup(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client()
	store := redisStoreFor(client, "shop")
	ctx := t.Context()
	claim := func(session string, views ...string) queue.Claim[string] {
		addAt(t, store, session, views...)
		claim, err := store.Claim(ctx, session, views, time.Minute)
		require.NoError(t, err)
		require.Len(t, claim.Items, len(views))
		return claim
	}
	for _, known := range []bool{false, true} {
		one, broken, gone := claim("a", "/"), claim("b", "/"), claim("d", "/")
		several := claim("c", "/", "/c")
		require.NoError(t, second(store.Confirm(ctx, gone)))
		require.NoError(t, client.Set(ctx, store.Key("b", "/"), "no sorted set", 0).Err())
		if !known {
			require.NoError(t, client.ScriptFlush(ctx).Err())
		}
		all := []queue.Claim[string]{one, broken, several, gone, {Session: "e"}}
		results := store.ConfirmAll(ctx, all)
		require.Len(t, results, 5)
		require.Equal(t, refusal.WrongType, refusal.Of(results[1].Err))
		results[1].Err = nil
		assert.Equal(t, []queue.Settled{{Items: 1}, {}, {Items: 2}, {}, {}}, results)
		require.NoError(t, client.Del(ctx, store.Key("b", "/")).Err())
		for _, claim := range []queue.Claim[string]{one, several} { // else they would wait again
			require.NoError(t, second(store.Release(ctx, claim)))
			left, err := store.Peek(ctx, claim.Session, []string{"/", "/c"})
			require.NoError(t, err)
			assert.Empty(t, left)
		}
	}
}

// When a slot has moved meanwhile, several servers of a cluster keep the claims of one group. The
// answer of a server, or its silence, concerns its own claims alone.
func TestRedisConfirmGroupCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	store := redisStoreFor(cluster.Client(), "shop")
	ctx := t.Context()
	owner := func(claim queue.Claim[string]) int {
		return cluster.Owner(cluster.SlotOf(store.Key(claim.Session, "/")))
	}
	var sessions int
	group := func() (claims []queue.Claim[string]) {
		for range 24 {
			sessions++
			session := strconv.Itoa(sessions)
			for range 1 + sessions%2 { // by one script and by the other
				addAt(t, store, session, "/")
			}
			claim, err := store.Claim(ctx, session, []string{"/"}, time.Hour)
			require.NoError(t, err)
			require.Len(t, claim.Items, 1+sessions%2)
			claims = append(claims, claim)
		}
		return claims
	}
	// confirmed requires that claims are confirmed unless the server that is away keeps them. Those
	// can be confirmed later.
	confirmed := func(t *testing.T, claims []queue.Claim[string], away int, back func()) {
		results := store.ConfirmAll(ctx, claims)
		if back != nil {
			back()
		}
		require.Len(t, results, len(claims))
		served := 0
		for i, claim := range claims {
			if owner(claim) == away {
				require.Error(t, results[i].Err)
				require.Eventually(t, func() bool {
					return second(store.Confirm(ctx, claim)) == nil
				}, 30*time.Second, 50*time.Millisecond)
			} else {
				require.NoError(t, results[i].Err)
				require.Equal(t, len(claim.Items), results[i].Items)
				served++
			}
			require.NoError(t, second(store.Release(ctx, claim))) // else they would wait again
			left, err := store.Peek(ctx, claim.Session, []string{"/"})
			require.NoError(t, err)
			require.Empty(t, left)
		}
		require.Positive(t, served)
	}
	flush := func() {
		for _, server := range cluster.Servers {
			require.NoError(t, server.Client().ScriptFlush(ctx).Err())
		}
	}

	t.Run("scripts are unknown", func(t *testing.T) {
		claims := group()
		flush()
		confirmed(t, claims, -1, nil)
	})
	names := []string{"a slot is about to move", "a slot moves", "a slot has moved"}
	for moved, name := range names {
		for _, known := range []string{"by name", "in full"} {
			t.Run(name+", scripts go "+known, func(t *testing.T) {
				store.ConfirmAll(ctx, group()) // then all servers know them
				claims := group()
				// Always to the same server: else two of them may take the same epoch, and quarrel.
				elsewhere := func(claim queue.Claim[string]) bool { return owner(claim) != 0 }
				moving := slices.DeleteFunc(slices.Clone(claims), elsewhere)
				require.Greater(t, len(moving), 2)
				for _, claim := range moving[:2] {
					key := store.Key(claim.Session, "/")
					m := cluster.Migrate(cluster.SlotOf(key), 0, 1)
					m.Import()
					m.Begin()
					if moved > 0 {
						m.Move(key)
					}
					if moved > 1 {
						m.End()
					}
				}
				if known == "in full" {
					flush()
				}
				confirmed(t, claims, -1, nil)
			})
		}
	}
	t.Run("a server is frozen", func(t *testing.T) {
		claims := group()
		impatient := cluster.ClientWith(&redis.ClusterOptions{ReadTimeout: time.Second})
		store = redisStoreFor(impatient, "shop")
		cluster.Servers[1].Pause()
		confirmed(t, claims, 1, cluster.Servers[1].Resume)
	})
}

// second returns the error of a call that settles.
func second(_ int, err error) error { return err }
