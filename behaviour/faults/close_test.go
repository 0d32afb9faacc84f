package faults_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Close waits for what the pages have started.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		store.On(func(_ context.Context, method string, call func() error) error {
			if method == "Confirm" {
				time.Sleep(time.Second)
			}
			return call()
		})
		visitor.Get("/")

		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		assert.Equal(t, 100*time.Millisecond, took(func() {
			err := a.Messenger.Close(ctx)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorContains(t, err, "flashgin: close")
		}))
		assert.Equal(t, 900*time.Millisecond,
			took(func() { assert.NoError(t, a.Messenger.Close(t.Context())) }))
		assert.Zero(t, took(func() { assert.NoError(t, a.Messenger.Close(t.Context())) }),
			"closing twice is not an error")

		// It still works, and starts nothing.
		store.On(nil)
		visitor.Post("/")
		assert.Equal(t, "page[hello]", visitor.Get("/"))
		assert.Equal(t, "page", visitor.Get("/"), "the confirmation has not been put off")
		assert.Empty(t, a.Failures.String())
	})
}

// After Close pages wait no longer for a store that hangs than before.
func TestPagesAfterCloseDoNotHang(t *testing.T) {
	for _, test := range []struct {
		name string
		ask  func(*apptest.Visitor)
		want time.Duration
	}{
		{"a page", func(v *apptest.Visitor) {
			assert.Equal(t, "page", v.Get("/"))
		}, 100 * time.Millisecond},
		{"a page that peeks", func(v *apptest.Visitor) { v.Get("/peek") }, 100 * time.Millisecond},
		{"a form", func(v *apptest.Visitor) { v.Post("/") }, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := apptest.NewSpyStore()
				a, visitor := apptest.Guarded(t, store, flashgin.Config{})
				assert.NoError(t, a.Messenger.Close(t.Context()))
				store.On(hang)
				assert.Equal(t, test.want, took(func() { test.ask(visitor) }))
				assert.NotEmpty(t, a.Failures.String())
				// What the store does late is not left behind either: Close waits for it again.
				assert.NoError(t, a.Messenger.Close(t.Context()))
			})
		})
	}
}

// Close ends the probe of a store that does not come back.
func TestCloseEndsTheProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		store.Fail(apptest.ErrDown)
		for range 5 {
			visitor.Get("/")
		}
		time.Sleep(time.Second)
		assert.NoError(t, a.Messenger.Close(t.Context()))
		asked := store.Count()
		time.Sleep(time.Minute)
		assert.Equal(t, asked, store.Count())
		store.On(nil)
		assert.Equal(t, "page[hello]", visitor.Get("/"),
			"nothing keeps a closed Messenger from asking again")
	})
}

// No goroutine of ours is left after Close, by the clock of the real world.
func TestNoGoroutineIsLeft(t *testing.T) {
	ours := func() (n int) {
		buf := make([]byte, 1<<20)
		buf = buf[:runtime.Stack(buf, true)]
		for _, goroutine := range strings.Split(string(buf), "\n\n") {
			if strings.Contains(goroutine, "flashgin/internal/guard.") {
				n++
			}
		}
		return n
	}
	store := apptest.NewSpyStore()
	a, visitor := apptest.Guarded(t, store, flashgin.Config{})
	entered, leave := make(chan struct{}), make(chan struct{})
	store.On(func(_ context.Context, method string, call func() error) error {
		if method == "Confirm" {
			close(entered)
			<-leave
		}
		return call()
	})
	visitor.Get("/")
	<-entered
	require.NotZero(t, ours(), "the test looks at the right thing")
	store.On(nil)
	close(leave)
	store.Fail(apptest.ErrDown)
	for range 5 {
		visitor.Get("/")
	}
	require.NoError(t, a.Messenger.Close(context.Background()))
	deadline := time.Now().Add(10 * time.Second)
	for ours() > 0 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	assert.Zero(t, ours())
}
