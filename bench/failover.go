package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/redistest"
)

// failovers measures what becomes of messages that are added while Sentinel puts the replica in the
// master's place, as an operator tells it to.
func failovers(b *bench) {
	for _, test := range []struct {
		what   string
		config []string
		pause  bool
	}{
		{"as Redis is configured by default", nil, false},
		{"min-replicas-to-write 1", []string{"min-replicas-to-write 1"}, false},
		{"CLIENT PAUSE 5000 WRITE before it", nil, true},
	} {
		b.scope(func() {
			length := pick(b.short, time.Second, 5*time.Second)
			accepted, lost, refused := b.failover(test.config, length, test.pause)
			b.row("planned failover, "+test.what, fmt.Sprintf("%d added, %d of them lost, %d refused",
				accepted, lost, refused), "", true)
		})
	}
}

// failover adds messages before, during and after a failover, for so long each. With pause, the
// master takes no writes from just before it. It returns how many
// adds returned no error, how many of those messages are gone, and how many adds failed.
func (b *bench) failover(
	config []string, length time.Duration, pause bool,
) (accepted, lost, refused int) {
	sentinel := redistest.StartSentinel(b, config...)
	var done atomic.Bool
	var mu sync.Mutex
	sessions := map[string]bool{}
	var running sync.WaitGroup
	var number atomic.Int64
	for range 4 {
		store := redisStore(sentinel.Client())
		running.Go(func() {
			for !done.Load() {
				session := fmt.Sprint(number.Add(1))
				err := store.Add(ctx, session, message("/orders/5"))
				mu.Lock()
				if err == nil {
					sessions[session] = true
				} else {
					refused++
				}
				mu.Unlock()
				time.Sleep(time.Millisecond)
			}
		})
	}
	time.Sleep(length)
	if pause {
		b.must(sentinel.Master.Client().Do(ctx, "client", "pause", "5000", "write").Err())
	}
	b.must(b.orderFailover(sentinel))
	time.Sleep(2 * length)
	done.Store(true)
	running.Wait()
	store := redisStore(sentinel.Client())
	for session := range sessions {
		var claim flashgin.Claim
		b.must(again(func() (err error) {
			claim, err = store.Claim(ctx, session, pageViews, time.Minute)
			return err
		}))
		if len(claim.Messages) == 0 {
			lost++
		}
	}
	return len(sessions), lost, refused
}

func (b *bench) orderFailover(sentinel *redistest.Sentinel) error {
	client := redis.NewSentinelClient(&redis.Options{Addr: sentinel.Addrs()[0]})
	defer client.Close()
	return again(func() error { return client.Failover(ctx, redistest.MasterName).Err() })
}
