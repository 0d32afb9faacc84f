package redis_test

import (
	"crypto/rand"
	"strings"
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

// A claim that took one message with a generated ID is confirmed by a short script, which trusts
// the ticket to name it. What the ticket does not name is nobody's to remove.
func TestRedisConfirmOne(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p := newRedisProbe(t, server.Client())
	ctx := t.Context()

	t.Run("the ticket names the message", func(t *testing.T) {
		p.add("/a", "one")
		claim := p.claim("/a")
		_, id, _ := strings.Cut(claim.Tickets["/a"], ".")
		assert.Equal(t, claim.Messages[0].ID, id)
		for _, other := range []string{"f-" + rand.Text(), id[:3], id + "A", ""} {
			p.confirm(flashgin.Claim{Session: claim.Session,
				Messages: flashgin.Messages{{View: "/a", ID: other}}, Tickets: claim.Tickets})
		}
		p.release(claim)
		assert.Equal(t, []string{"one"}, p.peek("/a"),
			"after other IDs were confirmed with its ticket")
		p.confirm(p.claim("/a"))
		assert.Empty(t, p.peek("/a"))
	})
	t.Run("not one of two", func(t *testing.T) {
		p.add("/a", "first", "second")
		claim := p.claim("/a")
		assert.NotContains(t, claim.Tickets["/a"], ".")
		p.confirm(flashgin.Claim{Session: claim.Session, Messages: claim.Messages[:1],
			Tickets: claim.Tickets})
		p.release(claim)
		assert.Equal(t, []string{"second"}, p.peek("/a"))
		p.confirm(p.claim("/a"))
	})
	t.Run("not beside what cannot be read", func(t *testing.T) {
		p.add("/b", "readable", "broken")
		var key string
		for _, k := range p.keys() {
			if strings.HasSuffix(k, ":/b") {
				key = k
			}
		}
		entry := p.client.ZRange(ctx, key, 1, 1).Val()[0]
		broken := strings.Replace(entry, `"text":`, `"text":7,`, 1)
		require.NoError(t, p.client.ZAdd(ctx, key,
			redis.Z{Score: p.client.ZScore(ctx, key, entry).Val(), Member: broken}).Err())
		require.NoError(t, p.client.ZRem(ctx, key, entry).Err())
		p.confirm(p.claim("/b"))
		assert.Len(t, p.reported(), 1)
		assert.Negative(t, p.client.ZScore(ctx, key, broken).Val(),
			"an entry that was claimed with it, and could not be read")
	})
	t.Run("beside one that came later", func(t *testing.T) {
		p.session += "2"
		p.add("/a", "one")
		claim := p.claim("/a")
		p.add("/a", "later")
		p.confirm(claim)
		assert.Equal(t, []string{"later"}, p.peek("/a"))
		addresses := 0
		for _, key := range p.keys() {
			if p.client.ZCount(ctx, key, "0", "+inf").Val() > 0 {
				addresses++
				assert.Greater(t, p.client.PTTL(ctx, key).Val(), 23*time.Hour,
					"the address ends before what waits there")
			}
		}
		assert.Equal(t, 1, addresses)
	})
	t.Run("not one with an ID of a job", func(t *testing.T) {
		job := redisMessage("/c", "of a job")
		job.ID = "job"
		require.NoError(t, p.store.Add(ctx, p.session, job))
		claim := p.claim("/c")
		assert.NotContains(t, claim.Tickets["/c"], ".")
		p.confirm(claim)
		require.NoError(t, p.store.Add(ctx, p.session, job))
		assert.Empty(t, p.peek("/c"))
	})
}

// The ID of such a message is remembered until ten seconds after the end of the lease, and the
// address that held nothing else lives for ten seconds.
func TestRedisConfirmOneRemembers(t *testing.T) {
	t.Parallel()
	server, p := frozenRedis(t)
	now := time.Now()
	pass := func(d time.Duration) { now = now.Add(d); server.SetTime(now) }
	pass(0)
	m := redisMessage("/a", "shown")
	require.NoError(t, p.store.Add(t.Context(), p.session, m))
	claim := p.claim("/a") // for a minute
	pass(30 * time.Second)
	p.confirm(claim)
	assert.Equal(t, 10*time.Second, p.client.PTTL(t.Context(), p.keys()[0]).Val())
	p.add("/a", "another, so that the address goes on")
	again := func() int {
		require.NoError(t, p.store.Add(t.Context(), p.session, m))
		return len(p.peek("/a"))
	}
	pass(40*time.Second - time.Millisecond)
	assert.Equal(t, 1, again(), "before ten seconds have passed since the end of the lease")
	pass(2 * time.Millisecond)
	assert.Equal(t, 2, again(), "after that")
}

// A confirmation that comes late, which this machine's clock does not see, harms no newer claim.
func TestRedisConfirmOneLate(t *testing.T) {
	t.Parallel()
	server, p := frozenRedis(t)
	server.SetTime(time.Now())
	p.add("/a", "shown")
	late := p.claim("/a")
	server.SetTime(time.Now().Add(time.Hour))
	newer := p.claim("/a")
	require.Len(t, newer.Messages, 1)
	p.confirm(late)
	p.release(newer)
	assert.Equal(t, []string{"shown"}, p.peek("/a"))
	key := p.keys()[0]
	assert.EqualValues(t, 1, p.client.ZCard(t.Context(), key).Val(),
		"it remembers the ID of a message that waits")
	require.NoError(t, p.client.Del(t.Context(), key).Err())
	p.confirm(late)
	assert.Empty(t, p.keys(), "it leaves a key that nothing would ever end")
}

// Nor does it make the store forget earlier that the message was shown.
func TestRedisConfirmOneLateRemembers(t *testing.T) {
	t.Parallel()
	server, p := frozenRedis(t)
	start := time.Now()
	server.SetTime(start)
	m := redisMessage("/a", "shown")
	require.NoError(t, p.store.Add(t.Context(), p.session, m))
	late := p.claim("/a")
	require.Len(t, late.Messages, 1)
	server.SetTime(start.Add(time.Hour))
	newer := p.claim("/a") // whose lease ends an hour later
	require.Len(t, newer.Messages, 1)
	p.confirm(newer)
	p.confirm(late)
	require.NoError(t, p.store.Add(t.Context(), p.session, m)) // again, as after a lost reply
	assert.Empty(t, p.peek("/a"))
}

// With full memory, too.
func TestRedisConfirmOneLateRemembersWithFullMemory(t *testing.T) {
	t.Parallel()
	p := newRedisProbe(t, redistest.Start(t, "maxmemory-policy noeviction").Client())
	ctx := t.Context()
	p.add("/a", "shown")
	given := p.claim("/a") // back, and confirmed all the same
	p.release(given)
	newer, err := p.store.Claim(ctx, p.session, []string{"/a"}, time.Hour)
	require.NoError(t, err)
	require.Len(t, newer.Messages, 1)
	require.NoError(t, p.client.(*redis.Client).ConfigSet(ctx, "maxmemory", "1").Err())
	p.confirm(newer)
	remembered := func() float64 {
		return p.client.ZScore(ctx, p.keys()[0], "~"+newer.Messages[0].ID).Val()
	}
	before := remembered()
	require.NotZero(t, before)
	p.confirm(given)
	assert.Equal(t, before, remembered())
}

// At an address that never gets empty, the IDs of what was shown do not pile up.
func TestRedisConfirmOneIsBounded(t *testing.T) {
	testrun.Soak(t)
	t.Parallel()
	server, p := frozenRedis(t)
	start := time.Now()
	server.SetTime(start)
	p.add("/a", "on its way to a page for hours")
	_, err := p.store.Claim(t.Context(), p.session, []string{"/a"}, 10*time.Hour)
	require.NoError(t, err)
	for i := range 300 {
		server.SetTime(start.Add(time.Duration(i) * time.Second))
		p.add("/a", "text")
		claim, err := p.store.Claim(t.Context(), p.session, []string{"/a"}, time.Second)
		require.NoError(t, err)
		require.Equal(t, []string{"text"}, apptest.Texts(claim.Messages))
		p.confirm(claim)
	}
	assert.LessOrEqual(t, p.client.ZCard(t.Context(), p.keys()[0]).Val(), int64(70))
}
