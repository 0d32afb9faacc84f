package redis_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
)

// After everything was shown, an address ends with the IDs that it remembers.
func TestRedisLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p := newRedisProbeWith(t, server.Client(), flashgin.RedisConfig{App: "shop", Cap: 3})
	ctx := t.Context()
	longest := func() (longest time.Duration) {
		for _, key := range p.keys() {
			life := p.client.PTTL(ctx, key).Val()
			require.NotEqual(t, time.Duration(-1), life, "a key without an end")
			longest = max(longest, life)
		}
		return longest
	}
	views := []string{"/a", "/b", "/c", "/d", "/e", flashgin.Anywhere}
	keyed := func(view, text string) flashgin.Message {
		m := redisMessage(view, text)
		m.Key = "export"
		return m
	}
	brief := redisMessage("/d", "brief")
	brief.TTL = time.Hour

	p.add("/a", "shown")
	p.add("/b", "1", "2", "3", "4", "5") // more than the cap
	require.NoError(t, p.store.Add(ctx, p.session, keyed("/c", "50 %"), keyed("/c", "done"), brief,
		keyed("/e", "withdrawn")))
	p.add(flashgin.Anywhere, "released before it is shown")
	assert.Greater(t, longest(), 23*time.Hour)
	p.release(p.claim(views...))
	require.NoError(t, p.store.Withdraw(ctx, p.session, "/e", "export"))
	claim := p.claim(views...)
	require.Len(t, claim.Messages, 7)
	p.confirm(claim)
	assert.LessOrEqual(t, longest(), 10*time.Second)
	assert.Positive(t, longest(), "IDs are remembered")

	given := redisMessage("/a", "of a job")
	given.ID, given.TTL = "job 1", 5*time.Minute
	require.NoError(t, p.store.Add(ctx, p.session, given))
	p.confirm(p.claim("/a"))
	assert.Greater(t, longest(), 4*time.Minute)
	assert.LessOrEqual(t, longest(), 5*time.Minute)
	p.add("/a", "shown after it")
	p.confirm(p.claim("/a"))
	assert.Greater(t, longest(), 4*time.Minute)
	assert.LessOrEqual(t, longest(), 5*time.Minute)

	p.session += "2"
	p.add("/a", "to be purged")
	n, err := p.store.Purge(ctx, 0)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.LessOrEqual(t, longest(), 5*time.Minute)
}

// Nor does an address stay because of a message that nobody saw before its TTL ended.
func TestRedisLeavesNoEndedMessageBehind(t *testing.T) {
	t.Parallel()
	server, p := frozenRedis(t)
	ctx := t.Context()
	p.add("/a", "shown")
	claim := p.claim("/a")
	brief := redisMessage("/a", "brief")
	brief.TTL = time.Minute
	require.NoError(t, p.store.Add(ctx, p.session, brief))
	p.confirm(claim)
	claimed := redisMessage("/b", "brief, and on its way to a page for too long")
	claimed.TTL = time.Minute
	require.NoError(t, p.store.Add(ctx, p.session, claimed))
	late := p.claim("/b")
	require.Len(t, late.Messages, 1)
	server.SetTime(time.UnixMicro(1732334400123456).Add(2 * time.Minute))
	p.release(late)
	assert.Empty(t, p.claim("/a").Messages)
	require.Len(t, p.keys(), 1)
	for _, key := range p.keys() {
		assert.LessOrEqual(t, p.client.PTTL(ctx, key).Val(), 10*time.Second)
	}
}

// A message with a TTL of its own does not keep its address for longer than it needs.
func TestRedisKeyOfBriefMessages(t *testing.T) {
	t.Parallel()
	p := newRedisProbe(t, redistest.Start(t).Client())
	ctx := t.Context()
	life := func() time.Duration { return p.client.PTTL(ctx, p.keys()[0]).Val() }
	brief := redisMessage("/a", "brief")
	brief.TTL = time.Minute
	require.NoError(t, p.store.Add(ctx, p.session, brief))
	assert.Greater(t, life(), 50*time.Second)
	assert.LessOrEqual(t, life(), 70*time.Second)
	less := redisMessage("/a", "less brief")
	less.TTL = time.Hour
	require.NoError(t, p.store.Add(ctx, p.session, less))
	brief.ID += "2"
	require.NoError(t, p.store.Add(ctx, p.session, brief))
	assert.Greater(t, life(), 59*time.Minute)
	assert.Less(t, life(), 2*time.Hour)
	p.add("/a", "as long as the store's TTL")
	brief.ID += "3"
	require.NoError(t, p.store.Add(ctx, p.session, brief))
	assert.Greater(t, life(), 23*time.Hour)
}

// The key of an address at which nothing is left lives until it may forget the ID of a job's
// message.
func TestRedisKeyOfARememberedID(t *testing.T) {
	t.Parallel()
	_, p := frozenRedis(t)
	job := redisMessage("/a", "of a job")
	job.ID, job.TTL = "job", time.Hour
	require.NoError(t, p.store.Add(t.Context(), p.session, job))
	p.confirm(p.claim("/a"))
	assert.Equal(t, time.Hour, p.client.PTTL(t.Context(), p.keys()[0]).Val())
}

// Only Add prolongs the life of a key.
func TestRedisKeyLife(t *testing.T) {
	t.Parallel()
	p := newRedisProbe(t, redistest.Start(t).Client())
	ctx := t.Context()
	p.add("/a", "first", "second", "third")
	key := p.keys()[0]
	require.NoError(t, p.client.PExpire(ctx, key, 5*time.Second).Err())
	check := func(call string) {
		t.Helper()
		assert.LessOrEqual(t, p.client.PTTL(ctx, key).Val(), 5*time.Second, call)
	}
	claim := p.claim("/a")
	require.Len(t, claim.Messages, 3)
	check("Claim")
	p.confirm(flashgin.Claim{Session: claim.Session, Messages: claim.Messages[:1],
		Tickets: claim.Tickets})
	check("Confirm")
	p.release(claim)
	check("Release")
	p.peek("/a")
	check("Peek")
	require.NoError(t, p.store.Withdraw(ctx, p.session, "/a", "key"))
	check("Withdraw")
	p.add("/a", "fourth")
	assert.Greater(t, p.client.PTTL(ctx, key).Val(), 23*time.Hour, "Add")
}

// Numbers of 16 digits must survive Lua, whose tostring keeps 14.
func TestRedisScores(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for name, client := range map[string]redis.UniversalClient{
		"miniredis": apptest.StartMiniredis(t), "server": server.Client(),
	} {
		t.Run(name, func(t *testing.T) {
			p := newRedisProbe(t, client)
			ctx := t.Context()
			before := time.Now()
			p.add("/a", "first") // a script has a short way for the first message of an address
			p.add("/a", "second", "third")
			after := time.Now()
			key := p.keys()[0]
			entries := func() []redis.Z {
				list, err := client.ZRangeWithScores(ctx, key, 0, -1).Result()
				require.NoError(t, err)
				require.Len(t, list, 3)
				return list
			}
			var added []float64
			for _, z := range entries() {
				micros, err := strconv.ParseInt(z.Member.(string)[:16], 10, 64)
				require.NoError(t, err)
				assert.Equal(t, float64(micros), z.Score)
				assert.WithinRange(t, time.UnixMicro(micros), before.Add(-time.Second),
					after.Add(time.Second))
				added = append(added, z.Score)
			}
			claim := p.claim("/a")
			ticket, err := strconv.ParseFloat(claim.Tickets["/a"], 64)
			require.NoError(t, err)
			assert.Len(t, claim.Tickets["/a"], 16)
			for _, z := range entries() {
				assert.Equal(t, -ticket, z.Score)
			}
			p.release(claim)
			for i, z := range entries() {
				assert.Equal(t, added[i], z.Score, "released into its old place")
			}
			p.confirm(p.claim("/a"))
			for _, z := range entries() {
				micros := (-z.Score - 5e15) * 10
				assert.True(t, strings.HasPrefix(z.Member.(string), "~f-"))
				assert.WithinRange(t, time.UnixMicro(int64(micros)), before.Add(-time.Second),
					time.Now().Add(time.Second))
			}
		})
	}
}

// A clock that stands still, or goes back, changes neither the order nor what a claim holds.
func TestRedisClockStands(t *testing.T) {
	t.Parallel()
	server, p := frozenRedis(t)
	views := []string{"/b", "/a"}
	var want []string
	for i := range 20 {
		want = append(want, fmt.Sprint(i))
		p.add(views[i%2], fmt.Sprint(i))
	}
	assert.Equal(t, want, p.peek(views...))
	require.NoError(t, p.store.Add(t.Context(), p.session, redisMessage("/a", "20"),
		redisMessage("/b", "21"), redisMessage("/a", "22")))
	want = append(want, "20", "21", "22")
	assert.Equal(t, want, p.peek(views...))

	settled := p.claim(views...)
	p.release(settled)
	newer := p.claim(views...)
	assert.Equal(t, want, apptest.Texts(newer.Messages))
	p.confirm(settled)
	p.release(settled)
	assert.Empty(t, p.peek(views...), "a settled claim touched a newer one")
	p.release(newer)
	assert.Equal(t, want, p.peek(views...))

	// More claims whose leases end in the same microsecond: their spread grows by two, for the
	// claim and the add.
	p.session += "2"
	p.add("/a", "first")
	mark := func(claim flashgin.Claim) string {
		mark, _, _ := strings.Cut(claim.Tickets["/a"], ".")
		return mark
	}
	first := mark(p.claim("/a"))
	p.add("/a", "second")
	tickets := map[string]bool{first: true}
	for i := range 5 {
		claim, err := p.store.Claim(t.Context(), p.session, []string{"/a"},
			time.Minute-time.Duration(2*i+2)*time.Microsecond)
		require.NoError(t, err)
		require.Len(t, claim.Messages, 1)
		require.False(t, tickets[mark(claim)], "two claims with one mark")
		p.add("/a", "another")
	}

	server.SetTime(time.UnixMicro(1732334400123456).Add(-time.Hour))
	p.session += "2"
	p.add("/a", "first")
	server.SetTime(time.UnixMicro(1732334400123456).Add(-2 * time.Hour))
	p.add("/a", "second", "third")
	assert.Equal(t, []string{"first", "second", "third"}, p.peek("/a"))
}

// A generated ID is remembered for ten seconds after its message was shown, a given one until its
// TTL ends.
func TestRedisRememberedIDs(t *testing.T) {
	t.Parallel()
	server, p := frozenRedis(t)
	ctx := t.Context()
	now := time.UnixMicro(1732334400123456)
	pass := func(d time.Duration) { now = now.Add(d); server.SetTime(now) }
	waiting := func(m flashgin.Message) int {
		require.NoError(t, p.store.Add(ctx, p.session, m))
		return len(p.peek(m.View))
	}

	generated := redisMessage("/a", "generated")
	require.NoError(t, p.store.Add(ctx, p.session, generated))
	p.confirm(p.claim("/a"))
	pass(10*time.Second - time.Millisecond)
	assert.Zero(t, waiting(generated), "before 10 s have passed")
	pass(2 * time.Millisecond)
	assert.Equal(t, 1, waiting(generated), "after 10 s")

	both := []flashgin.Message{redisMessage("/both", "first"), redisMessage("/both", "second")}
	require.NoError(t, p.store.Add(ctx, p.session, both...))
	p.confirm(p.claim("/both"))
	pass(10*time.Second - time.Millisecond)
	assert.Zero(t, waiting(both[0]), "one of two, before 10 s have passed")
	pass(2 * time.Millisecond)
	assert.Equal(t, 1, waiting(both[0]), "one of two, after 10 s")

	job := redisMessage("/b", "of a job")
	job.ID, job.TTL = "job", time.Hour
	require.NoError(t, p.store.Add(ctx, p.session, job))
	pass(59 * time.Minute)
	p.confirm(p.claim("/b"))
	pass(time.Minute - time.Millisecond)
	assert.Zero(t, waiting(job), "before its TTL has passed")
	pass(2 * time.Millisecond)
	assert.Equal(t, 1, waiting(job), "after its TTL")

	// which waits for longer than its TTL, for the address got others
	prolonged := redisMessage("/d", "of a job")
	prolonged.ID = "job"
	require.NoError(t, p.store.Add(ctx, p.session, prolonged))
	pass(20 * time.Hour)
	p.add("/d", "another")
	pass(10 * time.Hour)
	p.confirm(p.claim("/d"))
	pass(10*time.Second - time.Millisecond)
	assert.Zero(t, waiting(prolonged),
		"after its TTL, but before 10 s have passed since it was shown")
	pass(2 * time.Millisecond)
	assert.Equal(t, 1, waiting(prolonged), "after that")

	almost := redisMessage("/c", "almost generated")
	almost.ID = "f-" + strings.Repeat("1", 26) // not a digit of base 32
	require.NoError(t, p.store.Add(ctx, p.session, almost))
	p.confirm(p.claim("/c"))
	pass(time.Hour)
	assert.Zero(t, waiting(almost), "a given ID after an hour")
}

// A message whose TTL ended while it waited is not in the way of the same message, added again by
// the next run of its job.
func TestRedisIDOfAMessageThatNobodySaw(t *testing.T) {
	t.Parallel()
	server, p := frozenRedis(t)
	job := redisMessage("/a", "of a job")
	job.ID, job.TTL = "job", time.Hour
	for run := range 3 {
		server.SetTime(time.UnixMicro(1732334400123456).Add(
			time.Duration(run) * (time.Hour + time.Millisecond)))
		require.NoError(t, p.store.Add(t.Context(), p.session, job, job))
		assert.Equal(t, []string{"of a job"}, p.peek("/a"))
		assert.EqualValues(t, 1, p.client.ZCard(t.Context(), p.keys()[0]).Val())
	}
}

// The cap counts what waits: not what a page has claimed, until its lease ends.
func TestRedisCapAndClaims(t *testing.T) {
	t.Parallel()
	server, frozen := frozenRedis(t)
	p := newRedisProbeWith(t, frozen.client, flashgin.RedisConfig{Cap: 2})
	p.add("/a", "1", "2")
	p.claim("/a") // for a minute
	p.add("/a", "3", "4")
	assert.Equal(t, []string{"3", "4"}, p.peek("/a"))
	assert.Empty(t, p.reported())
	server.SetTime(time.UnixMicro(1732334400123456).Add(2 * time.Minute))
	assert.Equal(t, []string{"1", "2", "3", "4"}, p.peek("/a"))
	p.add("/a", "5")
	assert.Equal(t, []string{"4", "5"}, p.peek("/a"))
	reported := p.reported()
	require.Len(t, reported, 1)
	assert.Contains(t, reported[0], `dropped the 3 oldest messages at "/a"`)
}

// Remembered IDs do not pile up at a busy address, and are not read when a page looks for messages.
func TestRedisRememberedIDsAreBounded(t *testing.T) {
	t.Parallel()
	server, p := frozenRedis(t)
	key := ""
	for i := range 100 {
		p.add("/a", "text")
		p.confirm(p.claim("/a"))
		key = p.keys()[0]
		server.SetTime(time.UnixMicro(1732334400123456).Add(time.Duration(i) * time.Second))
	}
	assert.LessOrEqual(t, p.client.ZCard(t.Context(), key).Val(), int64(70))
}

// A thousand IDs of jobs do not push out the generated ID of a message that was just shown, nor do
// generated IDs push out those of jobs.
func TestRedisRememberedIDsOfBothKinds(t *testing.T) {
	t.Parallel()
	_, frozen := frozenRedis(t)
	p := newRedisProbeWith(t, frozen.client, flashgin.RedisConfig{Cap: 2000})
	ctx := t.Context()
	show := func(msgs ...flashgin.Message) {
		t.Helper()
		require.NoError(t, p.store.Add(ctx, p.session, msgs...))
		claim := p.claim("/a")
		require.Len(t, claim.Messages, len(msgs))
		p.confirm(claim)
	}
	rows := func(from, to int) (msgs []flashgin.Message) {
		for i := from; i < to; i++ {
			m := redisMessage("/a", "of a job")
			m.ID = fmt.Sprint("row ", i)
			msgs = append(msgs, m)
		}
		return msgs
	}
	jobs := rows(0, 1000)
	show(jobs...)
	generated := redisMessage("/a", "generated")
	generated.ID = "f-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	show(generated)
	require.NoError(t, p.store.Add(ctx, p.session, generated))
	require.Empty(t, p.peek("/a"), "a second try of its Add")

	for range 3 {
		var msgs []flashgin.Message
		for range 600 {
			msgs = append(msgs, redisMessage("/a", "generated"))
		}
		show(msgs...)
	}
	require.NoError(t, p.store.Add(ctx, p.session, jobs...))
	require.Empty(t, p.peek("/a"), "jobs that run again")
	show(rows(1000, 1600)...)
	brief := rows(1600, 1601)
	brief[0].TTL = time.Hour
	show(brief...)
	show(brief...) // forgotten, for its TTL ends first
	assert.EqualValues(t, 2000, p.client.ZCard(ctx, p.keys()[0]).Val(), "a thousand of each kind")
}

// Purge removes what waits for longer than it is told, of its own App, and nothing else.
func TestRedisPurge(t *testing.T) {
	t.Parallel()
	server, p := frozenRedis(t)
	ctx := t.Context()
	now := time.UnixMicro(1732334400123456)
	p.add("/a", "old")
	p.add("/b", "old", "older than its lease")
	old := p.claim("/b")
	p.release(flashgin.Claim{Session: old.Session, Messages: old.Messages[:1],
		Tickets: old.Tickets})
	server.SetTime(now.Add(2 * time.Hour))
	p.add("/a", "new")
	p.add("/c", "claimed")
	p.claim("/c")

	other := newRedisProbeWith(t, p.client, flashgin.RedisConfig{App: "shop2"})
	other.add("/a", "of another application")
	require.NoError(t, p.client.Set(ctx, "shop:other", "value", 0).Err())

	n, err := p.store.Purge(ctx, 3*time.Hour)
	require.NoError(t, err)
	assert.Zero(t, n)
	n, err = p.store.Purge(ctx, time.Hour)
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	assert.Equal(t, []string{"new"}, p.peek("/a", "/b", "/c"))
	n, err = p.store.Purge(ctx, 0)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Empty(t, p.peek("/a", "/b", "/c"))
	assert.Equal(t, []string{"of another application"}, other.peek("/a"))
	assert.Len(t, p.keys(), 3,
		"the claimed message, the other application's, and a key that is not ours")
	assert.Empty(t, p.reported())

	_, err = p.store.Purge(ctx, -time.Second)
	assert.ErrorContains(t, err, "olderThan is -1s")
}

// When the server's clock is set back, by an operator or by a failover to another machine, what was
// claimed, remembered or given a TTL before lasts no longer than it should have.
func TestRedisClockIsSetBack(t *testing.T) {
	t.Parallel()
	start := time.UnixMicro(1732334400123456)
	claim := func(p *redisProbe, lease time.Duration, views ...string) []string {
		claim, err := p.store.Claim(t.Context(), p.session, views, lease)
		require.NoError(t, err)
		return apptest.Texts(claim.Messages)
	}
	t.Run("claims of pages that died", func(t *testing.T) {
		for _, lease := range []time.Duration{time.Second, 10 * time.Second, 2 * time.Hour} {
			server, p := frozenRedis(t)
			p.add("/a", "older", "claimed")
			// so the messages are older than the clock's new time
			server.SetTime(start.Add(time.Hour))
			assert.Len(t, claim(p, lease, "/a"), 2)
			now := start.Add(-24 * time.Hour)
			if lease < time.Minute {
				now = start.Add(30 * time.Minute)
			}
			server.SetTime(now.Add(lease + 10*time.Millisecond))
			assert.Equal(t, []string{"older", "claimed"}, p.peek("/a"), "a lease of %v has ended",
				lease)

			// A claim from after that lasts.
			now = now.Add(lease + 10*time.Millisecond)
			assert.Len(t, claim(p, lease, "/a", "/b"), 2)
			server.SetTime(now.Add(lease - time.Millisecond))
			assert.Empty(t, claim(p, lease, "/a"))
			server.SetTime(now.Add(lease + 20*time.Millisecond))
			assert.Len(t, claim(p, lease, "/a"), 2)
		}
	})
	t.Run("by a little", func(t *testing.T) { // as NTP does: no claim is given out twice
		server, p := frozenRedis(t)
		p.add("/a", "claimed")
		assert.Len(t, claim(p, 10*time.Second, "/a"), 1)
		server.SetTime(start.Add(-3 * time.Second))
		assert.Empty(t, claim(p, 10*time.Second, "/a"))
		server.SetTime(start.Add(10*time.Second + 20*time.Millisecond))
		assert.Len(t, claim(p, 10*time.Second, "/a"), 1)
	})
	t.Run("the TTL of a message", func(t *testing.T) {
		server, p := frozenRedis(t)
		brief := redisMessage("/a", "brief")
		brief.TTL = 2 * time.Second
		require.NoError(t,
			p.store.Add(t.Context(), p.session, brief, redisMessage("/a", "lasting")))
		now := start.Add(-24 * time.Hour)
		server.SetTime(now.Add(3 * time.Second))
		assert.Equal(t, []string{"lasting"}, p.peek("/a"))

		// Beside what waits since before, a new one lives as long as it should.
		newer := redisMessage("/a", "newer")
		newer.TTL = 2 * time.Second
		require.NoError(t, p.store.Add(t.Context(), p.session, newer))
		assert.ElementsMatch(t, []string{"newer", "lasting"}, p.peek("/a"))
		server.SetTime(now.Add(6 * time.Second))
		assert.Equal(t, []string{"lasting"}, claim(p, time.Second, "/a"))
	})
	t.Run("a remembered ID", func(t *testing.T) {
		server, p := frozenRedis(t)
		job := redisMessage("/a", "of a job")
		job.ID = "job"
		require.NoError(t, p.store.Add(t.Context(), p.session, job))
		p.confirm(p.claim("/a"))
		require.NoError(t, p.store.Add(t.Context(), p.session, job))
		assert.Empty(t, p.peek("/a"), "remembered")
		server.SetTime(start.Add(-25 * time.Hour))
		require.NoError(t, p.store.Add(t.Context(), p.session, job))
		assert.Equal(t, []string{"of a job"}, p.peek("/a"))
	})
}
