// Package redis_test holds RedisStore to its contract, with real servers.
package redis_test

import (
	"context"
	"errors"
	"fmt"
	"net"
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
	"github.com/flashgin/flashgin/storetest"
)

var _ flashgin.Store = (*flashgin.RedisStore)(nil)

func TestRedisStore(t *testing.T) {
	t.Parallel()
	conforms := func(t *testing.T, client redis.UniversalClient) {
		t.Parallel()
		storetest.Run(t, func(t *testing.T, ttl time.Duration, cap int) flashgin.Store {
			return apptest.NewRedisStoreWith(t, client, flashgin.RedisConfig{TTL: ttl, Cap: cap})
		})
	}
	t.Run("miniredis", func(t *testing.T) {
		if redistest.Installed() {
			testrun.Soak(t) // slow, and for those who have no server
		}
		conforms(t, apptest.StartMiniredis(t))
	})
	t.Run("server", func(t *testing.T) { conforms(t, redistest.Start(t).Client()) })
	t.Run("cluster", func(t *testing.T) {
		testrun.Soak(t)
		conforms(t, redistest.StartCluster(t, 3).Client())
	})
	t.Run("sentinel", func(t *testing.T) {
		testrun.Soak(t)
		conforms(t, redistest.StartSentinel(t).Client())
	})
	t.Run("ring", func(t *testing.T) {
		testrun.Soak(t)
		ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{
			"a": redistest.Start(t).Addr(), "b": redistest.Start(t).Addr(),
		}})
		t.Cleanup(func() { _ = ring.Close() })
		conforms(t, ring)
	})
}

// NewRedisStore says which field it cannot use, and what it wants.
func TestNewRedisStoreErrors(t *testing.T) {
	client := redis.NewClient(&redis.Options{})
	t.Cleanup(func() { _ = client.Close() })
	for _, test := range []struct {
		name   string
		client redis.UniversalClient
		cfg    flashgin.RedisConfig
		want   []string
	}{
		{"no client", nil, flashgin.RedisConfig{App: "shop"},
			[]string{"client is nil", "redis.NewClient"}},
		{"nil client of a type", (*redis.ClusterClient)(nil), flashgin.RedisConfig{App: "shop"},
			[]string{"client is nil"}},
		{"no App", client, flashgin.RedisConfig{}, []string{"RedisConfig.App is empty", `"shop"`}},
		{"App with a brace", client, flashgin.RedisConfig{App: "a{b"},
			[]string{"RedisConfig.App", `"a{b"`, "letters, digits"}},
		{"App with a colon", client, flashgin.RedisConfig{App: "a:b"},
			[]string{"RedisConfig.App", `"a:b"`}},
		{"App with a pattern", client, flashgin.RedisConfig{App: "*"},
			[]string{"RedisConfig.App", `"*"`}},
		{"negative TTL", client, flashgin.RedisConfig{App: "shop", TTL: -time.Second},
			[]string{"RedisConfig.TTL", "-1s", "zero (24h) or more"}},
		{"negative Cap", client, flashgin.RedisConfig{App: "shop", Cap: -3},
			[]string{"RedisConfig.Cap", "-3", "zero (50) or more"}},
		{"negative Views", client, flashgin.RedisConfig{App: "shop", Views: -3},
			[]string{"RedisConfig.Views", "-3", "zero (100) or more"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			store, err := flashgin.NewRedisStore(test.client, test.cfg)
			require.Error(t, err)
			assert.Nil(t, store)
			for _, want := range test.want {
				assert.Contains(t, err.Error(), want)
			}
		})
	}
	_, err := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "My-shop_2.x"})
	assert.NoError(t, err)
}

// The defaults are those that the documentation names.
func TestRedisDefaults(t *testing.T) {
	t.Parallel()
	p := newRedisProbe(t, apptest.StartMiniredis(t))
	for range 51 {
		p.add("/a", "text")
	}
	assert.Len(t, p.peek("/a"), 50)
	life := p.client.PTTL(t.Context(), p.keys()[0]).Val()
	assert.Greater(t, life, 23*time.Hour)
	assert.LessOrEqual(t, life, 24*time.Hour)
	for i := range 200 {
		p.add(fmt.Sprint("/", i), "text")
	}
	assert.LessOrEqual(t, len(p.keys()), 100+25+25+1,
		"of 100 views, a quarter more, a quarter for the process, the index")
	assert.Equal(t, []string{"text"}, p.peek("/101"))
}

// With a context that has ended, no call sends anything.
func TestRedisEndedContext(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p := newRedisProbe(t, server.Client())
	claim := p.claimed()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the cause is not asked for"))
	operations := append(p.calls(claim),
		redisOperation{"Ping", 0, p.store.Ping},
		redisOperation{"Purge", 0, func(ctx context.Context) error {
			_, err := p.store.Purge(ctx, 0)
			return err
		}},
		redisOperation{"Confirm of nothing", 0, func(ctx context.Context) error {
			return p.store.Confirm(ctx, flashgin.Claim{})
		}},
		redisOperation{"Withdraw without a key", 0, func(ctx context.Context) error {
			return p.store.Withdraw(ctx, p.session, "/a", "")
		}},
		redisOperation{"Add of nothing", 0, func(ctx context.Context) error {
			return p.store.Add(ctx, p.session)
		}},
	)
	before := redisCommands(t, server)
	for _, operation := range operations {
		assert.ErrorIs(t, operation.call(ctx), context.Canceled, operation.name)
	}
	assert.Equal(t, before, redisCommands(t, server), "commands sent with an ended context")
}

// One round trip, whatever the number of messages.
func TestRedisRoundTrips(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	writes := &countWrites{}
	client := server.ClientWith(&redis.Options{})
	client.AddHook(writes)
	p := newRedisProbe(t, client)
	views := []string{"/a", "/b", flashgin.Anywhere}
	count := func(name string, trips, scripts int, call func() error) {
		t.Helper()
		tripsBefore, before := writes.n, redisScripts(t, server)
		require.NoError(t, call())
		assert.Equal(t, trips, writes.n-tripsBefore, "round trips of %s", name)
		assert.Equal(t, scripts, redisScripts(t, server)-before, "scripts of %s", name)
	}
	ctx := t.Context()
	for range 2 { // the server now knows the scripts
		p.confirm(p.claimed())
		p.add("/a", "first", "second")
		p.confirm(p.claim("/a"))
		p.peek("/a")
	}

	count("an empty page", 1, 1,
		func() error { _, err := p.store.Claim(ctx, p.session, views, time.Minute); return err })
	var msgs []flashgin.Message
	for i := range 40 {
		msgs = append(msgs, redisMessage(views[i/20], "text"))
	}
	count("Add", 1, 1, func() error { return p.store.Add(ctx, p.session, msgs[0]) })
	count("Add of 40", 1, 2, func() error { return p.store.Add(ctx, p.session, msgs...) })
	count("Peek", 1, 1, func() error { _, err := p.store.Peek(ctx, p.session, views); return err })
	var claim flashgin.Claim
	count("Claim of 40", 1, 1, func() (err error) {
		claim, err = p.store.Claim(ctx, p.session, views, time.Minute)
		return
	})
	require.Len(t, claim.Messages, 40)
	count("Confirm", 1, 2, func() error { return p.store.Confirm(ctx, claim) })
	count("Confirm of nothing", 0, 0, func() error {
		return p.store.Confirm(ctx, flashgin.Claim{})
	})
	count("Claim at no view", 0, 0,
		func() error { _, err := p.store.Claim(ctx, p.session, nil, time.Minute); return err })
}

// countWrites counts the times that a client sends something: one command or one pipeline.
type countWrites struct{ n int }

func (c *countWrites) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *countWrites) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n++
		return next(ctx, cmd)
	}
}

func (c *countWrites) ProcessPipelineHook(
	next redis.ProcessPipelineHook,
) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if name := cmds[0].Name(); name != "hello" && name != "client" { // a new connection
			c.n++
		}
		return next(ctx, cmds)
	}
}

// More messages than a call from Lua takes arguments.
func TestRedisManyMessages(t *testing.T) {
	t.Parallel()
	p := newRedisProbeWith(t, redistest.Start(t).ClientWith(&redis.Options{
		Protocol: 2, ReadTimeout: time.Minute, // of a machine that has much to do
	}), flashgin.RedisConfig{App: "shop", Cap: 4000})
	ctx := t.Context()
	var msgs []flashgin.Message
	var want []string
	for i := range 5000 {
		m := redisMessage("/a", fmt.Sprint(i))
		if i%2 == 1 {
			m.Key = fmt.Sprint("key ", i)
		}
		msgs = append(msgs, m)
		if i >= 1000 {
			want = append(want, m.Text)
		}
	}
	require.NoError(t, p.store.Add(ctx, p.session, msgs...))
	if errs := p.reported(); assert.Len(t, errs, 1) {
		assert.Contains(t, errs[0], "1000")
	}
	assert.Equal(t, want, p.peek("/a"))
	claim := p.claim("/a")
	assert.Equal(t, want, apptest.Texts(claim.Messages))
	p.release(claim)
	assert.Equal(t, want, p.peek("/a"))
	claim = p.claim("/a")
	p.confirm(flashgin.Claim{Session: claim.Session, Messages: claim.Messages[:3000],
		Tickets: claim.Tickets})
	p.release(claim)
	assert.Equal(t, want[3000:], p.peek("/a"))
	for i := range msgs {
		msgs[i].ID, msgs[i].Key = msgs[i].ID+"2", "key"
	}
	require.NoError(t, p.store.Add(ctx, p.session, msgs[:4000]...)) // each replaces the one before
	assert.Equal(t, append(want[3000:], "3999"), p.peek("/a"))
	require.NoError(t, p.store.Withdraw(ctx, p.session, "/a", "key"))
	assert.Equal(t, want[3000:], p.peek("/a"))
	n, err := p.store.Purge(ctx, 0)
	require.NoError(t, err)
	assert.Equal(t, 1000, n)
}

// However the views of the messages of one Add alternate, the server runs one script for each view,
// and gets each message once and no script a thousand times.
func TestRedisAddAtManyViews(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	var sent atomic.Int64
	client := server.ClientWith(&redis.Options{
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			return countSent{conn, &sent}, err
		},
	})
	for _, views := range []int{2, 90} {
		p := newRedisProbeWith(t, client, flashgin.RedisConfig{Cap: 1000})
		var names, want []string
		for i := range views {
			names = append(names, fmt.Sprint("/", i))
		}
		var msgs []flashgin.Message
		for i := range 1000 {
			msgs = append(msgs, redisMessage(names[i%views], fmt.Sprint(i)))
			want = append(want, fmt.Sprint(i))
		}
		p.peek("/") // opens the connection
		before := redisScripts(t, server)
		sent.Store(0)
		require.NoError(t, p.store.Add(t.Context(), p.session, msgs...))
		assert.Less(t, sent.Load(), int64(500_000), "bytes")
		assert.LessOrEqual(t, redisScripts(t, server)-before, 2*views+3)
		assert.Equal(t, want, p.peek(names...), "the order over all views")
		require.NoError(t, p.store.Add(t.Context(), p.session, msgs[0], msgs[999]))
		assert.Len(t, p.peek(names...), 1000, "known IDs")

		p.add(names[1], "later")
		assert.Equal(t, append(want, "later"), p.peek(names...))
		assert.Empty(t, p.reported())
	}
}

// countSent counts the bytes that are sent.
type countSent struct {
	net.Conn
	bytes *atomic.Int64
}

func (c countSent) Write(p []byte) (int, error) {
	c.bytes.Add(int64(len(p)))
	return c.Conn.Write(p)
}
