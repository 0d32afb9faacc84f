package flashgin_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// pingStore is a spyStore that can be pinged.
type pingStore struct {
	*spyStore
	ping func(context.Context) error
}

func (s *pingStore) Ping(ctx context.Context) error {
	return s.do(ctx, "Ping", func() error { return s.ping(ctx) })
}

// After failures in a row the store is left alone; a probe in the background finds out when it is back.
func TestTheBreaker(t *testing.T) {
	for _, test := range []struct {
		name  string
		probe string // the method that the probe calls
		down  func(context.Context, string, func() error) error
		wait  time.Duration // of a page, as long as the store is asked
	}{
		{"fails, with Ping", "Ping", func(context.Context, string, func() error) error { return errDown }, 0},
		{"fails, without Ping", "Peek", func(context.Context, string, func() error) error { return errDown }, 0},
		{"hangs, with Ping", "Ping", hang, 100 * time.Millisecond},
		{"hangs, without Ping", "Peek", hang, 100 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spy := newSpyStore()
				var store flashgin.Store = spy
				if test.probe == "Ping" {
					store = &pingStore{spy, func(context.Context) error { return nil }}
				}
				a, visitor := guarded(t, store, flashgin.Config{})
				spy.on(test.down)
				for range 5 {
					assert.Equal(t, test.wait, took(func() { visitor.get("/") }))
				}
				require.Len(t, a.failures.all(), 5)

				// Now it is open.
				for range 20 {
					assert.Zero(t, took(func() { assert.Equal(t, "page", visitor.get("/")) }), "a page that does not ask need not wait")
					assert.Zero(t, took(func() { visitor.get("/peek") }))
				}
				assert.NoError(t, a.messenger.End("session"), "the store has nobody to tell")
				assert.Equal(t, 5, spy.count("Claim"))
				assert.Len(t, a.failures.all(), 5, "nothing new, nothing to report")
				assert.Zero(t, spy.count(test.probe), "the probe takes its time")
				time.Sleep(time.Minute)
				synctest.Wait()
				asked := spy.count(test.probe)
				assert.Greater(t, asked, 20, "but it goes on")
				assert.Less(t, asked, 300)
				assert.Equal(t, "page", visitor.get("/"))
				assert.Equal(t, 5, spy.count("Claim"))

				spy.on(nil)
				time.Sleep(5 * time.Second)
				synctest.Wait()
				assert.Equal(t, "page[hello]", visitor.get("/"), "it is closed")
				asked = spy.count(test.probe)
				time.Sleep(time.Minute)
				assert.Equal(t, asked, spy.count(test.probe), "the probe has ended")
			})
		})
	}
}

// A failure now and then does not open it.
func TestTheBreakerCountsFailuresInARow(t *testing.T) {
	store := newSpyStore()
	a, visitor := guarded(t, store, flashgin.Config{})
	for range 5 {
		store.fail(errDown)
		for range 4 {
			visitor.get("/")
		}
		store.on(nil)
		visitor.get("/")
	}
	assert.Len(t, a.failures.all(), 20)
	assert.Equal(t, 25, store.count("Claim"))
}

// While pages are spared the store, what a request adds is still sent to it: a message is not lost because pages gave up.
func TestAddsWhileTheBreakerIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		a := newApp(t, flashgin.Config{Store: store})
		a.GET("/", page)
		a.POST("/", add(t, redirect("/"), flashgin.Info("kept")))
		visitor := a.visitor()
		visitor.post("/") // makes the key
		synctest.Wait()
		assert.Equal(t, "[kept]", visitor.get("/"))
		synctest.Wait()

		store.fail(errDown, "Claim", "Peek")
		for range 10 {
			visitor.get("/")
		}
		asked := store.count("Claim")
		visitor.get("/")
		require.Equal(t, asked, store.count("Claim"), "the breaker is open")
		before := len(a.failures.all())
		visitor.post("/")
		assert.Len(t, a.failures.all(), before)

		store.on(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, "[kept]", visitor.get("/"))
	})
}

// While it is open, an answer waits for a store that hangs no longer than a page would.
func TestAnAddWhileTheBreakerIsOpenAndTheStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		_, visitor := guarded(t, store, flashgin.Config{})
		store.on(hang)
		assert.Equal(t, time.Second, took(func() { visitor.post("/") }))
		for range 5 {
			visitor.get("/")
		}
		assert.Equal(t, 100*time.Millisecond, took(func() { visitor.post("/") }))
		store.on(nil)
	})
}

// When it has closed, it takes as many failures as before to open it again.
func TestTheBreakerCountsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		_, visitor := guarded(t, store, flashgin.Config{})
		for range 2 {
			before := store.count("Claim")
			store.fail(errDown)
			for range 10 {
				visitor.get("/")
			}
			assert.Equal(t, 5, store.count("Claim")-before)
			store.on(nil)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		assert.Equal(t, "page[hello]", visitor.get("/"))
	})
}

// The probe runs in a goroutine of ours, where a panic of the application's store or Observer would end the process.
func TestTheProbePanics(t *testing.T) {
	for _, who := range []string{"the store", "the Observer"} {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newSpyStore()
				cfg := flashgin.Config{}
				if who == "the Observer" {
					cfg.Observer = breakerFoe{}
				}
				a, visitor := guarded(t, store, cfg)
				store.on(func(context.Context, string, func() error) error { panic("no such store") })
				for range 10 {
					assert.Equal(t, "page", visitor.get("/"))
				}
				time.Sleep(time.Second)
				store.on(nil)
				time.Sleep(time.Second)
				assert.Equal(t, "page[hello]", visitor.get("/"), "the breaker is closed again")
				if who == "the Observer" {
					assert.Equal(t, 2, strings.Count(a.failures.String(), "no such event"))
				}
			})
		})
	}
}

// breakerFoe is an Observer that breaks down when it is told of a breaker.
type breakerFoe struct{}

func (breakerFoe) Observe(_ context.Context, e flashgin.Event) {
	if e.Kind == flashgin.EventBreakerOpened || e.Kind == flashgin.EventBreakerClosed {
		panic("no such event")
	}
}
