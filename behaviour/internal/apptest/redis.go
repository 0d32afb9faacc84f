package apptest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

func init() { redis.SetLogger(QuietRedis{}) } // go-redis logs each connection that it cannot open

type QuietRedis struct{}

func (QuietRedis) Printf(context.Context, string, ...any) {}

// RedisTag returns the part of a session's Redis keys that chooses the slot.
func RedisTag(session string) string {
	hash := sha256.Sum256([]byte(session))
	return "{" + base64.RawURLEncoding.EncodeToString(hash[:])[:22] + "}"
}

func KeysAt(t *testing.T, client redis.UniversalClient) []string {
	t.Helper()
	keys, err := client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	return keys
}

// StartMiniredis returns a client of a miniredis in which time passes, also for keys.
func StartMiniredis(t *testing.T) *redis.Client {
	server := miniredis.RunT(t)
	// Scripts are slow in Go, the more so under the race detector.
	const patience = time.Minute
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: patience,
		WriteTimeout: patience})
	stop := make(chan struct{})
	var clock sync.WaitGroup
	clock.Go(func() {
		for last := time.Now(); ; {
			select {
			case <-stop:
				return
			case now := <-time.After(time.Millisecond):
				// It takes the time off keys that are younger as well, so a machine that stalls
				// must not cost them much.
				server.FastForward(min(now.Sub(last), 4*time.Millisecond))
				last = now
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		clock.Wait()
		_ = client.Close()
	})
	return client
}

// NewRedisStore returns a store of the application "shop", with the defaults.
func NewRedisStore(t *testing.T, client redis.UniversalClient) *flashgin.RedisStore {
	t.Helper()
	return NewRedisStoreWith(t, client, flashgin.RedisConfig{})
}

// NewRedisStoreWith returns a store of the application "shop", unless cfg names another.
func NewRedisStoreWith(
	t *testing.T, client redis.UniversalClient, cfg flashgin.RedisConfig,
) *flashgin.RedisStore {
	t.Helper()
	cfg.App = cmp.Or(cfg.App, "shop")
	store, err := flashgin.NewRedisStore(client, cfg)
	require.NoError(t, err)
	return store
}
