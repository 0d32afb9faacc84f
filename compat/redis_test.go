package compat

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/storetest"
)

// The newest go-redis has options that the oldest one of the root module lacks. They keep what was
// read, or hold commands back to send them together.
func TestRedisOptionsOfTheNewestClient(t *testing.T) {
	server := redistest.Start(t)
	automatic, err := server.Client().AutoPipeline()
	require.NoError(t, err)
	var apps atomic.Int64
	for name, client := range map[string]redis.UniversalClient{
		"client-side caching": server.ClientWith(&redis.Options{
			Protocol: 3, ClientSideCacheConfig: &redis.ClientSideCacheConfig{},
		}),
		"AutoPipeline": automatic,
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T, ttl time.Duration, cap int) flashgin.Store {
				store, err := flashgin.NewRedisStore(client, flashgin.RedisConfig{
					App: fmt.Sprint("compat", apps.Add(1)), TTL: ttl, Cap: cap,
				})
				require.NoError(t, err)
				return store
			})
		})
	}
}

// A claim whose reply is lost must not be sent again: the second one would find nothing, and the
// page would be told so.
func TestRedisAutoPipelineSendsAClaimOnce(t *testing.T) {
	server := redistest.Start(t)
	line := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: line.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	automatic, err := client.AutoPipeline()
	require.NoError(t, err)
	store, err := flashgin.NewRedisStore(automatic, flashgin.RedisConfig{App: "once"})
	require.NoError(t, err)
	require.NoError(t, store.Add(t.Context(), "session", flashgin.Info("text").At("/")))
	// the script is known now
	_, err = store.Claim(t.Context(), "nobody", []string{"/"}, time.Minute)
	require.NoError(t, err)

	var cut atomic.Bool
	line.Judge(func([]byte) redistest.Verdict {
		if cut.CompareAndSwap(false, true) {
			return redistest.Cut
		}
		return redistest.Pass
	})
	claim, err := store.Claim(t.Context(), "session", []string{"/"}, time.Minute)
	assert.Error(t, err)
	assert.Empty(t, claim.Messages)
}
