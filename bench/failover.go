package main

import (
	"errors"
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
		how    orders
	}{
		{"as Redis is configured by default", nil, orders{}},
		{"min-replicas-to-write 1", []string{"min-replicas-to-write 1"}, orders{}},
		{"WAIT 1 1000 after each add", nil, orders{wait: true}},
		{"CLIENT PAUSE 5000 WRITE before it", nil, orders{pause: true}},
	} {
		b.scope(func() {
			length := pick(b.short, time.Second, 5*time.Second)
			r := b.failover(test.config, length, test.how)
			b.row("planned failover, "+test.what,
				fmt.Sprintf("%d added, %d of them lost, %d refused, %d µs an add", len(r.sessions),
					r.lost, r.refused, r.before.Microseconds()), "", true)
		})
	}
}

// orders say what a failover comes with.
type orders struct {
	pause bool // the master takes no writes from just before it
	wait  bool // an add counts as refused unless a replica has it within a second
}

// A failoverResult says what became of adds.
type failoverResult struct {
	sessions map[string]bool // of the adds that returned no error
	lost     int             // messages of these
	refused  int             // adds that failed
	before   time.Duration   // the median of an add, before the failover
}

// failover adds messages before, during and after a failover, for so long each.
func (b *bench) failover(config []string, length time.Duration, how orders) failoverResult {
	sentinel := redistest.StartSentinel(b, config...)
	var done, ordered atomic.Bool
	var mu sync.Mutex
	result := failoverResult{sessions: map[string]bool{}}
	var times []float64
	var running sync.WaitGroup
	var number atomic.Int64
	var once sync.Once
	ended := make(chan struct{}) // the first add
	for range 4 {
		client := redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: redistest.MasterName, SentinelAddrs: sentinel.Addrs(),
			PoolSize: 1, // WAIT is about the adds of its connection
		})
		b.Cleanup(func() { _ = client.Close() })
		store := redisStore(client)
		running.Go(func() {
			for !done.Load() {
				session := fmt.Sprint(number.Add(1))
				start := time.Now()
				err := store.Add(ctx, session, message("/orders/5"))
				if err == nil && how.wait {
					var replicas int64
					replicas, err = client.Wait(ctx, 1, time.Second).Result()
					if err == nil && replicas == 0 {
						err = errors.New("no replica has the message")
					}
				}
				mu.Lock()
				if err == nil {
					result.sessions[session] = true
				} else {
					result.refused++
				}
				if !ordered.Load() {
					times = append(times, float64(time.Since(start)))
				}
				mu.Unlock()
				once.Do(func() { close(ended) })
				time.Sleep(time.Millisecond)
			}
		})
	}
	<-ended // there is no median of nothing
	time.Sleep(length)
	ordered.Store(true)
	if how.pause {
		b.must(patientClient(sentinel.Master).Do(ctx, "client", "pause", "5000", "write").Err())
	}
	b.must(b.orderFailover(sentinel))
	time.Sleep(2 * length)
	done.Store(true)
	running.Wait()
	result.before = time.Duration(median(times))
	// To count is to write, and may be sooner than a replica follows.
	for _, server := range []*redistest.Server{sentinel.Master, sentinel.Replica} {
		b.must(patientClient(server).ConfigSet(ctx, "min-replicas-to-write", "0").Err())
	}
	store := redisStore(sentinel.Client())
	for session := range result.sessions {
		var claim flashgin.Claim
		b.must(againFor(standstill, func() (err error) {
			claim, err = store.Claim(ctx, session, pageViews, time.Minute)
			return err
		}))
		if len(claim.Messages) == 0 {
			result.lost++
		}
	}
	return result
}

func (b *bench) orderFailover(sentinel *redistest.Sentinel) error {
	client := redis.NewSentinelClient(&redis.Options{
		Addr: sentinel.Addrs()[0], ReadTimeout: standstill,
	})
	defer client.Close()
	// A sentinel does nothing for half a minute after the machine has stood still.
	return againFor(standstill, func() error {
		return client.Failover(ctx, redistest.MasterName).Err()
	})
}
