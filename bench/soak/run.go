package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin"
)

const (
	memoryStore = "memory"
	redisStore  = "redis"
)

// hungAtMost ends a run in which handlers hang: each of them takes a browser along.
const hungAtMost = 200

// run is one store with its sites and users.
type run struct {
	o        options
	store    string
	fixture  *fixture
	ledger   *ledger
	sites    []*site
	browsers []*browser
	byName   map[string]*scenario
	table    []*scenario // each as often as its weight says
	http1    *http.Transport
	http2    *http.Transport
	requests atomic.Int64
	hangs    atomic.Int64
	beside   sync.Map // goroutines of handlers that run, and their scenarios
	started  time.Time
}

// soak runs on all stores and returns the number of violations.
func soak(o options) (violations int, err error) {
	gin.SetMode(gin.ReleaseMode)
	if o.misuse {
		gin.SetMode(gin.DebugMode)
		gin.DefaultWriter, gin.DefaultErrorWriter = io.Discard, io.Discard
	}
	redis.SetLogger(quiet{})
	stores := []string{memoryStore, redisStore}
	if o.store != "" {
		stores = []string{o.store}
	}
	o.requests /= len(stores)
	o.most /= time.Duration(len(stores))
	for _, store := range stores {
		r := newRun(o, store, &fixture{})
		if err := r.all(); err != nil {
			return violations, err
		}
		violations += r.ledger.count()
	}
	return violations, nil
}

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

func newRun(o options, store string, f *fixture) *run {
	r := &run{o: o, store: store, fixture: f, ledger: newLedger(), byName: map[string]*scenario{},
		started: time.Now()}
	for _, s := range scenarios(o.misuse) {
		r.byName[s.name] = s
		if !s.ordinary && !strings.Contains(s.name, o.scenario) {
			continue
		}
		for range s.weight {
			r.table = append(r.table, s)
		}
	}
	r.http1 = &http.Transport{MaxIdleConnsPerHost: o.workers, DisableCompression: true}
	r.http2 = &http.Transport{Protocols: new(http.Protocols), DisableCompression: true}
	r.http2.Protocols.SetUnencryptedHTTP2(true)
	return r
}

func (r *run) all() error {
	defer r.fixture.cleanUp()
	for _, withSessions := range []bool{true, false} {
		s, err := newSite(r, r.newStore(fmt.Sprint("soak", len(r.sites))), withSessions)
		if err != nil {
			return err
		}
		r.sites = append(r.sites, s)
	}
	for user := range r.o.users {
		r.browsers = append(r.browsers, &browser{site: r.sites[user%2], user: user,
			cookies: map[string]string{}})
	}
	r.play()
	r.sweep()
	for _, s := range r.sites {
		if err := s.close(); err != nil {
			r.ledger.violate(noAnswer, nil, "closing: %v", err)
		}
	}
	r.ledger.settle()
	took := time.Since(r.started)
	fmt.Fprintf(r.o.out,
		"\n| %s | |\n|---|--:|\n| requests | %d |\n| users | %d |\n| time | %v |\n",
		r.store, r.requests.Load(), r.o.users, took.Round(time.Second))
	r.ledger.print(r.o.out)
	return nil
}

func (r *run) newStore(app string) flashgin.Store {
	if r.store == memoryStore {
		return &flashgin.MemoryStore{Cap: messagesAtMost}
	}
	client := r.fixture.redisClient()
	store, err := flashgin.NewRedisStore(client,
		flashgin.RedisConfig{App: app, Cap: messagesAtMost})
	if err != nil {
		r.fixture.Fatal(err)
	}
	return store
}

// messagesAtMost is so large that no message is dropped.
const messagesAtMost = 5000

// play lets the users act until there were enough requests.
func (r *run) play() {
	ctx, cancel := context.WithTimeout(context.Background(), r.o.most)
	defer cancel()
	go r.progress(ctx)
	var workers sync.WaitGroup
	for worker := range r.o.workers {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(r.o.seed, uint64(worker)))
			for ctx.Err() == nil && r.requests.Load() < int64(r.o.requests) &&
				r.hangs.Load() < hungAtMost {
				b := r.browsers[random.IntN(len(r.browsers))]
				r.table[random.IntN(len(r.table))].play(b, random)
			}
		})
	}
	workers.Wait()
	r.awaitGoroutines()
}

// awaitGoroutines waits for those that handlers have started.
func (r *run) awaitGoroutines() {
	for start := time.Now(); time.Since(start) < patience; time.Sleep(10 * time.Millisecond) {
		left := 0
		r.beside.Range(func(any, any) bool { left++; return true })
		if left == 0 {
			return
		}
	}
	r.beside.Range(func(_, s any) bool {
		r.ledger.violate(noAnswer, s.(*scenario), "a call in a goroutine does not return")
		return true
	})
}

// progress prints a line now and then.
func (r *run) progress(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(r.o.every):
		}
		done := r.requests.Load()
		fmt.Fprintf(r.o.out, "%s: %d requests, %.0f a second, violations: %s\n",
			r.store, done, float64(done)/time.Since(r.started).Seconds(), r.ledger.counts())
	}
}

// sweep takes what waits for the users who have not seen all: by the keys that their browsers have
// got, for nothing else reaches a message. What a page has left claimed waits again after the
// lease.
func (r *run) sweep() {
	for attempt := range 2 {
		missing := r.ledger.missing()
		if len(missing) == 0 {
			return
		}
		if attempt > 0 {
			time.Sleep(leaseAndMore)
		}
		users := make(chan int)
		var workers sync.WaitGroup
		for range r.o.workers {
			workers.Go(func() {
				for user := range users {
					r.takeAll(user, missing[user])
				}
			})
		}
		for user := range missing {
			users <- user
		}
		close(users)
		workers.Wait()
	}
}

// leaseAndMore is longer than Config.Lease.
const leaseAndMore = 12 * time.Second

func (r *run) takeAll(user int, keys []string) {
	for _, key := range keys {
		messenger := r.browsers[user].site.messenger
		messages, err := messenger.Take(context.Background(), key, allViews...)
		for start := time.Now(); err != nil && time.Since(start) < patience; {
			time.Sleep(100 * time.Millisecond)
			messages, err = messenger.Take(context.Background(), key, allViews...)
		}
		if err != nil {
			r.ledger.violate(noAnswer, nil, "Take: %v", err)
		}
		for _, m := range messages {
			r.ledger.waits(user, m.Text)
		}
	}
}

func (r *run) named(name string) *scenario { return r.byName[name] }

func (r *run) transport(http1 bool) *http.Transport {
	if http1 || rand.IntN(3) > 0 {
		return r.http1
	}
	return r.http2
}

func (r *run) hung(s *scenario, format string, args ...any) {
	r.hangs.Add(1)
	r.ledger.violate(noAnswer, s, format, args...)
}

// ours returns the texts of messages that a handler got. They must be those of its user.
func (r *run) ours(v *visit, messages flashgin.Messages, where string) []string {
	list := []string{}
	for _, m := range messages {
		r.mustBe(v, m.Text, where)
		list = append(list, m.Text)
	}
	r.ledger.taken(v.scenario, list)
	return list
}

func (r *run) mustBe(v *visit, text, where string) {
	if user := fmt.Sprintf("u%dn", v.user); !strings.HasPrefix(text, user) {
		r.ledger.violate(strangersMessage, v.scenario, "user %d got %q %s", v.user, text, where)
	}
}
