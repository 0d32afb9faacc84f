package redis_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/refusal"
)

// What the tests of the Redis store have in common.

// frozenRedis is a server whose clock is set by the test.
func frozenRedis(t *testing.T) (*miniredis.Miniredis, *redisProbe) {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	server.SetTime(time.UnixMicro(1732334400123456))
	return server, newRedisProbe(t, client)
}

// A redisProbe is a store on a server, and a session of its own.
type redisProbe struct {
	t       *testing.T
	client  redis.UniversalClient
	store   *flashgin.RedisStore
	session string

	mu   sync.Mutex
	errs []string // reported to OnError
}

func newRedisProbe(t *testing.T, client redis.UniversalClient) *redisProbe {
	return newRedisProbeWith(t, client, flashgin.RedisConfig{})
}

func newRedisProbeWith(
	t *testing.T, client redis.UniversalClient, cfg flashgin.RedisConfig,
) *redisProbe {
	t.Helper()
	store := apptest.NewRedisStoreWith(t, client, cfg)
	p := &redisProbe{t: t, client: client, store: store, session: "session-" + rand.Text()}
	store.OnError(func(_ context.Context, err error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.errs = append(p.errs, err.Error())
	})
	return p
}

// reported returns what was reported since the last call.
func (p *redisProbe) reported() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	errs := p.errs
	p.errs = nil
	return errs
}

// requireRefused fails unless the server has refused for this reason, whatever its words.
func requireRefused(t *testing.T, kind refusal.Kind, err error, about ...any) {
	t.Helper()
	require.Error(t, err, about...)
	require.Equal(t, kind, refusal.Of(err), about...)
}

// redisMessage returns a message as a Messenger makes it.
func redisMessage(view, text string) flashgin.Message {
	m := flashgin.Info(text).At(view)
	m.ID = "f-" + rand.Text()
	m.Created = time.Now().UTC().Truncate(time.Microsecond)
	return m
}

func (p *redisProbe) add(view string, texts ...string) {
	p.t.Helper()
	var msgs []flashgin.Message
	for _, text := range texts {
		msgs = append(msgs, redisMessage(view, text))
	}
	require.NoError(p.t, p.store.Add(p.t.Context(), p.session, msgs...))
}

func (p *redisProbe) claim(views ...string) flashgin.Claim {
	p.t.Helper()
	claim, err := p.store.Claim(p.t.Context(), p.session, views, time.Minute)
	require.NoError(p.t, err)
	return claim
}

func (p *redisProbe) confirm(claim flashgin.Claim) {
	p.t.Helper()
	require.NoError(p.t, p.store.Confirm(p.t.Context(), claim))
}

func (p *redisProbe) release(claim flashgin.Claim) {
	p.t.Helper()
	require.NoError(p.t, p.store.Release(p.t.Context(), claim))
}

func (p *redisProbe) peek(views ...string) []string {
	p.t.Helper()
	msgs, err := p.store.Peek(p.t.Context(), p.session, views)
	require.NoError(p.t, err)
	return apptest.Texts(msgs)
}

// keys returns the names of all keys of the server.
func (p *redisProbe) keys() []string {
	p.t.Helper()
	keys, err := p.client.Keys(p.t.Context(), "*").Result()
	require.NoError(p.t, err)
	return keys
}

// calls are all calls of the store that go to the server. Those that settle are given the claim.
func (p *redisProbe) calls(claim flashgin.Claim) []redisOperation {
	views := []string{"/a", "/b", flashgin.Anywhere}
	return []redisOperation{
		{"Add", 1, func(ctx context.Context) error {
			return p.store.Add(ctx, p.session, redisMessage("/a", "one"), redisMessage("/a", "two"))
		}},
		{"Add at two views", 2, func(ctx context.Context) error {
			return p.store.Add(ctx, p.session, redisMessage("/a", "one"), redisMessage("/b", "two"))
		}},
		{"Claim", 1, func(ctx context.Context) error {
			_, err := p.store.Claim(ctx, p.session, views[:1], time.Minute)
			return err
		}},
		{"Claim at three views", p.scripts(3), func(ctx context.Context) error {
			_, err := p.store.Claim(ctx, p.session, views, time.Minute)
			return err
		}},
		{"Peek", p.scripts(3), func(ctx context.Context) error {
			_, err := p.store.Peek(ctx, p.session, views)
			return err
		}},
		{"Confirm", 2, func(ctx context.Context) error { return p.store.Confirm(ctx, claim) }},
		{"Release", 2, func(ctx context.Context) error { return p.store.Release(ctx, claim) }},
		{"Withdraw", 1, func(ctx context.Context) error {
			return p.store.Withdraw(ctx, p.session, "/a", "key")
		}},
	}
}

// scripts returns how many scripts look at n views: one for each in a cluster, where a slot may be
// on its way.
func (p *redisProbe) scripts(n int) int {
	if _, cluster := p.client.(*redis.ClusterClient); cluster {
		return n
	}
	return 1
}

// A redisOperation is a call of the store that runs so many scripts.
type redisOperation struct {
	name    string
	scripts int
	call    func(context.Context) error
}

// claimed returns a claim of messages at two views.
func (p *redisProbe) claimed() flashgin.Claim {
	p.t.Helper()
	p.add("/a", "first")
	p.add("/b", "second")
	claim := p.claim("/a", "/b")
	require.Len(p.t, claim.Messages, 2)
	return claim
}

// redisCommands returns how often the server was asked for each command, without those that only
// tests and connections send.
func redisCommands(t *testing.T, server *redistest.Server) map[string]int {
	t.Helper()
	info, err := server.Client().Info(t.Context(), "commandstats").Result()
	require.NoError(t, err)
	counts := map[string]int{}
	for line := range strings.Lines(info) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "cmdstat_"), ":calls=")
		if !ok || strings.HasPrefix(name, "info") || strings.HasPrefix(name, "hello") ||
			strings.HasPrefix(name, "client") ||
			strings.HasPrefix(name, "auth") {
			continue
		}
		var n int
		_, err := fmt.Sscan(strings.SplitN(rest, ",", 2)[0], &n)
		require.NoError(t, err)
		counts[name] = n
	}
	return counts
}

// redisScripts returns how many scripts the server was asked to run.
func redisScripts(t *testing.T, server *redistest.Server) int {
	t.Helper()
	counts := redisCommands(t, server)
	return counts["evalsha"] + counts["eval"]
}
