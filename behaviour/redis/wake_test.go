package redis_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/refusal"
)

// The rights for delivery to open pages, beside those of redisKeys and redisRights.
const redisWakeRights = "resetchannels &flash:shop:* +publish +subscribe"

// wakes collects what Watch says.
type wakes struct {
	mu    sync.Mutex
	names []string
	err   error
	done  chan struct{} // closed when Watch has returned
}

// watch watches until the test ends.
func watch(t *testing.T, store *flashgin.RedisStore) *wakes {
	ctx, cancel := context.WithCancel(context.Background())
	w := &wakes{done: make(chan struct{})}
	go func() {
		defer close(w.done)
		w.err = store.Watch(ctx, func(name string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.names = append(w.names, name)
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-w.done
	})
	return w
}

func (w *wakes) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.names...)
}

func (w *wakes) until(t *testing.T, count int) []string {
	t.Helper()
	require.Eventually(t, func() bool { return len(w.all()) >= count }, 30*time.Second,
		time.Millisecond)
	return w.all()
}

// Every add that changes something is told, with a hash for a session, however it was done.
func TestRedisWatch(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for _, test := range []struct {
		name   string
		client redis.UniversalClient
	}{
		{"server", server.Client()},
		{"RESP2", server.ClientWith(&redis.Options{Protocol: 2})},
		{"miniredis", apptest.StartMiniredis(t)},
		{"cluster", redistest.StartCluster(t, 3).Client()},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := apptest.NewRedisStore(t, test.client)
			w := watch(t, store)
			assert.Equal(t, []string{""}, w.until(t, 1), "it has begun to listen")
			m := redisMessage("/a", "text")
			require.NoError(t, store.Add(t.Context(), "secret session", m))
			hash := w.until(t, 2)[1]
			assert.Len(t, hash, 22)
			assert.NotContains(t, hash, "secret")

			require.NoError(t, store.Add(t.Context(), "secret session", m)) // a retry: nothing new
			claim, err := store.Claim(t.Context(), "secret session", []string{"/a"}, time.Minute)
			require.NoError(t, err)
			require.NoError(t, store.Release(t.Context(), claim))
			// to an address that holds something
			require.NoError(t,
				store.Add(t.Context(), "secret session", redisMessage("/a", "second")))
			require.NoError(t, store.Add(t.Context(), "other session", redisMessage("/a", "a"),
				redisMessage("/b", "b")))
			names := w.until(t, 5)
			require.Len(t, names, 5)
			assert.Equal(t, hash, names[2])
			assert.NotEqual(t, hash, names[3])
			assert.Equal(t, names[3], names[4])
		})
	}
}

// A wake-up never comes before its message: whoever claims then, gets it.
func TestRedisWakesWhenTheMessageIsThere(t *testing.T) {
	t.Parallel()
	store := apptest.NewRedisStore(t, redistest.StartCluster(t, 3).Client())
	ctx, cancel := context.WithCancel(t.Context())
	listening, done := make(chan struct{}, 10), make(chan error, 1)
	var found, missed atomic.Int32
	go func() {
		done <- store.Watch(ctx, func(name string) {
			if name == "" {
				listening <- struct{}{}
				return
			}
			claim, err := store.Claim(ctx, "session", []string{"/a"}, time.Minute)
			if err == nil && len(claim.Messages) > 0 {
				found.Add(1)
			} else {
				missed.Add(1)
			}
		})
	}()
	apptest.Within(t, "Watch", func() { <-listening })
	for i := range int32(100) {
		require.NoError(t, store.Add(t.Context(), "session", redisMessage("/a", "text")))
		require.Eventually(t, func() bool {
			return found.Load()+missed.Load() > i || len(done) > 0
		}, 30*time.Second, time.Millisecond)
		require.Empty(t, done, "Watch has returned")
	}
	assert.Zero(t, missed.Load())
	cancel()
	assert.ErrorIs(t, <-done, context.Canceled)
}

// The servers of a ring do not tell each other, so pages ask.
func TestRedisWatchRing(t *testing.T) {
	t.Parallel()
	ring := redis.NewRing(&redis.RingOptions{
		Addrs: map[string]string{"a": redistest.Start(t).Addr()},
	})
	t.Cleanup(func() { _ = ring.Close() })
	assert.NoError(t, apptest.NewRedisStore(t, ring).Watch(t.Context(), func(string) {
		assert.Fail(t, "a wake-up")
	}))
}

// The rights that are listed are enough to be told of adds. Without them adding works as ever, and
// somebody hears what is missing.
func TestRedisWatchACL(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client()
	setRedisUser(t, admin, redisKeys, redisRights, redisWakeRights)
	p := newRedisProbe(t, server.ClientWith(&redis.Options{Username: "flash", Password: "secret"}))
	w := watch(t, p.store)
	w.until(t, 1)
	require.NoError(t, p.store.Add(t.Context(), p.session, redisMessage("/a", "text")))
	w.until(t, 2)
	assert.Empty(t, p.reported())

	// Without the right to publish, messages are added all the same, and somebody is told.
	setRedisUser(t, admin, redisKeys, redisRights, "resetchannels &flash:shop:* +subscribe")
	deaf := watch(t, p.store)
	deaf.until(t, 1)
	require.NoError(t, p.store.Add(t.Context(), p.session, redisMessage("/a", "second")))
	assert.Len(t, p.peek("/a"), 2)
	reported := p.reported()
	require.Len(t, reported, 1)
	assert.Contains(t, reported[0], "docs/redis.md")

	setRedisUser(t, admin, redisKeys, redisRights)
	refused := watch(t, p.store)
	<-refused.done
	requireRefused(t, refusal.NotPermitted, refused.err)
	require.NoError(t, p.store.Add(t.Context(), p.session, redisMessage("/a", "third")))
}

// A connection that swallows everything looks like silence. It is given up within seconds.
func TestRedisWatchNoticesSilence(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	w := watch(t, apptest.NewRedisStore(t, client))
	w.until(t, 1)
	proxy.Judge(func([]byte) redistest.Verdict { return redistest.Swallow })
	apptest.Within(t, "Watch", func() { <-w.done })
	assert.ErrorContains(t, w.err, "no answer to a ping")
}

// A silent connection is not a dead one.
func TestRedisWatchStands(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	store := apptest.NewRedisStore(t, server.Client())
	w := watch(t, store)
	w.until(t, 1)
	select {
	case <-w.done:
		assert.Fail(t, "Watch has returned", "%v", w.err)
	case <-time.After(6 * time.Second): // more pings than may fail
	}
	require.NoError(t, store.Add(t.Context(), "session", redisMessage("/a", "text")))
	assert.Len(t, w.until(t, 2), 2)
}

// Watch returns when its context ends, also while the server hangs.
func TestRedisWatchEnds(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	store := apptest.NewRedisStore(t, server.Client())
	for _, frozen := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		listening := make(chan struct{}, 10)
		done := make(chan error, 1)
		go func() { done <- store.Watch(ctx, func(string) { listening <- struct{}{} }) }()
		<-listening
		if frozen {
			server.Pause()
		}
		cancel()
		apptest.Within(t, "Watch", func() { assert.ErrorIs(t, <-done, context.Canceled) })
	}
	server.Resume()
}
