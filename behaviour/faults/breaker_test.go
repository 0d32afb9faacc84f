package faults_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// pingStore is a apptest.SpyStore that can be pinged.
type pingStore struct {
	*apptest.SpyStore
	ping func(context.Context) error
}

func (s *pingStore) Ping(ctx context.Context) error {
	return s.Do(ctx, "Ping", func() error { return s.ping(ctx) })
}

// After failures in a row the store is left alone; a probe in the background finds out when it is
// back.
func TestTheBreaker(t *testing.T) {
	for _, test := range []struct {
		name  string
		probe string // the method that the probe calls
		down  func(context.Context, string, func() error) error
		wait  time.Duration // of a page, as long as the store is asked
	}{
		{"fails, with Ping", "Ping", func(context.Context, string, func() error) error {
			return apptest.ErrDown
		}, 0},
		{"fails, without Ping", "Peek", func(context.Context, string, func() error) error {
			return apptest.ErrDown
		}, 0},
		{"hangs, with Ping", "Ping", hang, 100 * time.Millisecond},
		{"hangs, without Ping", "Peek", hang, 100 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spy := apptest.NewSpyStore()
				var store flashgin.Store = spy
				if test.probe == "Ping" {
					store = &pingStore{spy, func(context.Context) error { return nil }}
				}
				a, visitor := apptest.Guarded(t, store, flashgin.Config{})
				spy.On(test.down)
				for range 5 {
					assert.Equal(t, test.wait, took(func() { visitor.Get("/") }))
				}
				require.Len(t, a.Failures.All(), 5)

				// Now it is open.
				for range 20 {
					assert.Zero(t, took(func() { assert.Equal(t, "page", visitor.Get("/")) }),
						"a page that does not ask need not wait")
					assert.Zero(t, took(func() { visitor.Get("/peek") }))
				}
				assert.NoError(t, a.Messenger.End("session"), "the store has nobody to tell")
				assert.Equal(t, 5, spy.Count("Claim"))
				assert.Len(t, a.Failures.All(), 5, "nothing new, nothing to report")
				assert.Zero(t, spy.Count(test.probe), "the probe takes its time")
				time.Sleep(time.Minute)
				synctest.Wait()
				asked := spy.Count(test.probe)
				assert.Greater(t, asked, 20, "but it goes on")
				assert.Less(t, asked, 300)
				assert.Equal(t, "page", visitor.Get("/"))
				assert.Equal(t, 5, spy.Count("Claim"))

				spy.On(nil)
				time.Sleep(5 * time.Second)
				synctest.Wait()
				assert.Equal(t, "page[hello]", visitor.Get("/"), "it is closed")
				asked = spy.Count(test.probe)
				time.Sleep(time.Minute)
				assert.Equal(t, asked, spy.Count(test.probe), "the probe has ended")
			})
		})
	}
}

// A failure now and then does not open it.
func TestTheBreakerCountsFailuresInARow(t *testing.T) {
	store := apptest.NewSpyStore()
	a, visitor := apptest.Guarded(t, store, flashgin.Config{})
	for range 5 {
		store.Fail(apptest.ErrDown)
		for range 4 {
			visitor.Get("/")
		}
		store.On(nil)
		visitor.Get("/")
	}
	assert.Len(t, a.Failures.All(), 20)
	assert.Equal(t, 25, store.Count("Claim"))
}

// While pages are spared the store, what a request adds is still sent to it: a message is not lost
// because pages gave up.
func TestAddsWhileTheBreakerIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a := apptest.NewApp(t, flashgin.Config{Store: store})
		a.GET("/", apptest.Page)
		a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("kept")))
		visitor := a.Visitor()
		visitor.Post("/") // makes the key
		synctest.Wait()
		assert.Equal(t, "[kept]", visitor.Get("/"))
		synctest.Wait()

		store.Fail(apptest.ErrDown, "Claim", "Peek")
		for range 10 {
			visitor.Get("/")
		}
		asked := store.Count("Claim")
		visitor.Get("/")
		require.Equal(t, asked, store.Count("Claim"), "the breaker is open")
		before := len(a.Failures.All())
		visitor.Post("/")
		assert.Len(t, a.Failures.All(), before)

		store.On(nil)
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, "[kept]", visitor.Get("/"))
	})
}

// While it is open, an answer waits for a store that hangs no longer than a page would.
func TestAnAddWhileTheBreakerIsOpenAndTheStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		_, visitor := apptest.Guarded(t, store, flashgin.Config{})
		store.On(hang)
		assert.Equal(t, time.Second, took(func() { visitor.Post("/") }))
		for range 5 {
			visitor.Get("/")
		}
		assert.Equal(t, 100*time.Millisecond, took(func() { visitor.Post("/") }))
		store.On(nil)
	})
}

// When it has closed, it takes as many failures as before to open it again.
func TestTheBreakerCountsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		_, visitor := apptest.Guarded(t, store, flashgin.Config{})
		for range 2 {
			before := store.Count("Claim")
			store.Fail(apptest.ErrDown)
			for range 10 {
				visitor.Get("/")
			}
			assert.Equal(t, 5, store.Count("Claim")-before)
			store.On(nil)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		assert.Equal(t, "page[hello]", visitor.Get("/"))
	})
}

// The probe runs in a goroutine of ours, where a panic of the application's store or Observer would
// end the process.
func TestTheProbePanics(t *testing.T) {
	for _, who := range []string{"the store", "the Observer"} {
		t.Run(who, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := apptest.NewSpyStore()
				cfg := flashgin.Config{}
				if who == "the Observer" {
					cfg.Observer = breakerFoe{}
				}
				a, visitor := apptest.Guarded(t, store, cfg)
				store.On(func(context.Context, string, func() error) error {
					panic("no such store")
				})
				for range 10 {
					assert.Equal(t, "page", visitor.Get("/"))
				}
				time.Sleep(time.Second)
				store.On(nil)
				time.Sleep(time.Second)
				assert.Equal(t, "page[hello]", visitor.Get("/"), "the breaker is closed again")
				if who == "the Observer" {
					assert.Equal(t, 2, strings.Count(a.Failures.String(), "no such event"))
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
