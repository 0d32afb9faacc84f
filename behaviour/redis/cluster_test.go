package redis_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/testrun"
)

// Purge reaches all masters.
func TestRedisClusterPurge(t *testing.T) {
	t.Parallel()
	p := newRedisProbe(t, redistest.StartCluster(t, 3).Client())
	const sessions = 300
	for i := range sessions {
		p.session = fmt.Sprint(i)
		p.add("/a", "first")
		p.add("/b", "second")
	}
	n, err := p.store.Purge(t.Context(), time.Hour)
	require.NoError(t, err)
	assert.Zero(t, n)
	n, err = p.store.Purge(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, 2*sessions, n)
	for i := range sessions {
		p.session = fmt.Sprint(i)
		assert.Empty(t, p.peek("/a", "/b"))
	}
}

// A slot is moved with its messages, there and back, while messages are added and shown. Each step
// lasts until messages were added and claimed in it.
func TestRedisResharding(t *testing.T) {
	testrun.Soak(t)
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	p := newRedisProbe(t, cluster.Client())
	ctx := t.Context()
	var views []string
	for i := range 10 {
		views = append(views, fmt.Sprintf("/view/%d", i))
		p.add(views[i], fmt.Sprintf("waits at %d", i))
	}
	// messages there wait until the slot has moved
	quiet := []string{"/quiet/0", "/quiet/1", "/quiet/2"}
	for _, view := range quiet {
		p.add(view, "waits at "+view)
	}

	var (
		mu           sync.Mutex
		added, shown = map[string]bool{}, map[string]int{}
		adds, claims atomic.Int64
		stop         atomic.Bool
		load         sync.WaitGroup
	)
	for i := range 10 {
		added[fmt.Sprintf("waits at %d", i)] = true
	}
	for worker := range 2 {
		load.Go(func() {
			for i := 0; !stop.Load(); i++ {
				text := fmt.Sprintf("%d of worker %d", i, worker)
				msgs := []string{text + " a", text + " b"}
				at := rand.Perm(len(views))
				err := p.store.Add(ctx, p.session, redisMessage(views[at[0]], msgs[0]),
					redisMessage(views[at[1]], msgs[1]))
				if !assert.NoError(t, err) {
					return
				}
				mu.Lock()
				added[msgs[0]], added[msgs[1]] = true, true
				mu.Unlock()
				adds.Add(1)
			}
		})
		load.Go(func() {
			for !stop.Load() {
				three := slices.Clone(views)
				rand.Shuffle(len(three), func(i, j int) { three[i], three[j] = three[j], three[i] })
				claim, err := p.store.Claim(ctx, p.session, three[:3], time.Minute)
				if !assert.NoError(t, err) {
					return
				}
				if rand.IntN(4) == 0 {
					assert.NoError(t, p.store.Release(ctx, claim))
					continue
				}
				mu.Lock()
				for _, m := range claim.Messages {
					shown[m.Text]++
				}
				mu.Unlock()
				if !assert.NoError(t, p.store.Confirm(ctx, claim)) {
					return
				}
				claims.Add(1)
			}
		})
	}
	defer func() { stop.Store(true); load.Wait() }()
	underLoad := func(step string) {
		t.Helper()
		a, c := adds.Load(), claims.Load()
		require.Eventually(t, func() bool { return adds.Load() > a+20 && claims.Load() > c+20 },
			30*time.Second, time.Millisecond, step)
	}

	underLoad("before")
	slot := -1
	for _, server := range cluster.Servers {
		keys, err := server.Client().Keys(ctx, "flash:shop:*").Result()
		require.NoError(t, err)
		if len(keys) > 0 {
			slot = cluster.SlotOf(keys[0])
		}
	}
	require.GreaterOrEqual(t, slot, 0)
	home := cluster.Owner(slot)
	away := (home + 1) % 3
	for _, way := range [][2]int{{home, away}, {away, home}} {
		cluster.Migrate(slot, way[0], way[1]).Walk(underLoad)
	}

	stop.Store(true)
	load.Wait()
	claim := p.claim(views...)
	for _, m := range claim.Messages {
		shown[m.Text]++
	}
	p.confirm(claim)
	assert.Len(t, shown, len(added))
	for text, n := range shown {
		assert.Equal(t, 1, n, "%q was shown", text)
		assert.Contains(t, added, text)
	}
	assert.Equal(t, []string{"waits at /quiet/0", "waits at /quiet/1", "waits at /quiet/2"},
		p.peek(quiet...))
	assert.Empty(t, p.reported())
	t.Logf("%d adds and %d claims", adds.Load(), claims.Load())
}

// The replica that takes the place of a dead master knows the messages, but no script.
func TestRedisFailover(t *testing.T) {
	t.Parallel()
	sentinel := redistest.StartSentinel(t)
	p := newRedisProbe(t, sentinel.Client())
	p.add("/a", "first", "second")
	claim := p.claim("/a")
	p.confirm(claim)
	p.add("/a", "third")
	replica := newRedisProbe(t, sentinel.Replica.Client())
	replica.session = p.session
	require.Eventually(t, func() bool {
		return slices.Equal(replica.peek("/a"), []string{"third"})
	}, 10*time.Second, 10*time.Millisecond)

	sentinel.Master.Kill()
	sentinel.TakeOver()
	require.Eventually(t, func() bool {
		var err error
		claim, err = p.store.Claim(t.Context(), p.session, []string{"/a"}, time.Minute)
		return err == nil
	}, 2*time.Minute, 50*time.Millisecond, "sentinels that stood still wait for half a minute")
	assert.Equal(t, []string{"third"}, apptest.Texts(claim.Messages))
	p.confirm(claim)
	assert.Empty(t, p.peek("/a"))
}

// Whatever empties an address does so while its slot moves as well: a key that is empty is gone,
// and then no longer the server's that runs the script.
func TestRedisReshardingEmptiesAddresses(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	p := newRedisProbe(t, cluster.Client())
	ctx := t.Context()
	var released flashgin.Message
	var claim flashgin.Claim
	require.Eventually(t, func() bool { // claimed before it has expired
		released = redisMessage("/released", "released")
		released.TTL = time.Second
		require.NoError(t, p.store.Add(ctx, p.session, released))
		claim = p.claim("/released")
		return len(claim.Messages) == 1
	}, 30*time.Second, time.Millisecond)
	given, keyed, brief := redisMessage("/given", "given"), redisMessage("/keyed",
		"keyed"), redisMessage("/brief", "brief")
	given.ID, keyed.Key, brief.TTL = "job", "key", time.Millisecond
	require.NoError(t, p.store.Add(ctx, p.session, given, keyed, brief))
	p.add("/one", "one")
	p.add("/two", "1", "2")
	p.add("/purged", "old")

	var home, slot int
	for i, server := range cluster.Servers {
		for _, key := range apptest.KeysAt(t, server.Client()) {
			home, slot = i, cluster.SlotOf(key)
		}
	}
	migration := cluster.Migrate(slot, home, (home+1)%3)
	migration.Import()
	migration.Begin()
	for _, view := range []string{"/one", "/two", "/given"} {
		shown := p.claim(view)
		require.NotEmpty(t, shown.Messages)
		p.confirm(shown)
		require.NoError(t, p.store.Add(ctx, p.session, shown.Messages...))
		assert.Empty(t, p.peek(view), "%s: its IDs are remembered", view)
	}
	require.NoError(t, p.store.Withdraw(ctx, p.session, "/keyed", "key"))
	assert.Empty(t, p.claim("/brief").Messages)
	require.Eventually(t, func() bool { return time.Since(released.Created) > 2*time.Second },
		10*time.Second, 10*time.Millisecond)
	p.release(claim)
	n, err := p.store.Purge(ctx, 0)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Empty(t, p.peek("/one", "/two", "/given", "/keyed", "/brief", "/released", "/purged"))
	assert.Empty(t, p.reported())
}
