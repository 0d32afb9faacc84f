package redis_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
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
	"github.com/flashgin/flashgin/storetest"
)

// What was sent may have been executed, so it is not sent again: go-redis would, up to three times,
// and report the last result, such as a claim that finds nothing because the first one took it.
func TestRedisLostReply(t *testing.T) {
	t.Parallel()
	for _, verdict := range []struct {
		name string
		redistest.Verdict
	}{{"cut", redistest.Cut}, {"swallowed", redistest.Swallow}} {
		t.Run(verdict.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			proxy := redistest.StartProxy(t, server.Addr())
			opt := &redis.Options{Addr: proxy.Addr()}
			if verdict.Verdict == redistest.Swallow {
				opt.ReadTimeout = time.Second
			}
			client := redis.NewClient(opt)
			t.Cleanup(func() { _ = client.Close() })
			lostReplies(t, server.Client(), client, verdict.Verdict, []*redistest.Server{server},
				[]*redistest.Proxy{proxy})
		})
	}
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		cluster := redistest.StartCluster(t, 3)
		var proxies []*redistest.Proxy
		through := map[string]string{}
		for _, server := range cluster.Servers {
			proxy := redistest.StartProxy(t, server.Addr())
			proxies = append(proxies, proxy)
			through[server.Addr()] = proxy.Addr()
		}
		client := cluster.ClientWith(&redis.ClusterOptions{
			Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, through[addr])
			},
		})
		lostReplies(t, cluster.Client(), client, redistest.Cut, cluster.Servers, proxies)
	})
}

// lostReplies loses replies to a client that is behind proxies. Another client, which has more
// time, does what comes before.
func lostReplies(
	t *testing.T, direct, behind redis.UniversalClient, verdict redistest.Verdict,
	servers []*redistest.Server, proxies []*redistest.Proxy,
) {
	p, losing := newRedisProbe(t, direct), newRedisProbe(t, behind)
	losing.session = p.session
	executed := func() (n int) {
		for _, server := range servers {
			n += redisScripts(t, server)
		}
		return n
	}
	for _, operation := range p.calls(p.claimed()) {
		require.NoError(t, operation.call(t.Context())) // the servers know the script now
	}
	for i := range p.calls(flashgin.Claim{}) {
		p.confirm(p.claim("/a", "/b", flashgin.Anywhere))
		operation := losing.calls(p.claimed())[i]
		before := executed()
		var lost atomic.Int32
		for _, proxy := range proxies {
			proxy.Judge(func(reply []byte) redistest.Verdict {
				if !bytes.ContainsAny(reply[:1], ":$_") { // of a new connection
					return redistest.Pass
				}
				lost.Add(1)
				return verdict
			})
		}
		err := operation.call(t.Context())
		for _, proxy := range proxies {
			proxy.Judge(nil)
		}
		assert.Error(t, err, operation.name)
		assert.Positive(t, lost.Load(), operation.name)
		assert.Equal(t, operation.scripts, executed()-before, "scripts that %s ran", operation.name)
	}
}

// No attempt of Withdraw arrives late, beside another: it would remove what was added since.
func TestWithdrawIsLate(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	m := apptest.NewMessenger(t, flashgin.Config{Store: apptest.NewRedisStore(t, client)})
	add := func(text string) {
		message := flashgin.Message{View: "/imports", Text: text, Key: "import"}
		require.NoError(t, m.Add(t.Context(), "session", message))
	}
	add("50 %")
	proxy.Delay(900 * time.Millisecond) // for what is sent from now on
	quick := time.AfterFunc(300*time.Millisecond, func() { proxy.Delay(0) })
	defer quick.Stop()
	require.NoError(t, m.Withdraw(t.Context(), "session", "/imports", "import"))
	add("done")
	time.Sleep(time.Second) // whatever was sent has arrived
	waiting, err := m.Peek(t.Context(), "session", "/imports")
	require.NoError(t, err)
	assert.Equal(t, []string{"done"}, apptest.Texts(waiting))
}

// An add whose reply was lost is tried again by the guard. Shown meanwhile or not, the message is
// shown once.
func TestRedisAddAgainAfterLostReply(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	p := newRedisProbe(t, client)
	p.confirm(p.claimed())

	m := redisMessage("/a", "once")
	proxy.Judge(func([]byte) redistest.Verdict { return redistest.Cut })
	require.Error(t, p.store.Add(t.Context(), p.session, m))
	proxy.Judge(nil)
	require.NoError(t, p.store.Add(t.Context(), p.session, m))
	claim := p.claim("/a")
	assert.Equal(t, []string{"once"}, apptest.Texts(claim.Messages))
	require.NoError(t, p.store.Add(t.Context(), p.session, m))
	p.confirm(claim)
	require.NoError(t, p.store.Add(t.Context(), p.session, m))
	assert.Empty(t, p.peek("/a"))
}

// scriptless makes the server forget all scripts before each call.
type scriptless struct {
	flashgin.Store
	forget func()
}

func (s scriptless) Add(ctx context.Context, session string, msgs ...flashgin.Message) error {
	s.forget()
	return s.Store.Add(ctx, session, msgs...)
}

func (s scriptless) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (flashgin.Claim, error) {
	s.forget()
	return s.Store.Claim(ctx, session, views, lease)
}

func (s scriptless) Confirm(ctx context.Context, claim flashgin.Claim) error {
	s.forget()
	return s.Store.Confirm(ctx, claim)
}

func (s scriptless) Release(ctx context.Context, claim flashgin.Claim) error {
	s.forget()
	return s.Store.Release(ctx, claim)
}

func (s scriptless) Peek(
	ctx context.Context, session string, views []string,
) (flashgin.Messages, error) {
	s.forget()
	return s.Store.Peek(ctx, session, views)
}

func (s scriptless) Withdraw(ctx context.Context, session, view, key string) error {
	s.forget()
	return s.Store.Withdraw(ctx, session, view, key)
}

// A server that knows no script, as after a restart, is sent it in full: the store behaves as ever.
func TestRedisScriptFlush(t *testing.T) {
	testrun.Soak(t)
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client()
	admin := server.Client()
	storetest.Run(t, func(t *testing.T, ttl time.Duration, cap int) flashgin.Store {
		store := apptest.NewRedisStoreWith(t, client, flashgin.RedisConfig{TTL: ttl, Cap: cap})
		return scriptless{
			store,
			func() { assert.NoError(t, admin.ScriptFlush(context.Background()).Err()) },
		}
	})
	assert.Greater(t, redisCommands(t, server)["eval"], 1000)
}

// The messages of one Add keep their order over all views, also where the server knows no script:
// none may be sent a second time after others.
func TestRedisOrderWithoutScripts(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p := newRedisProbe(t, server.Client())
	other := newRedisProbe(t, server.Client())
	p.client.AddHook(beforeEach(func(i int) {
		if i%2 == 0 {
			require.NoError(t, other.client.ScriptFlush(t.Context()).Err())
		} else {
			other.add("/a", "so that the server learns the script")
		}
	}))
	var msgs []flashgin.Message
	var want []string
	for i := range 6 {
		msgs = append(msgs, redisMessage([]string{"/a", "/b"}[i%2], fmt.Sprint(i)))
		want = append(want, fmt.Sprint(i))
	}
	require.NoError(t, p.store.Add(t.Context(), p.session, msgs...))
	assert.Equal(t, want, p.peek("/a", "/b"))
}

// beforeEach sends each command of a pipeline by itself, after a call of the function.
type beforeEach func(i int)

func (beforeEach) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (beforeEach) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (f beforeEach) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if !strings.HasPrefix(cmds[0].Name(), "eval") { // a new connection
			return next(ctx, cmds)
		}
		var first error
		for i, cmd := range cmds {
			f(i)
			first = cmp.Or(first, next(ctx, []redis.Cmder{cmd}))
		}
		return first
	}
}

// Neither names of keys, nor errors, nor what the server logs may give away a session: it opens a
// visitor's mailbox.
func TestRedisKeepsSessionsSecret(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "slowlog-log-slower-than 0", "slowlog-max-len 10000")
	client := server.ClientWith(&redis.Options{MaxRetries: -1, DialerRetries: 1})
	p := newRedisProbeWith(t, client, flashgin.RedisConfig{App: "shop", Cap: 2})
	ctx := t.Context()
	secret := rand.Text()
	p.session = secret

	var texts []string
	run := func() {
		for i := range p.calls(flashgin.Claim{}) {
			claim, _ := p.store.Claim(ctx, p.session, []string{"/a", "/b"}, time.Nanosecond)
			if err := p.calls(claim)[i].call(ctx); err != nil {
				texts = append(texts, err.Error())
			}
		}
		_, err := p.store.Purge(ctx, 0)
		if err != nil {
			texts = append(texts, err.Error())
		}
		texts = append(texts, p.reported()...)
	}
	run()
	run()
	require.NotEmpty(t, p.keys())
	for _, key := range p.keys() {
		require.NoError(t, p.client.Set(ctx, key, "wrong type", 0).Err())
		texts = append(texts, key)
	}
	run()
	logs, err := p.client.SlowLogGet(ctx, -1).Result()
	require.NoError(t, err)
	assert.Greater(t, len(logs), 20)
	for _, log := range logs {
		texts = append(texts, strings.Join(log.Args, " "))
	}
	server.Kill()
	run()
	assert.Greater(t, len(texts), 40)
	for _, text := range texts {
		assert.NotContains(t, text, secret)
	}
}

// What could be claimed is shown, even when other views fail.
func TestRedisSomeViewsFail(t *testing.T) {
	t.Parallel()
	client := redistest.StartCluster(t, 3).Client()
	p := newRedisProbe(t, client)
	ctx := t.Context()
	p.add("/a", "first")
	p.add("/b", "second")
	p.claim("/c")
	hook := &failReplies{}
	client.AddHook(hook)

	hook.views = []string{"/b", "/c"}
	claim := p.claim("/a", "/b", "/c")
	assert.Equal(t, []string{"first"}, apptest.Texts(claim.Messages))
	errs := p.reported()
	if assert.Len(t, errs, 1) {
		assert.Equal(t, "flashgin: redis: claim of some views: line lost", errs[0])
	}
	hook.views = []string{"/a", "/b", "/c"}
	_, err := p.store.Claim(ctx, p.session, hook.views, time.Minute)
	assert.EqualError(t, err, "flashgin: redis: claim: line lost")
	assert.ErrorIs(t, err, errLineLost)
	_, err = p.store.Peek(ctx, p.session, hook.views)
	assert.ErrorIs(t, err, errLineLost)
	assert.ErrorIs(t, p.store.Confirm(ctx, claim), errLineLost)
	assert.ErrorIs(t, p.store.Add(ctx, p.session, redisMessage("/a", "third")), errLineLost)
	assert.Empty(t, p.reported(), "what is returned is not reported as well")
}

var errLineLost = errors.New("line lost")

// failReplies loses the replies to scripts at some views.
type failReplies struct{ views []string }

func (*failReplies) DialHook(next redis.DialHook) redis.DialHook { return next }

func (f *failReplies) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		for _, view := range f.views {
			if args := cmd.Args(); len(args) > 3 &&
				strings.HasSuffix(fmt.Sprint(args[3]), ":"+view) {
				err = errLineLost
			}
		}
		return err
	}
}

func (*failReplies) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
