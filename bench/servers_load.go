package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/redistest"
)

// A loadResult says what became of the messages of a mixedLoad.
type loadResult struct{ messages, lost, twice int }

// A ledger knows what became of each message, by its ID.
type ledger struct {
	mu    sync.Mutex
	added map[string]string // to the session, until the message is confirmed
	shown map[string]bool   // confirmed
	twice int
}

// mixedLoad adds, claims, confirms and releases messages for so long, on a server that is in
// trouble, and then claims what is left. Zero means no load.
func (b *bench) mixedLoad(length time.Duration) loadResult {
	const workers, sessions, lease = 4, 100, 5 * time.Second
	if length == 0 {
		return loadResult{}
	}
	server := redistest.Start(b)
	book := &ledger{added: map[string]string{}, shown: map[string]bool{}}
	stores := make([]*flashgin.RedisStore, workers)
	for i := range stores {
		stores[i] = redisStore(server.Client())
	}
	var done atomic.Bool
	var running sync.WaitGroup
	for _, store := range stores {
		running.Go(func() {
			for !done.Load() {
				session := fmt.Sprint(rand.IntN(sessions))
				b.addSome(book, store, session)
				book.claimAll(store, session, lease, rand.IntN(10) > 0)
			}
		})
	}
	b.trouble(server.Client(), length)
	done.Store(true)
	running.Wait()
	time.Sleep(lease + time.Second) // until what a lost answer has claimed waits again
	for i := range sessions {
		book.claimAll(stores[0], fmt.Sprint(i), lease, true)
	}
	return loadResult{len(book.added) + len(book.shown), len(book.added), book.twice}
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
func again(call func() error) (err error) {
	for start := time.Now(); time.Since(start) < 10*time.Second; time.Sleep(time.Millisecond) {
		if err = call(); err == nil {
			return nil
		}
	}
	return err
}

// addSome adds up to three messages at two views, again if that fails.
func (b *bench) addSome(book *ledger, store *flashgin.RedisStore, session string) {
	var msgs []flashgin.Message
	for range 1 + rand.IntN(3) {
		msgs = append(msgs, message(pageViews[rand.IntN(2)]))
	}
	book.mu.Lock() // before the add: a claim may find them before it returns
	for _, m := range msgs {
		book.added[m.ID] = session
	}
	book.mu.Unlock()
	b.must(again(func() error { return store.Add(ctx, session, msgs...) }))
}

// claimAll claims what waits for a session, and confirms or releases it.
func (book *ledger) claimAll(
	store *flashgin.RedisStore, session string, lease time.Duration, confirm bool,
) {
	claim, err := store.Claim(ctx, session, pageViews, lease)
	if err != nil {
		return // what it has claimed waits again when the lease has ended
	}
	book.mu.Lock()
	for _, m := range claim.Messages {
		if book.shown[m.ID] {
			book.twice++
		}
	}
	book.mu.Unlock()
	if !confirm {
		_ = again(func() error { return store.Release(ctx, claim) })
		return
	}
	if again(func() error { return store.Confirm(ctx, claim) }) != nil {
		return
	}
	book.mu.Lock()
	defer book.mu.Unlock()
	for _, m := range claim.Messages {
		delete(book.added, m.ID)
		book.shown[m.ID] = true
	}
}
