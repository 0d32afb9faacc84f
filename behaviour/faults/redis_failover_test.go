package faults_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/testrun"
)

// The replica takes over while pages load and jobs add. Replication is asynchronous: what the
// master had confirmed and not yet passed on is lost by Redis, and counted apart. All else is shown
// once.
func TestRedisFailoverUnderLoad(t *testing.T) {
	testrun.Soak(t)
	for _, test := range []struct {
		name string
		fail func(*redistest.Server)
	}{
		{"master killed", (*redistest.Server).Kill},
		{"master frozen", (*redistest.Server).Pause},
	} {
		t.Run(test.name, func(t *testing.T) {
			sentinel := redistest.StartSentinel(t, logAll()...)
			p := newRedisPages(t, sentinel.Client(), 40, flashgin.Config{Lease: 20 * time.Second})
			p.browse(8, 20*time.Millisecond, p.users)
			stopAdding := p.repeat(4, func() {
				p.addSurely(p.users[rand.IntN(len(p.users))], p.message(), p.message())
				time.Sleep(5 * time.Millisecond)
			})
			p.requireSomeShown(200)

			test.fail(sentinel.Master)
			time.Sleep(100 * time.Millisecond) // the replica has what is on its way
			lost, forgotten := p.lostByRedis(sentinel.Replica)
			sentinel.TakeOver()
			p.requireSomeShown(200)
			stopAdding()
			if test.name == "master frozen" {
				sentinel.Master.Resume() // it still takes itself for the master
				time.Sleep(500 * time.Millisecond)
			}

			missing := p.untilShownBut(lost)
			p.getAll()
			t.Logf("%d messages confirmed; Redis lost %d of them, and %d that had been taken came back",
				len(p.confirmed), len(lost), len(forgotten))
			assert.Subset(t, lost, missing, "never shown, although the replica had them")
			assert.Subset(t, forgotten, p.repeated(),
				"shown more than once, although the replica knew that they had been taken")
			p.requireGoodPages(p.since(time.Time{}))
			p.requireSecretsKept(sentinel.Replica)
		})
	}
}

// lostByRedis compares what has happened with what the replica knows, when the master is dead and
// the replica not yet in its place: it returns the messages whose add was confirmed and that the
// replica never had, and those that were shown and that it takes for waiting.
func (p *redisPages) lostByRedis(replica *redistest.Server) (lost, forgotten []string) {
	p.t.Helper()
	ctx := p.t.Context()
	client := replica.Client()
	const known, waits = 1, 2
	replicated := map[string]int{}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range apptest.KeysAt(p.t, client) {
		for _, z := range client.ZRangeWithScores(ctx, key, 0, -1).Val() {
			member := z.Member.(string)
			at := strings.Index(member, "m0") // the ID: of a message, or of one that is gone
			require.GreaterOrEqual(p.t, at, 0, member)
			text := member[at : at+len("m000000")]
			if replicated[text] = known; z.Score >= 0 {
				replicated[text] = waits
			}
		}
	}
	for text := range p.confirmed {
		if replicated[text] == 0 {
			lost = append(lost, text)
		}
	}
	for text := range p.shown {
		if replicated[text] != known {
			forgotten = append(forgotten, text)
		}
	}
	require.NotEmpty(p.t, replicated)
	return lost, forgotten
}

// untilShownBut waits until pages have shown every confirmed message but the lost ones.
func (p *redisPages) untilShownBut(lost []string) (missing []string) {
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		if missing = p.missing(); len(missing) <= len(lost) || time.Since(start) > pagePatience {
			return missing
		}
	}
}
