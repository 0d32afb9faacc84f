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
	"github.com/flashgin/flashgin/internal/refusal"
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
			p := newRedisProbe(t, client)
			lostReplies(t, p, verdict.Verdict, []*redistest.Server{server}, []*redistest.Proxy{proxy})
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
		lostReplies(t, newRedisProbe(t, client), redistest.Cut, cluster.Servers, proxies)
	})
}

func lostReplies(
	t *testing.T, p *redisProbe, verdict redistest.Verdict, servers []*redistest.Server,
	proxies []*redistest.Proxy,
) {
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
		operation := p.calls(p.claimed())[i]
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

// A server with full memory refuses new messages. Those that wait can still be taken, confirmed,
// released and withdrawn.
func TestRedisMemoryFull(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "maxmemory-policy noeviction")
	p := newRedisProbe(t, server.Client())
	admin := server.Client()
	memory := func(limit string) { require.NoError(t, admin.ConfigSet(t.Context(), "maxmemory", limit).Err()) }

	shown := redisMessage("/a", "shown")
	require.NoError(t, p.store.Add(t.Context(), p.session, shown))
	p.add("/a", "released")
	keyed := redisMessage("/a", "withdrawn")
	keyed.Key = "export"
	require.NoError(t, p.store.Add(t.Context(), p.session, keyed))
	alone := redisMessage("/c", "alone at its view")
	require.NoError(t, p.store.Add(t.Context(), p.session, alone))
	memory("1")

	newer := redisMessage("/a", "newer")
	newer.Key = "export"
	for _, msgs := range [][]flashgin.Message{{newer}, {redisMessage("/b", "at an empty address")}, {redisMessage("/a", "x"), redisMessage("/b", "y")}} {
		err := p.store.Add(t.Context(), p.session, msgs...)
		requireRefused(t, refusal.OutOfMemory, err)
		require.ErrorContains(t, err, "memory is full")
	}
	assert.Equal(t, []string{"shown", "released", "withdrawn"}, p.peek("/a", "/b"),
		"what a refused Add left")
	claim := p.claim("/a", "/b")
	require.Equal(t, []string{"shown", "released", "withdrawn"}, apptest.Texts(claim.Messages))
	assert.Empty(t, p.peek("/a"))
	p.confirm(flashgin.Claim{Session: claim.Session, Messages: claim.Messages[:1], Tickets: claim.Tickets})
	p.release(claim)
	assert.Equal(t, []string{"released", "withdrawn"}, p.peek("/a"))
	require.NoError(t, p.store.Withdraw(t.Context(), p.session, "/a", "export"))
	assert.Equal(t, []string{"released"}, p.peek("/a"))
	claim = p.claim("/c")
	require.Len(t, claim.Messages, 1)
	p.confirm(claim)
	p.confirm(claim) // again, as after a lost reply
	n, err := p.store.Purge(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, 1, n)

	memory("0")
	require.NoError(t, p.store.Add(t.Context(), p.session, shown, keyed, alone))
	assert.Empty(t, p.peek("/a", "/c"), "IDs were remembered although memory was full")
}

// A replica answers reads with what it has; a page that found nothing there would never learn of
// its messages.
func TestRedisReplica(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	replica := redistest.StartReplica(t, master)
	p := newRedisProbe(t, replica.Client())
	claim := flashgin.Claim{
		Session:  p.session,
		Messages: flashgin.Messages{redisMessage("/a", "never there")},
		Tickets:  map[string]string{"/a": "1"},
	}
	for _, operation := range p.calls(claim) {
		err := operation.call(t.Context())
		if operation.name == "Peek" {
			assert.NoError(t, err)
			continue
		}
		requireRefused(t, refusal.ReadOnly, err, operation.name)
		assert.ErrorContains(t, err, "replica", operation.name)
	}
	claim.Tickets["/a"] = fmt.Sprintf("%d.%s", time.Now().Add(time.Minute).UnixMicro(), claim.Messages[0].ID) // of a claim of one message
	requireRefused(t, refusal.ReadOnly, p.store.Confirm(t.Context(), claim))

	onMaster := newRedisProbe(t, master.Client())
	onMaster.add("/a", "first")
	assert.Eventually(t, func() bool {
		_, err := p.store.Purge(t.Context(), time.Hour)
		return refusal.Of(err) == refusal.ReadOnly
	}, 10*time.Second, 10*time.Millisecond)
	assert.Equal(t, []string{"first"}, onMaster.peek("/a"))

	// Nor does a page there take what it sees, or believe that there is nothing because all of it
	// is claimed.
	p.session = onMaster.session
	for _, seen := range []int{1, 0} {
		require.Eventually(t, func() bool { return len(p.peek("/a")) == seen }, 10*time.Second,
			10*time.Millisecond)
		_, err := p.store.Claim(t.Context(), p.session, []string{"/a", "/b"}, time.Minute)
		requireRefused(t, refusal.ReadOnly, err, "with %d waiting", seen)
		onMaster.claim("/a")
	}
}

// A master that waits for replicas refuses messages and says why. Redis 5 and 6.0 do not apply that
// to scripts: docs/redis.md says so.
func TestRedisFewReplicas(t *testing.T) {
	server := redistest.Start(t, "min-replicas-to-write 1")
	p := newRedisProbe(t, server.Client())
	err := p.store.Add(t.Context(), p.session, redisMessage("/a", "text"))
	info, infoErr := p.client.Info(t.Context(), "server").Result()
	require.NoError(t, infoErr)
	if strings.Contains(info, "redis_version:5.") || strings.Contains(info, "redis_version:6.0.") {
		assert.NoError(t, err)
		return
	}
	requireRefused(t, refusal.FewReplicas, err)
	assert.ErrorContains(t, err, "too few replicas")
	_, err = p.store.Claim(t.Context(), p.session, []string{"/a"}, time.Minute)
	requireRefused(t, refusal.FewReplicas, err)
}

// What is no message of this version is passed over, reported without quoting it, and left where it
// is.
func TestRedisUnreadable(t *testing.T) {
	t.Parallel()
	p := newRedisProbe(t, redistest.Start(t).Client())
	ctx := t.Context()
	p.add("/a", "first")
	key := p.keys()[0]
	entry := p.client.ZRange(ctx, key, 0, 0).Val()[0]
	newer := strings.Replace(strings.Replace(entry, " 1 ", " 2 ", 1), "first", "newer", 1)
	require.NotEqual(t, entry, newer)
	place := entry[:len("1732334400123456.00000001 ")]
	unreadable := []redis.Z{
		{Score: 5, Member: newer},
		{Score: 6, Member: "garbage"},
		{Score: 7, Member: " "},
		{Score: 8, Member: "\x00\xff"},
		{Score: -9, Member: "claimed garbage"}, // of a lease that ended in 1970
		{Score: 1, Member: "1.1"},
		{Score: 1, Member: place + "1 0 0 0 "},
		{Score: 1, Member: place + "1 0 0 0 {}"},
		{Score: 1, Member: place + `1 0 0 0 {"v":99,"text":"newer inside"}`},
		{Score: 1, Member: place + `1 0 0 0 {"v":1,"text":7}`},
		{Score: 1, Member: place + `1 0 99999999999999999999 0 {"v":1}`},
		{Score: 1, Member: place + `1 0 8 8 {"v":1}`},
		{Score: 1, Member: place + "1 0 -1 0 x"},
		{Score: 1, Member: place + "1 0 0 0 \x00 short"}, // a C string would end there
		{Score: -4e15, Member: "beyond"},                 // where no message is
	}
	seen := fmt.Sprintf(" %d entries", len(unreadable)-1)
	require.EqualValues(t, len(unreadable), p.client.ZAdd(ctx, key, unreadable...).Val())
	p.add("/a", "second")

	check := func(what string, texts []string) {
		t.Helper()
		assert.Equal(t, []string{"first", "second"}, texts)
		errs := p.reported()
		if assert.Len(t, errs, 1, what) {
			assert.Contains(t, errs[0], "skipped", what)
			assert.Contains(t, errs[0], seen, what)
			assert.NotContains(t, errs[0], "newer inside")
			assert.NotContains(t, errs[0], p.session)
		}
	}
	check("Peek", p.peek("/a"))
	claim := p.claim("/a")
	check("Claim", apptest.Texts(claim.Messages))
	p.release(claim)
	p.confirm(p.claim("/a"))
	require.NoError(t, p.store.Withdraw(ctx, p.session, "/a", "key"))
	assert.Empty(t, p.peek("/a"))
	assert.EqualValues(t, 5, p.client.ZScore(ctx, key, newer).Val(),
		"what a newer flashgin wrote waits for it")
}

// A key that somebody else has made is passed over, reported, and left as it is.
func TestRedisWrongType(t *testing.T) {
	t.Parallel()
	p := newRedisProbe(t, redistest.Start(t).Client())
	ctx := t.Context()
	p.add("/a", "first")
	key := p.keys()[0]
	p.confirm(p.claim("/a"))
	require.NoError(t, p.client.Set(ctx, key, "a string", 0).Err())
	p.add("/b", "second")

	assert.Equal(t, []string{"second"}, p.peek("/a", "/b"))
	assert.Empty(t, p.peek("/a"))
	claim := p.claim("/a", "/b")
	assert.Equal(t, []string{"second"}, apptest.Texts(claim.Messages))
	p.release(claim)
	n, err := p.store.Purge(ctx, 0)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	errs := p.reported()
	assert.Len(t, errs, 4)
	for _, err := range errs {
		assert.Contains(t, err, "not a sorted set")
		assert.NotContains(t, err, key)
	}
	requireRefused(t, refusal.WrongType, p.store.Add(ctx, p.session, redisMessage("/a", "third")))
	assert.Equal(t, "a string", p.client.Get(ctx, key).Val())
}

// Purge makes room when memory is full. A Redis key of somebody else must not stop it, however the
// server puts that.
func TestRedisPurgeGoesOnPastAForeignKey(t *testing.T) {
	t.Parallel()
	const wrongType = "WRONGTYPE Operation against a key holding the wrong kind of value"
	for _, said := range []string{
		"ERR Error running script (call to f_1234): @user_script:1: " + wrongType,
		wrongType + " script: 1234, on @user_script:1.",
		wrongType + " script: on @user_script:1.",
	} {
		client := redistest.Start(t).Client()
		p := newRedisProbe(t, client)
		for i := range 20 {
			p.add(fmt.Sprint("/", i), "text")
		}
		p.add("/foreign", "text")
		for _, key := range p.keys() {
			if strings.HasSuffix(key, "/foreign") {
				require.NoError(t, client.Set(t.Context(), key, "a string", 0).Err())
			}
		}
		client.AddHook(rewordErrors{"WRONGTYPE", redisRefusal(said)})
		n, err := p.store.Purge(t.Context(), 0)
		require.NoError(t, err, said)
		assert.Equal(t, 20, n)
		reported := p.reported()
		require.Len(t, reported, 1)
		assert.Contains(t, reported[0], "not a sorted set")
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
			if args := cmd.Args(); len(args) > 3 && strings.HasSuffix(fmt.Sprint(args[3]), ":"+view) {
				err = errLineLost
			}
		}
		return err
	}
}

func (*failReplies) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
