package live_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/testrun"
)

// liveRedis is an application with a RedisStore that it reaches through a proxy, and a job in
// another process, which has its own way to the server.
func liveRedis(t *testing.T) (*apptest.App, *redistest.Server, *redistest.Proxy) {
	// A process that is killed loses nothing that it has written; the disk need not have it.
	server := redistest.Start(t, "appendonly yes", "appendfsync no")
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	// room for what is added while nobody listens
	store := apptest.NewRedisStoreWith(t, client, flashgin.RedisConfig{Cap: 1000})
	return apptest.NewLiveApp(t, flashgin.Config{Store: store, Lease: 5 * time.Second}),
		server, proxy
}

// otherProcess returns a Messenger on the same server, with a connection of its own.
func otherProcess(t *testing.T, client redis.UniversalClient) *flashgin.Messenger {
	t.Helper()
	return apptest.NewMessenger(t, flashgin.Config{Store: apptest.NewRedisStore(t, client)})
}

// What another process adds is on the open page at once, and gone from Redis when the page has
// shown it.
func TestRedisStream(t *testing.T) {
	t.Parallel()
	a, server, _ := liveRedis(t)
	b := a.Browser()
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), b.Acknowledging())
	job := otherProcess(t, server.Client())
	for i, text := range []string{"first", "second", "third"} {
		start := time.Now()
		require.NoError(t, job.Add(t.Context(), key, flashgin.Info(text).At("/a")))
		page.Hears([]string{"first", "second", "third"}[:i+1]...)
		assert.Less(t, time.Since(start), 10*time.Second, "sooner than by polling")
	}
	require.Eventually(t, func() bool { return apptest.MessagesLeft(t, server) == 0 },
		30*time.Second, 5*time.Millisecond)
}

// The streams and pages of a session share what is in Redis, too.
func TestRedisStreamExactlyOnce(t *testing.T) {
	t.Parallel()
	a, _, _ := liveRedis(t)
	exactlyOnce(t, a, a.Browser(), nil)
}

// Streams hear what is added at each of a cluster's servers.
func TestRedisStreamCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	a := apptest.NewLiveApp(t, flashgin.Config{Store: apptest.NewRedisStore(t, cluster.Client())})
	server := a.Serve()
	job := otherProcess(t, cluster.Client())
	for range 6 { // sessions at all servers
		b := apptest.NewBrowser(t, server.URL)
		key := b.Get("/key")
		page := b.Listen(apptest.StreamPath("/a", "/b"), nil)
		require.NoError(t,
			job.Add(t.Context(), key, flashgin.Info("a").At("/a"), flashgin.Info("b").At("/b")))
		// one again, if the other takes as long as the lease
		page.Until("both arrive", func() bool {
			texts := page.Texts()
			return slices.Contains(texts, "a") && slices.Contains(texts, "b")
		})
	}
}

// Whatever happens to the server or to the line, each message is shown once in the end.
func TestRedisStreamTrouble(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		soak    bool // it waits for what fails only after some time
		trouble func(*redistest.Server, *redistest.Proxy)
	}{
		{"killed and restarted", false, func(server *redistest.Server, proxy *redistest.Proxy) {
			server.Kill()
			time.Sleep(time.Second)
			server.Restart()
		}},
		{"frozen", true, func(server *redistest.Server, proxy *redistest.Proxy) {
			server.Pause()
			time.Sleep(10 * time.Second)
			server.Resume()
		}},
		{"all connections cut", false, func(server *redistest.Server, proxy *redistest.Proxy) {
			for range 5 {
				proxy.CutAll()
				time.Sleep(100 * time.Millisecond)
			}
		}},
		{"all answers swallowed", true, func(server *redistest.Server, proxy *redistest.Proxy) {
			proxy.Judge(func([]byte) redistest.Verdict { return redistest.Swallow })
			time.Sleep(7 * time.Second) // longer than the lease
			proxy.Judge(nil)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.soak {
				testrun.Soak(t)
			}
			t.Parallel()
			a, server, proxy := liveRedis(t)
			exactlyOnce(t, a, a.Browser(), func() {
				time.Sleep(100 * time.Millisecond)
				test.trouble(server, proxy)
			})
		})
	}
}

// Web servers come and go, as they do when a new version is rolled out. Their pages go on at the
// next one.
func TestRedisStreamRollingRestart(t *testing.T) {
	t.Parallel()
	a, server, _ := liveRedis(t)
	next := func() *apptest.App {
		return apptest.NewLiveApp(t,
			flashgin.Config{Store: apptest.NewRedisStore(t, server.Client())})
	}
	var serving atomic.Pointer[apptest.App]
	serving.Store(next())
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		serving.Load().ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	exactlyOnce(t, a, apptest.NewBrowser(t, front.URL), func() {
		for range 5 {
			old := serving.Swap(next())
			require.NoError(t, old.Messenger.Close(t.Context()))
			time.Sleep(50 * time.Millisecond)
		}
	})
}

// The subscription's connection is cut in silence, and only that one. What is added then comes when
// that is noticed, or by polling.
func TestRedisStreamDeaf(t *testing.T) {
	t.Parallel()
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
	a := apptest.NewLiveApp(t, flashgin.Config{
		Store: splitStore{apptest.NewRedisStore(t, client), apptest.NewRedisStore(t, listening)},
	})
	b := a.Browser()
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), b.Acknowledging())
	a.Job(key, flashgin.Info("before").At("/a"))
	page.Hears("before")
	require.Eventually(t, func() bool {
		return len(client.PubSubChannels(t.Context(), "*").Val()) > 0
	}, 30*time.Second, 5*time.Millisecond, "nothing listens yet, so there is nothing to cut")

	deaf.Store(true)
	a.Job(key, flashgin.Info("meanwhile").At("/a"))
	require.Eventually(t,
		func() bool { return strings.Contains(a.Failures.String(), "no answer to a ping") },
		30*time.Second, 5*time.Millisecond)
	deaf.Store(false)
	page.Hears("before", "meanwhile")
	a.Job(key, flashgin.Info("after").At("/a"))
	page.Hears("before", "meanwhile", "after")
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
	t.Parallel()
	sentinel := redistest.StartSentinel(t)
	a := apptest.NewLiveApp(t, flashgin.Config{Store: apptest.NewRedisStore(t, sentinel.Client())})
	b := a.Browser()
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), b.Acknowledging())
	job := otherProcess(t, sentinel.Client())
	require.NoError(t, job.Add(t.Context(), key, flashgin.Info("before").At("/a")))
	page.Hears("before")
	sentinel.Master.Kill()
	sentinel.TakeOver()
	m := flashgin.Info("after").At("/a")
	m.ID = "after"
	require.Eventually(t, func() bool { return job.Add(t.Context(), key, m) == nil },
		2*time.Minute, 50*time.Millisecond, "sentinels that stood still wait for half a minute")
	page.Hears("before", "after")
}

// In a cluster with a frozen server, the sessions of the others are served: the subscription moves.
func TestRedisStreamFrozenNode(t *testing.T) {
	t.Parallel()
	const frozen = 1
	cluster := redistest.StartCluster(t, 3, "cluster-require-full-coverage no")
	client := cluster.ClientWith(&redis.ClusterOptions{ReadTimeout: time.Second})
	a := apptest.NewLiveApp(t, flashgin.Config{Store: apptest.NewRedisStore(t, client)})
	server := a.Serve()
	served := map[string]*apptest.Listener{} // by the key of the session
	for len(served) < 8 {
		b := apptest.NewBrowser(t, server.URL)
		key := b.Get("/key")
		if cluster.Owner(cluster.SlotOf(apptest.RedisTag(key))) != frozen {
			served[key] = b.Listen(apptest.StreamPath("/a"), nil)
		}
	}
	job := otherProcess(t, cluster.Client())
	// A client that has not yet seen the slots asks any server for them, and waits for the frozen
	// one longer than an add does.
	require.NoError(t, job.Add(t.Context(), "somebody", flashgin.Info("text").At("/a")))
	cluster.Servers[frozen].Pause()
	defer cluster.Servers[frozen].Resume()
	for key, page := range served {
		require.NoError(t, job.Add(t.Context(), key, flashgin.Info("text").At("/a")))
		page.Hears("text")
	}
}

// subscribersOf returns how many processes hear what is added on a server.
func subscribersOf(t *testing.T, client *redis.Client) int64 {
	counts, err := client.PubSubNumSub(context.Background(), "flash:shop:wake").Result()
	require.NoError(t, err)
	return counts["flash:shop:wake"]
}

// Close ends the subscription, also while the server hangs.
func TestRedisStreamClose(t *testing.T) {
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	before := runtime.NumGoroutine()
	a := apptest.NewLiveApp(t, flashgin.Config{Store: apptest.NewRedisStore(t, client)})
	web := a.Serve()
	b := apptest.NewBrowser(t, web.URL)
	b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), nil)
	admin := server.Client()
	subscribers := func() int64 { return subscribersOf(t, admin) }
	require.Eventually(t, func() bool { return subscribers() == 1 },
		30*time.Second, time.Millisecond)
	for range 5 {
		b.Listen(apptest.StreamPath("/a"), nil)
	}
	assert.EqualValues(t, 1, subscribers(), "one for all streams")
	apptest.Within(t, "Close", func() {
		assert.NoError(t, a.Messenger.Close(context.Background()))
	})
	assert.Equal(t, "closing", page.Ends())
	require.Eventually(t, func() bool { return subscribers() == 0 },
		30*time.Second, time.Millisecond)
	b.Client.CloseIdleConnections()
	web.Close()
	require.NoError(t, client.Close())
	require.NoError(t, admin.Close())
	goroutinesReturnTo(t, before)
}
