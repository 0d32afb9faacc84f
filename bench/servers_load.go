package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/redistest"
)

// A loadResult says what became of the messages of a mixedLoad.
type loadResult struct{ messages, lost, twice int }

// mixedLoads puts a mixed load on the servers of all rows at the same time.
func (b *bench) mixedLoads(rows []tested, length time.Duration) {
	if length == 0 {
		return
	}
	const clients = 4
	var running sync.WaitGroup
	for i := range rows {
		if rows[i].why != "" {
			continue
		}
		b.must(os.Setenv("REDIS_SERVER", rows[i].path))
		server := redistest.Start(b)
		admin, stores := server.Client(), make([]*flashgin.RedisStore, clients)
		for i := range stores {
			stores[i] = redisStore(server.Client())
		}
		running.Go(func() { rows[i].load = b.mixedLoad(admin, stores, length) })
	}
	running.Wait()
}

// mixedLoad adds, claims, confirms and releases messages for so long, on a server that is in
// trouble, and then claims what is left.
func (b *bench) mixedLoad(
	admin *redis.Client, stores []*flashgin.RedisStore, length time.Duration,
) loadResult {
	const (
		sessions = 100
		lease    = 5 * time.Second
		pause    = 80 * time.Millisecond // two messages at a time: 100 a second by four clients
	)
	book := newLedger()
	var done atomic.Bool
	var running sync.WaitGroup
	for _, store := range stores {
		running.Go(func() {
			for !done.Load() {
				session := rand.IntN(sessions)
				b.addSome(book, store, session)
				book.claimAll(store, session, lease, rand.IntN(10) > 0)
				time.Sleep(pause)
			}
		})
	}
	b.trouble(admin, length)
	done.Store(true)
	running.Wait()
	left := make([]int, sessions)
	for i := range left {
		left[i] = i
	}
	for tries := 3; tries > 0 && len(left) > 0; tries-- {
		time.Sleep(lease + time.Second) // until what a lost answer has claimed waits again
		left = slices.DeleteFunc(left, func(session int) bool {
			return book.claimAll(stores[0], session, lease, true)
		})
	}
	all := book.totals()
	return loadResult{all.made, all.lost, all.twice}
}

// trouble makes the server forget its scripts, cut its connections and have no memory.
func (b *bench) trouble(admin *redis.Client, length time.Duration) {
	const step = 100 * time.Millisecond
	for i := range int(length / step) {
		_ = admin.ScriptFlush(ctx).Err()
		if i%5 == 0 {
			_ = admin.Do(ctx, "client", "kill", "type", "normal", "skipme", "yes").Err()
		}
		limit := "0"
		if i%5 == 1 {
			limit = "1"
		}
		_ = admin.ConfigSet(ctx, "maxmemory", limit).Err()
		time.Sleep(step)
	}
	b.must(admin.ConfigSet(ctx, "maxmemory", "0").Err())
}

// again calls call until it succeeds, or for ten seconds.
func again(call func() error) error { return againFor(10*time.Second, call) }

// againFor is again with another patience.
func againFor(most time.Duration, call func() error) (err error) {
	for start := time.Now(); time.Since(start) < most; time.Sleep(time.Millisecond) {
		if err = call(); err == nil {
			return nil
		}
	}
	return err
}

// addSome adds up to three messages at two views, again if that fails.
func (b *bench) addSome(book *ledger, store *flashgin.RedisStore, session int) {
	var msgs []flashgin.Message
	for range 1 + rand.IntN(3) {
		view := rand.IntN(2)
		number := book.make(session, view)
		m := message(pageViews[view])
		m.Text = nameOf(number)
		msgs = append(msgs, m)
		book.set(number, noteAdded) // before the add: a claim may find it before that returns
	}
	b.must(again(func() error { return store.Add(ctx, fmt.Sprint(session), msgs...) }))
}

// claimAll claims what waits for a session, and confirms or releases it. It reports whether that
// has succeeded.
func (l *ledger) claimAll(
	store *flashgin.RedisStore, session int, lease time.Duration, confirm bool,
) bool {
	start := l.now()
	claim, err := store.Claim(ctx, fmt.Sprint(session), pageViews, lease)
	if err != nil {
		return false // what it has claimed waits again when the lease has ended
	}
	var first []int // messages that come for the first time
	for _, m := range claim.Messages {
		if number, _ := numberOf(m.Text); l.wasShown(number) {
			l.show(number, 0) // again
		} else {
			first = append(first, number)
		}
	}
	if !confirm {
		return again(func() error { return store.Release(ctx, claim) }) == nil
	}
	if again(func() error { return store.Confirm(ctx, claim) }) != nil {
		return false
	}
	for _, number := range first {
		l.show(number, 0)
		if l.now()-start >= lease { // the machine stood still
			l.excuse(number)
		}
	}
	return true
}
