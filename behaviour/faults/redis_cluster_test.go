package faults_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/testrun"
)

// A slot moves to another server and back, key by key, while pages load and jobs add. Each step
// lasts until pages have shown messages in it.
func TestRedisReshardingUnderLoad(t *testing.T) {
	testrun.Soak(t)
	cluster := redistest.StartCluster(t, 3, logAll()...)
	// so that a busy machine does not look like an error
	p := newRedisPages(t, cluster.Client(), 4, flashgin.Config{Timeout: 2 * time.Second})
	moving := p.users[0]
	home := atServer(t, cluster, p, moving)
	slot := -1
	for _, key := range apptest.KeysAt(t, cluster.Servers[home].Client()) {
		slot = cluster.SlotOf(key)
	}
	require.GreaterOrEqual(t, slot, 0)

	p.browse(4, 2*time.Millisecond, []*redisUser{moving})
	p.browse(2, 10*time.Millisecond, p.users)
	stopAdding := p.repeat(2, func() {
		p.addSurely(moving, p.message(), p.message(), p.message())
		p.addSurely(p.users[rand.IntN(len(p.users))], p.message())
		time.Sleep(2 * time.Millisecond)
	})
	p.requireSomeShown(100)
	away := (home + 1) % 3
	for _, way := range [][2]int{{home, away}, {away, home}} {
		cluster.Migrate(slot, way[0], way[1]).Walk(func(string) { p.requireSomeShown(30) })
	}
	stopAdding()
	p.requireAllShownOnce()
	p.requireGoodPages(p.since(time.Time{}))
	if len(p.stood()) == 0 {
		assert.Empty(t, p.Failures.String())
	}
	for _, err := range p.Failures.All() { // the machine stood still
		assert.ErrorContains(t, err, "the store did not answer within")
	}
	p.requireSecretsKept(cluster.Servers...)
	requireNothingLeft(t, cluster.Servers...)
}

// A server of the cluster that hangs costs those pages their messages whose messages it keeps, and
// no others.
func TestRedisClusterNodeFrozen(t *testing.T) {
	t.Parallel()
	cluster, p, there, _ := oneOfThree(t, 30)
	p.post(1, p.users)

	cluster.Servers[0].Pause()
	before := p.asked(there)
	var loading sync.WaitGroup
	for range 5 { // they fail, and from then on no page asks
		loading.Go(func() { p.get(there[0], "/page/0") })
	}
	loading.Wait()
	assert.EqualValues(t, 5, p.asked(there)-before)
	require.Eventually(t, func() bool {
		p.getAll()
		return len(p.missing()) <= len(there)
	}, pagePatience, 10*time.Millisecond, "the other servers have breakers of their own")
	assert.Len(t, p.missing(), len(there))
	assert.EqualValues(t, 5, p.asked(there)-before, "pages asked a server that is known to hang")

	cluster.Servers[0].Resume()
	require.Eventually(t, func() bool {
		p.getAll()
		return len(p.missing()) == 0
	}, pagePatience, 50*time.Millisecond)
	p.requireAllShownOnce()
	p.requireGoodPages(p.since(time.Time{}))
}

// oneOfThree returns a cluster, pages that keep their messages there, and the users whose messages
// the first server has, and the others have.
func oneOfThree(t *testing.T, users int) (
	cluster *redistest.Cluster, p *redisPages, there, elsewhere []*redisUser,
) {
	t.Helper()
	cluster = redistest.StartCluster(t, 3, logAll("cluster-require-full-coverage no")...)
	p = newRedisPages(t, cluster.Client(), users,
		flashgin.Config{Lease: outageLease, Timeout: outageTimeout})
	for _, user := range p.users {
		if atServer(t, cluster, p, user) == 0 {
			there = append(there, user)
		} else {
			elsewhere = append(elsewhere, user)
		}
	}
	require.NotEmpty(t, there)
	require.NotEmpty(t, elsewhere)
	require.Eventually(t, func() bool {
		p.getAll()
		return len(p.missing()) == 0
	}, pagePatience, 10*time.Millisecond)
	return cluster, p, there, elsewhere
}

// The same for longer, while pages load and jobs add.
func TestRedisClusterNodeFrozenUnderLoad(t *testing.T) {
	testrun.Soak(t)
	const tabs = 8
	cluster, p, there, elsewhere := oneOfThree(t, 60)
	require.Greater(t, len(there), 3)
	require.Greater(t, len(elsewhere), 10)

	p.post(3, there)
	before := p.asked(there)
	p.opened.Store(0)
	cluster.Servers[0].Pause()
	frozen := time.Now()
	p.browse(tabs, 20*time.Millisecond, there)
	p.browse(tabs, 20*time.Millisecond, elsewhere)
	stopAdding := p.repeat(2, func() {
		p.addSurely(elsewhere[rand.IntN(len(elsewhere))], p.message())
		time.Sleep(5 * time.Millisecond)
	})
	p.untilBreakerOpens()
	asked := p.asked(there) - before
	assert.LessOrEqual(t, asked, int64(2*tabs+5),
		"pages that waited for the server: one a tab, until five have failed")
	p.requireSomeShown(100) // by the other servers
	time.Sleep(time.Second)
	assert.Equal(t, asked, p.asked(there)-before, "pages asked a server that is known to hang")
	asking := p.asked(elsewhere)
	p.requireSomeShown(100)
	assert.Greater(t, p.asked(elsewhere), asking, "the other servers have breakers of their own")
	stopAdding()
	assert.Len(t, p.untilShownBut(make([]string, 3*len(there))), 3*len(there))
	waited := 0
	for _, page := range p.since(frozen) {
		for _, user := range elsewhere {
			if page.user == user && page.took > outageTimeout {
				waited++
			}
		}
	}
	t.Logf("%d pages asked the server that hangs; %d of the others took more than %v",
		asked, waited, outageTimeout)
	for _, err := range p.Failures.All() {
		assert.NotContains(t, err.Error(), "claim of some views")
	}

	cluster.Servers[0].Resume()
	p.requireAllShownOnce()
	p.requireGoodPages(p.since(time.Time{}))
	p.requireSecretsKept(cluster.Servers...)
	requireNothingLeft(t, cluster.Servers...)
}

// atServer adds a message for the user, and returns the index of the server that got it.
func atServer(t *testing.T, cluster *redistest.Cluster, p *redisPages, user *redisUser) int {
	t.Helper()
	sizes := func() (sizes []int64) {
		for _, server := range cluster.Servers {
			sizes = append(sizes, server.Client().DBSize(t.Context()).Val())
		}
		return sizes
	}
	before := sizes()
	p.addSurely(user, p.message())
	for i, size := range sizes() {
		if size > before[i] {
			return i
		}
	}
	require.Fail(t, "no server got a message")
	return -1
}
