package redis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/refusal"
)

// A server with full memory refuses new messages. Those that wait can still be taken, confirmed,
// released and withdrawn.
func TestRedisMemoryFull(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "maxmemory-policy noeviction")
	p := newRedisProbe(t, server.Client())
	admin := server.Client()
	memory := func(limit string) {
		require.NoError(t, admin.ConfigSet(t.Context(), "maxmemory", limit).Err())
	}

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
	for _, msgs := range [][]flashgin.Message{
		{newer}, {redisMessage("/b", "at an empty address")},
		{redisMessage("/a", "x"), redisMessage("/b", "y")},
	} {
		err := p.store.Add(t.Context(), p.session, msgs...)
		requireRefused(t, refusal.OutOfMemory, err)
		require.ErrorContains(t, err, "memory is full")
	}
	assert.Equal(t, []string{"shown", "released", "withdrawn"}, p.peek("/a", "/b"),
		"what a refused Add left")
	claim := p.claim("/a", "/b")
	require.Equal(t, []string{"shown", "released", "withdrawn"}, apptest.Texts(claim.Messages))
	assert.Empty(t, p.peek("/a"))
	p.confirm(flashgin.Claim{Session: claim.Session, Messages: claim.Messages[:1],
		Tickets: claim.Tickets})
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

// Requests whose messages are refused do not keep pages from asking for what waits.
func TestPagesWhileRedisMemoryIsFull(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "maxmemory-policy noeviction")
	events := new(apptest.Observed)
	a := apptest.NewApp(t, flashgin.Config{
		Store: apptest.NewRedisStore(t, server.Client()), Observer: events,
		Timeout: 10 * time.Second, AddTimeout: 10 * time.Second, // nothing but refusals fails
	})
	a.GET("/page", apptest.Page)
	a.POST("/page", func(c *gin.Context) {
		assert.NoError(t, flashgin.RedirectFlash(c, "/page", flashgin.Info("waits")))
	})
	v := a.Visitor()
	v.Post("/page")
	require.Empty(t, a.Failures.String())
	require.NoError(t, server.Client().ConfigSet(t.Context(), "maxmemory", "1").Err())
	for range 10 { // twice what would be too many in a row
		a.Visitor().Post("/page")
	}
	assert.Contains(t, a.Failures.String(), "memory is full")
	assert.Empty(t, events.Breaker())
	assert.Equal(t, "[waits]", v.Get("/page"))
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
	// of a claim of one message
	claim.Tickets["/a"] = fmt.Sprintf("%d.%s", time.Now().Add(time.Minute).UnixMicro(),
		claim.Messages[0].ID)
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
	t.Parallel()
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
