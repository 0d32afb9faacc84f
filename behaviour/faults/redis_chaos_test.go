package faults_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
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
)

// Over a line that loses 2 % of all replies and stands still for 300 ms of every second, nothing is
// lost and nothing is shown twice. A store that takes by ZRANGE and DEL loses messages in the same
// harness.
func TestRedisChaos(t *testing.T) {
	testrun.Soak(t)
	const lease = 3 * time.Second // longer than the 2 s of a call
	ours := func(t *testing.T, cfg flashgin.Config, skips int64) {
		n := 10_000
		if testing.Short() {
			n = 1_000
		}
		cfg.Lease = lease
		server := redistest.Start(t, logAll()...)
		p := chaos(t, server, n, cfg, skips, func(client *redis.Client) flashgin.Store {
			return apptest.NewRedisStoreWith(t, client, flashgin.RedisConfig{Cap: 3000})
		})
		require.Len(t, p.confirmed, int(p.added.Load()))
		missing := p.untilShown(pagePatience)
		assert.Empty(t, missing, "lost")
		time.Sleep(lease) // whatever was taken and not confirmed is there again
		p.getAll()
		assert.Empty(t, p.repeated(), "shown twice")
		p.requireSecretsKept(server)
		requireNothingLeft(t, server)
	}
	t.Run("RedisStore", func(t *testing.T) { ours(t, flashgin.Config{}, 0) })
	// The news that a page should ask comes over the same line.
	t.Run("RedisStore, KnownFor", func(t *testing.T) {
		ours(t, flashgin.Config{KnownFor: 2 * time.Second}, 100)
	})
	t.Run("ZRANGE and DEL", func(t *testing.T) {
		n := 3_000
		if testing.Short() {
			n = 1_000
		}
		p := chaos(t, redistest.Start(t), n, flashgin.Config{Lease: lease}, 0,
			func(client *redis.Client) flashgin.Store {
				return zrangeDel{client}
			})
		missing := p.untilShown(lease)
		assert.NotEmpty(t, missing,
			"lost by a store that cannot know: if it loses nothing, the harness proves nothing")
		t.Logf("%d of %d lost, %d shown twice", len(missing), len(p.confirmed), len(p.repeated()))
	})
}

// chaos adds n messages, each again until that is confirmed, over a bad line while pages show them.
// It adds more until so many pages did not ask the store. When it returns, the line is good and
// pages still load.
func chaos(
	t *testing.T, server *redistest.Server, n int, cfg flashgin.Config, skips int64,
	open func(*redis.Client) flashgin.Store,
) *redisPages {
	proxy := redistest.StartProxy(t, server.Addr())
	client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
	t.Cleanup(func() { _ = client.Close() })
	p := newRedisPagesOn(t, open(client), 20, cfg)
	if cfg.KnownFor > 0 { // the process that adds knows more than others
		client := redis.NewClient(&redis.Options{Addr: proxy.Addr()})
		t.Cleanup(func() { _ = client.Close() })
		p.jobs = apptest.NewMessenger(t, flashgin.Config{Store: open(client), Lease: cfg.Lease})
	}

	var replies, cut, swallowed, freezes atomic.Int64
	proxy.Judge(func(reply []byte) redistest.Verdict {
		replies.Add(1)
		// Of a hundred replies two are lost. Most by a connection that ends; those that never come
		// occupy one of the client's connections for three seconds. News all come on one
		// connection, which would never be there.
		chances := 400
		if redistest.IsNews(reply) {
			chances *= 10
		}
		switch chance := rand.IntN(chances); {
		case chance < 6:
			cut.Add(1)
			return redistest.Cut
		case chance < 8:
			swallowed.Add(1)
			return redistest.Swallow
		}
		return redistest.Pass
	})
	stopFreezing := p.repeat(1, func() {
		time.Sleep(700 * time.Millisecond)
		proxy.Freeze()
		time.Sleep(300 * time.Millisecond)
		proxy.Thaw()
		freezes.Add(1)
	})

	p.browse(16, 5*time.Millisecond, p.users)
	start := time.Now()
	batches := make(chan []flashgin.Message)
	var jobs sync.WaitGroup
	for range 32 {
		jobs.Go(func() {
			for batch := range batches {
				// Some users get many messages, others few: for those, nothing waits most of the
				// time.
				n := len(p.users)
				p.addSurely(p.users[min(rand.IntN(n), rand.IntN(n), rand.IntN(n))], batch...)
			}
		})
	}
	var enough time.Time // when there were n messages
	for n > 0 || p.skipped.Load() < skips {
		if n > 0 {
			enough = time.Now()
		} else if !assert.Less(t, time.Since(enough), pagePatience,
			"only %d pages did not ask", p.skipped.Load()) {
			break
		}
		batch := make([]flashgin.Message, 1+rand.IntN(3))
		for i := range batch {
			batch[i] = p.message()
		}
		batches <- batch
		n -= len(batch)
	}
	close(batches)
	jobs.Wait()
	t.Logf("%d messages in %v, while %d pages were loaded and %d did not ask; "+
		"of %d replies %d were cut and %d swallowed; %d freezes",
		len(p.confirmed), time.Since(start).Round(time.Millisecond),
		len(p.since(start)), p.skipped.Load(),
		replies.Load(), cut.Load(), swallowed.Load(), freezes.Load())
	stopFreezing()
	proxy.Judge(nil)
	p.requireGoodPages(p.since(start))
	return p
}

// zrangeDel takes messages as is often done: it reads and removes them in one transaction.
type zrangeDel struct{ client *redis.Client }

func (zrangeDel) key(session, view string) string { return "plain:" + session + ":" + view }

func (s zrangeDel) Add(ctx context.Context, session string, msgs ...flashgin.Message) error {
	for _, m := range msgs {
		text, err := json.Marshal(m)
		if err != nil {
			return err
		}
		if err := s.client.ZAddNX(ctx, s.key(session, m.View),
			redis.Z{Score: float64(m.Created.UnixMicro()), Member: text}).Err(); err != nil {
			return err
		}
	}
	return nil
}

func (s zrangeDel) Claim(
	ctx context.Context, session string, views []string, _ time.Duration,
) (flashgin.Claim, error) {
	pipeline := s.client.TxPipeline()
	var found []*redis.StringSliceCmd
	for _, view := range views {
		found = append(found, pipeline.ZRange(ctx, s.key(session, view), 0, -1))
		pipeline.Del(ctx, s.key(session, view))
	}
	if _, err := pipeline.Exec(ctx); err != nil {
		return flashgin.Claim{}, err
	}
	var claim flashgin.Claim
	for _, cmd := range found {
		for _, text := range cmd.Val() {
			var m flashgin.Message
			if err := json.Unmarshal([]byte(text), &m); err != nil {
				return flashgin.Claim{}, err
			}
			claim.Messages = append(claim.Messages, m)
		}
	}
	return claim, nil
}

func (s zrangeDel) Peek(context.Context, string, []string) (flashgin.Messages, error) {
	return nil, nil
}
func (zrangeDel) Confirm(context.Context, flashgin.Claim) error          { return nil }
func (zrangeDel) Release(context.Context, flashgin.Claim) error          { return nil }
func (zrangeDel) Withdraw(context.Context, string, string, string) error { return nil }
