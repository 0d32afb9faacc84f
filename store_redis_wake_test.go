package flashgin_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/redistest"
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
	require.Eventually(t, func() bool { return len(w.all()) >= count }, 30*time.Second, time.Millisecond)
	return w.all()
}

func newRedisStore(t *testing.T, client redis.UniversalClient) *flashgin.RedisStore {
	t.Helper()
	store, err := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop"})
	require.NoError(t, err)
	return store
}

// Every add that changes something is told, with a hash for a session, however it was done.
func TestRedisWatch(t *testing.T) {
	server := redistest.Start(t)
	for _, test := range []struct {
		name   string
		client redis.UniversalClient
	}{
		{"server", server.Client()},
		{"RESP2", server.ClientWith(&redis.Options{Protocol: 2})},
		{"miniredis", startMiniredis(t)},
		{"cluster", redistest.StartCluster(t, 3).Client()},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := newRedisStore(t, test.client)
			w := watch(t, store)
			assert.Equal(t, []string{""}, w.until(t, 1), "it has begun to listen")
			m := redisMessage("/a", "text")
			require.NoError(t, store.Add(t.Context(), "secret session", m))
			hash := w.until(t, 2)[1]
			assert.Len(t, hash, 22)
			assert.NotContains(t, "secret session", hash)

			require.NoError(t, store.Add(t.Context(), "secret session", m)) // a retry: nothing new
			claim, err := store.Claim(t.Context(), "secret session", []string{"/a"}, time.Minute)
			require.NoError(t, err)
			require.NoError(t, store.Release(t.Context(), claim))
			require.NoError(t, store.Add(t.Context(), "secret session", redisMessage("/a", "second"))) // to an address that holds something
			require.NoError(t, store.Add(t.Context(), "other session", redisMessage("/a", "a"), redisMessage("/b", "b")))
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
	store := newRedisStore(t, redistest.StartCluster(t, 3).Client())
	ctx, cancel := context.WithCancel(t.Context())
	var found, missed atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = store.Watch(ctx, func(name string) {
			if name == "" {
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
	for found.Load()+missed.Load() == 0 { // until it listens, and once more
		require.NoError(t, store.Add(t.Context(), "session", redisMessage("/a", "first")))
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	missed.Store(0)
	for range 100 {
		before := found.Load() + missed.Load()
		require.NoError(t, store.Add(t.Context(), "session", redisMessage("/a", "text")))
		require.Eventually(t, func() bool { return found.Load()+missed.Load() > before }, 30*time.Second, time.Millisecond)
	}
	assert.Zero(t, missed.Load())
	cancel()
	<-done
}

// The servers of a ring do not tell each other, so pages ask.
func TestRedisWatchRing(t *testing.T) {
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": redistest.Start(t).Addr()}})
	t.Cleanup(func() { _ = ring.Close() })
	assert.NoError(t, newRedisStore(t, ring).Watch(t.Context(), func(string) { assert.Fail(t, "a wake-up") }))
}

func TestRedisWatchACL(t *testing.T) {
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
	assert.Contains(t, reported[0], "NOPERM")

	setRedisUser(t, admin, redisKeys, redisRights)
	refused := watch(t, p.store)
	<-refused.done
	assert.ErrorContains(t, refused.err, "NOPERM")
	require.NoError(t, p.store.Add(t.Context(), p.session, redisMessage("/a", "third")))
}

// A connection that swallows everything looks like silence. It is given up within seconds.
func TestRedisWatchNoticesSilence(t *testing.T) {
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	w := watch(t, newRedisStore(t, client))
	w.until(t, 1)
	proxy.Judge(func([]byte) redistest.Verdict { return redistest.Swallow })
	within(t, "Watch", func() { <-w.done })
	assert.ErrorContains(t, w.err, "no answer to a ping")
}

// A silent connection is not a dead one.
func TestRedisWatchStands(t *testing.T) {
	server := redistest.Start(t)
	store := newRedisStore(t, server.Client())
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
	server := redistest.Start(t)
	store := newRedisStore(t, server.Client())
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
		within(t, "Watch", func() { assert.ErrorIs(t, <-done, context.Canceled) })
	}
	server.Resume()
}

// liveRedis is an application with a RedisStore that it reaches through a proxy, and a job in another process, which has its own way to the server.
func liveRedis(t *testing.T) (*app, *redistest.Server, *redistest.Proxy) {
	server := redistest.Start(t, "appendonly yes", "appendfsync always")
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	store, err := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop", Cap: 1000}) // room for what is added while nobody listens
	require.NoError(t, err)
	return newLiveApp(t, flashgin.Config{Store: store, Lease: 5 * time.Second}), server, proxy
}

// otherProcess returns a Messenger on the same server, with a connection of its own.
func otherProcess(t *testing.T, client redis.UniversalClient) *flashgin.Messenger {
	t.Helper()
	m, err := flashgin.New(flashgin.Config{Store: newRedisStore(t, client)})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, m.Close(context.Background())) })
	return m
}

func TestRedisStream(t *testing.T) {
	a, server, _ := liveRedis(t)
	b := a.browser()
	key := b.get("/key")
	page := b.listen(streamPath("/a"), b.acknowledging())
	job := otherProcess(t, server.Client())
	for i, text := range []string{"first", "second", "third"} {
		start := time.Now()
		require.NoError(t, job.Add(t.Context(), key, flashgin.Info(text).At("/a")))
		page.hears([]string{"first", "second", "third"}[:i+1]...)
		assert.Less(t, time.Since(start), 10*time.Second, "sooner than by polling")
	}
	eventually(t, "0", func() string { return keysLeft(t, server) })
}

// keysLeft counts what waits or is claimed at the server.
func keysLeft(t *testing.T, server *redistest.Server) string {
	t.Helper()
	client := server.Client()
	keys, err := client.Keys(t.Context(), "flash:shop:*").Result()
	require.NoError(t, err)
	var left int64
	for _, key := range keys {
		n, err := client.ZCount(t.Context(), key, "(-4e15", "+inf").Result()
		require.NoError(t, err)
		left += n
	}
	return string(rune('0' + min(left, 9)))
}

func TestRedisStreamExactlyOnce(t *testing.T) {
	a, _, _ := liveRedis(t)
	exactlyOnce(t, a, nil)
}

func TestRedisStreamCluster(t *testing.T) {
	cluster := redistest.StartCluster(t, 3)
	a := newLiveApp(t, flashgin.Config{Store: newRedisStore(t, cluster.Client())})
	server := a.serve()
	job := otherProcess(t, cluster.Client())
	for range 6 { // sessions at all servers
		b := newBrowser(t, server.URL)
		key := b.get("/key")
		page := b.listen(streamPath("/a", "/b"), nil)
		require.NoError(t, job.Add(t.Context(), key, flashgin.Info("a").At("/a"), flashgin.Info("b").At("/b")))
		page.until("both arrive", func() bool { return len(page.texts()) == 2 })
	}
}

// Whatever happens to the server or to the line, each message is shown once in the end.
func TestRedisStreamTrouble(t *testing.T) {
	for _, test := range []struct {
		name    string
		trouble func(*redistest.Server, *redistest.Proxy)
	}{
		{"killed and restarted", func(server *redistest.Server, proxy *redistest.Proxy) {
			server.Kill()
			time.Sleep(time.Second)
			server.Restart()
		}},
		{"frozen", func(server *redistest.Server, proxy *redistest.Proxy) {
			server.Pause()
			time.Sleep(3 * time.Second)
			server.Resume()
		}},
		{"all connections cut", func(server *redistest.Server, proxy *redistest.Proxy) {
			for range 5 {
				proxy.CutAll()
				time.Sleep(100 * time.Millisecond)
			}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, server, proxy := liveRedis(t)
			exactlyOnce(t, a, func() {
				time.Sleep(100 * time.Millisecond)
				test.trouble(server, proxy)
			})
		})
	}
}

// The subscription's connection is cut in silence, and only that one. What is added then comes when that is noticed, or by polling.
func TestRedisStreamDeaf(t *testing.T) {
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	var deaf atomic.Bool
	client := server.Client()
	listening := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = listening.Close() })
	proxy.Judge(func(reply []byte) redistest.Verdict {
		if deaf.Load() {
			return redistest.Swallow
		}
		return redistest.Pass
	})
	a := newLiveApp(t, flashgin.Config{Store: splitStore{newRedisStore(t, client), newRedisStore(t, listening)}})
	b := a.browser()
	key := b.get("/key")
	page := b.listen(streamPath("/a"), b.acknowledging())
	a.job(key, flashgin.Info("before").At("/a"))
	page.hears("before")

	deaf.Store(true)
	a.job(key, flashgin.Info("meanwhile").At("/a"))
	require.Eventually(t, func() bool { return strings.Contains(a.failures.String(), "no answer to a ping") }, 30*time.Second, 5*time.Millisecond)
	deaf.Store(false)
	page.hears("before", "meanwhile")
	a.job(key, flashgin.Info("after").At("/a"))
	page.hears("before", "meanwhile", "after")
}

// splitStore watches by a client of its own.
type splitStore struct {
	*flashgin.RedisStore
	watched *flashgin.RedisStore
}

func (s splitStore) Watch(ctx context.Context, wake func(string)) error {
	return s.watched.Watch(ctx, wake)
}

// A Sentinel puts the replica in the master's place. Subscriptions follow.
func TestRedisStreamFailover(t *testing.T) {
	sentinel := redistest.StartSentinel(t)
	a := newLiveApp(t, flashgin.Config{Store: newRedisStore(t, sentinel.Client())})
	b := a.browser()
	key := b.get("/key")
	page := b.listen(streamPath("/a"), b.acknowledging())
	job := otherProcess(t, sentinel.Client())
	require.NoError(t, job.Add(t.Context(), key, flashgin.Info("before").At("/a")))
	page.hears("before")
	sentinel.Master.Kill()
	m := flashgin.Info("after").At("/a")
	m.ID = "after"
	require.Eventually(t, func() bool { return job.Add(t.Context(), key, m) == nil }, 60*time.Second, 50*time.Millisecond)
	page.hears("before", "after")
}

// In a cluster with a frozen server, the sessions of the others are served: the subscription moves.
func TestRedisStreamFrozenNode(t *testing.T) {
	cluster := redistest.StartCluster(t, 3)
	client := cluster.ClientWith(&redis.ClusterOptions{ReadTimeout: time.Second})
	a := newLiveApp(t, flashgin.Config{Store: newRedisStore(t, client)})
	server := a.serve()
	type visit struct {
		b    *browser
		page *listener
		key  string
	}
	var visits []visit
	for range 12 {
		b := newBrowser(t, server.URL)
		key := b.get("/key")
		visits = append(visits, visit{b, b.listen(streamPath("/a"), nil), key})
	}
	cluster.Servers[1].Pause()
	defer cluster.Servers[1].Resume()
	job := otherProcess(t, cluster.Client())
	served := 0
	for _, v := range visits {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		err := job.Add(ctx, v.key, flashgin.Info("text").At("/a"))
		cancel()
		if err == nil {
			v.page.hears("text")
			served++
		}
	}
	assert.Positive(t, served)
}

// Close ends the subscription, also while the server hangs.
func TestRedisStreamClose(t *testing.T) {
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	before := runtime.NumGoroutine()
	a := newLiveApp(t, flashgin.Config{Store: newRedisStore(t, client)})
	web := a.serve()
	b := newBrowser(t, web.URL)
	b.get("/key")
	page := b.listen(streamPath("/a"), nil)
	admin := server.Client()
	subscribers := func() int64 {
		counts, err := admin.PubSubNumSub(context.Background(), "flash:shop:wake").Result()
		require.NoError(t, err)
		return counts["flash:shop:wake"]
	}
	require.Eventually(t, func() bool { return subscribers() == 1 }, 30*time.Second, time.Millisecond)
	for range 5 {
		b.listen(streamPath("/a"), nil)
	}
	assert.EqualValues(t, 1, subscribers(), "one for all streams")
	within(t, "Close", func() { assert.NoError(t, a.messenger.Close(context.Background())) })
	assert.Equal(t, "closing", page.ends())
	require.Eventually(t, func() bool { return subscribers() == 0 }, 30*time.Second, time.Millisecond)
	b.client.CloseIdleConnections()
	web.Close()
	require.NoError(t, client.Close())
	require.NoError(t, admin.Close())
	goroutinesReturnTo(t, before)
}
