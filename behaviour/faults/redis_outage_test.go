package faults_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/testrun"
)

// outageLease is longer than the outages, so that what was shown just before one can still be
// confirmed after it.
const outageLease = 6 * time.Second

// outageTimeout is longer than flashgin's default, so that a busy machine is not taken for an
// outage.
const outageTimeout = 500 * time.Millisecond

// A server that hangs costs pages their messages, but not their time; afterwards the messages are
// there.
func TestRedisPausedUnderLoad(t *testing.T) {
	testrun.Soak(t)
	server := redistest.Start(t, logAll()...)
	outage(t, server, func(during func()) {
		server.Pause()
		during()
		server.Resume()
	})
}

// A server that dies and comes back has the messages in its append-only file: they are there when
// it answers, and a process that is killed loses nothing that it has written. The disk need not
// have it, and would make pages wait.
func TestRedisKilledAndRestartedUnderLoad(t *testing.T) {
	testrun.Soak(t)
	server := redistest.Start(t, logAll("appendonly yes", "appendfsync no")...)
	outage(t, server, func(during func()) {
		server.Kill()
		during()
		server.Restart()
	})
}

// A process ends while the server restarts. What its last page showed is confirmed when Close
// returns, so the next process does not show it again.
func TestRedisRestartedWhileClosing(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "appendonly yes", "appendfsync no")
	p := newRedisPages(t, server.Client(), 1,
		flashgin.Config{Timeout: outageTimeout, Lease: pagePatience})
	p.GET("/last", func(c *gin.Context) {
		shown := apptest.Texts(flashgin.Flashes(c))
		server.Kill()
		c.JSON(http.StatusOK, shown)
	})
	require.NoError(t,
		p.Messenger.Add(t.Context(), p.users[0].key, flashgin.Info("last").At("/last")))
	assert.JSONEq(t, `["last"]`, p.send(p.users[0], http.MethodGet, "/last").Body.String())
	closed := make(chan error, 1)
	go func() { closed <- p.Messenger.Close(context.Background()) }()
	time.Sleep(2 * outageTimeout) // longer than a page would wait
	server.Restart()
	require.NoError(t, <-closed)
	assert.Empty(t, p.Failures.String())
	assert.Zero(t, apptest.MessagesLeft(t, server))
}

// outage lets pages load before, during and after the server is away. Messages wait when it goes,
// others are on their way, and jobs keep adding.
func outage(t *testing.T, server *redistest.Server, away func(during func())) {
	const tabs = 8
	p := newRedisPages(t, server.Client(), 60,
		flashgin.Config{Lease: outageLease, Timeout: outageTimeout})
	waiting, busy := p.users[:30], p.users[30:]

	p.browse(tabs, 30*time.Millisecond, busy)
	var next atomic.Int64
	stopAdding := p.repeat(4, func() {
		p.addSurely(busy[next.Add(1)%int64(len(busy))], p.message())
		time.Sleep(10 * time.Millisecond)
	})
	p.requireSomeShown(50)
	require.Positive(t, p.asked(busy), "claims are counted")
	p.post(3, waiting)

	before, start := p.asked(p.users), time.Now()
	p.opened.Store(0)
	away(func() {
		p.browse(tabs, 30*time.Millisecond, waiting)
		p.untilBreakerOpens()
		require.Eventually(t, func() bool { return len(p.since(start)) > 200 }, pagePatience,
			5*time.Millisecond, "pages load meanwhile")
		asked := p.asked(p.users) - before
		t.Logf("while the server was away, %d of the first 200 pages asked it", asked)
		assert.LessOrEqual(t, asked, int64(2*tabs+5+tabs),
			"pages that waited: one a tab, until five have failed")
		time.Sleep(500 * time.Millisecond)
		assert.Equal(t, asked, p.asked(p.users)-before,
			"pages asked a server that is known not to answer")
	})
	stopAdding()
	p.requireAllShownOnce()
	p.requireGoodPages(p.since(time.Time{}))
	assert.NotEmpty(t, p.Failures.All())
	p.requireSecretsKept(server)
	requireNothingLeft(t, server)
}

// A connection over a slow line takes four round trips to open, which is longer than a page waits.
// It is opened nevertheless, for the next page.
func TestRedisSlowLine(t *testing.T) {
	testrun.Soak(t)
	const tabs = 20
	slow := func(
		t *testing.T, opt *redis.Options, open func(flashgin.Store) flashgin.Store,
	) *redisPages {
		server := redistest.Start(t)
		proxy := redistest.StartProxy(t, server.Addr())
		opt.Addr = proxy.Addr()
		client := redis.NewClient(opt)
		t.Cleanup(func() { _ = client.Close() })
		store := apptest.NewRedisStore(t, client)
		p := newRedisPagesOn(t, open(store), 40, flashgin.Config{Lease: 5 * time.Second})
		near := apptest.NewRedisStore(t, server.Client())
		for _, user := range p.users {
			m := p.message()
			p.confirmed[m.Text] = time.Now()
			m.Status, m.Created = flashgin.StatusInfo, time.Now()
			require.NoError(t, near.Add(t.Context(), user.key, m))
		}
		proxy.Delay(25 * time.Millisecond)
		p.browse(tabs, 50*time.Millisecond, p.users)
		return p
	}
	t.Run("flashgin", func(t *testing.T) {
		p := slow(t, &redis.Options{}, func(store flashgin.Store) flashgin.Store { return store })
		p.requireAllShownOnce()
		p.requireGoodPages(p.since(time.Time{}))
		assert.NotEmpty(t, p.Failures.All(), "a cold pool answered in time: the line is not slow")
	})
	t.Run("a time-out of the client's", func(t *testing.T) {
		p := slow(t, &redis.Options{ContextTimeoutEnabled: true},
			func(store flashgin.Store) flashgin.Store { return impatient{store} })
		missing := p.untilShown(3 * time.Second)
		assert.Len(t, missing, len(p.confirmed), "if this works, the harness proves nothing")
	})
}

// impatient ends a call when the page stops waiting for it.
type impatient struct{ flashgin.Store }

func (s impatient) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (flashgin.Claim, error) {
	ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	return s.Store.Claim(ctx, session, views, lease)
}

func (s impatient) Ping(context.Context) error { return nil }
