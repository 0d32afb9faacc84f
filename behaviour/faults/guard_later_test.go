package faults_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A message whose answer left while the store was away is not given up at once: what restarts
// within seconds loses nothing.
func TestAnAddThatSucceedsLater(t *testing.T) {
	for name, away := range map[string]func(context.Context, string, func() error) error{
		"down":   func(context.Context, string, func() error) error { return apptest.ErrDown },
		"frozen": hang,
		// it does what it is told, and its answers are lost
		"deaf": func(_ context.Context, _ string, call func() error) error {
			_ = call()
			return apptest.ErrDown
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := apptest.NewSpyStore()
				a, visitor := apptest.Guarded(t, store, flashgin.Config{})
				visitor.Get("/")
				synctest.Wait()
				store.On(func(ctx context.Context, method string, call func() error) error {
					if method == "Add" {
						return away(ctx, method, call)
					}
					return call()
				})
				assert.Equal(t, http.StatusSeeOther, visitor.Post("/").Code)
				require.Len(t, a.Failures.All(), 1)
				assert.ErrorContains(t, a.Failures.All()[0], "1 messages of a request may be lost")
				shown := visitor.Get("/")
				if name == "deaf" {
					assert.Equal(t, "page[hello]", shown)
				} else {
					assert.Equal(t, "page", shown)
				}
				time.Sleep(5 * time.Second)
				store.On(nil)
				time.Sleep(2 * time.Second)
				if name == "deaf" {
					assert.Equal(t, "page", visitor.Get("/"), "it was shown")
				} else {
					assert.Equal(t, "page[hello]", visitor.Get("/"))
				}
				time.Sleep(time.Minute)
				assert.Equal(t, "page", visitor.Get("/"), "once")
				assert.Len(t, a.Failures.All(), 1, "it was said once")
			})
		})
	}
}

// It is tried for seconds, not for ever: by then the store may have forgotten that it had the
// message, and the page shown it.
func TestAnAddThatNeverSucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		start := time.Now()
		var last time.Duration
		store.On(func(_ context.Context, method string, call func() error) error {
			if method != "Add" {
				return call()
			}
			last = time.Since(start)
			return apptest.ErrDown
		})
		visitor.Post("/")
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Greater(t, last, 6*time.Second)
		assert.LessOrEqual(t, last, 8*time.Second)
		assert.Less(t, store.Count("Add"), 20, "with pauses")
		assert.Len(t, a.Failures.All(), 1)
		store.On(nil)
		assert.Equal(t, "page[hello]", visitor.Get("/"), "the message from before")
	})
}

// One with a Key that came late would replace a newer one, and one with a short TTL would be out of
// date.
func TestMessagesThatMustNotComeLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		visitor.Get("/")
		a.POST("/progress", apptest.Add(t, apptest.Redirect("/"),
			flashgin.Message{Text: "50 %", Key: "import"},
			flashgin.Message{Text: "soon", TTL: 7 * time.Second},
			flashgin.Message{Text: "hours", TTL: time.Hour}, flashgin.Info("begun")))
		store.Fail(apptest.ErrDown, "Add")
		visitor.Post("/progress")
		store.On(nil)
		time.Sleep(time.Minute)
		assert.Equal(t, "page[hours][begun]", visitor.Get("/"))
	})
}

// What goes on without an answer is bounded, and makes room again.
func TestAddsThatGoOnAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		for range 2 {
			store.Fail(apptest.ErrDown, "Add")
			var crowd sync.WaitGroup
			for range 600 {
				guest := a.Visitor()
				guest.Jar["id"] = visitor.Jar["id"]
				crowd.Go(func() { guest.Post("/") })
			}
			crowd.Wait()
			store.On(nil)
			before := store.Count("Add")
			time.Sleep(time.Minute)
			const late, inFlight = 256, 64
			assert.Equal(t, late+inFlight, store.Count("Add")-before)
		}
	})
}

// A Messenger that is closed does not wait for a store that is away.
func TestAddsThatGoOnEndWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		store.Fail(apptest.ErrDown, "Add")
		visitor.Post("/")
		for range 2 {
			assert.Zero(t, took(func() { require.NoError(t, a.Messenger.Close(t.Context())) }))
			before := store.Count("Add")
			time.Sleep(time.Minute)
			assert.Equal(t, before, store.Count("Add"))
			visitor.Post("/")
		}
	})
}

// laterFoe is an Observer that breaks down when it is told of messages that were added.
type laterFoe struct{ told *atomic.Int32 }

func (o laterFoe) Observe(_ context.Context, e flashgin.Event) {
	if e.Kind == flashgin.EventAdded && o.told.Add(1) > 1 {
		panic("no such event")
	}
}

// It is told in the background, where its panic would end the process.
func TestAnObserverOfAddsThatGoOnPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, told := apptest.NewSpyStore(), new(atomic.Int32)
		_, visitor := apptest.Guarded(t, store, flashgin.Config{Observer: laterFoe{told}})
		store.Fail(apptest.ErrDown, "Add")
		visitor.Post("/")
		store.On(nil)
		time.Sleep(time.Minute)
		assert.EqualValues(t, 2, told.Load())
	})
}
