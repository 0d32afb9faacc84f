package flashgin_test

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
)

// Close waits for what the pages have started.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		a, visitor := guarded(t, store, flashgin.Config{})
		store.on(func(_ context.Context, method string, call func() error) error {
			if method == "Confirm" {
				time.Sleep(time.Second)
			}
			return call()
		})
		visitor.get("/")

		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		assert.Equal(t, 100*time.Millisecond, took(func() {
			err := a.messenger.Close(ctx)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorContains(t, err, "flashgin: close")
		}))
		assert.Equal(t, 900*time.Millisecond, took(func() { assert.NoError(t, a.messenger.Close(t.Context())) }))
		assert.Zero(t, took(func() { assert.NoError(t, a.messenger.Close(t.Context())) }), "closing twice is not an error")

		// It still works, and starts nothing.
		store.on(nil)
		visitor.post("/")
		assert.Equal(t, "page[hello]", visitor.get("/"))
		assert.Equal(t, "page", visitor.get("/"), "the confirmation has not been put off")
		assert.Empty(t, a.failures.String())
	})
}

// After Close pages wait no longer for a store that hangs than before.
func TestPagesAfterCloseDoNotHang(t *testing.T) {
	for _, test := range []struct {
		name string
		ask  func(*visitor)
		want time.Duration
	}{
		{"a page", func(v *visitor) { assert.Equal(t, "page", v.get("/")) }, 100 * time.Millisecond},
		{"a page that peeks", func(v *visitor) { v.get("/peek") }, 100 * time.Millisecond},
		{"a form", func(v *visitor) { v.post("/") }, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newSpyStore()
				a, visitor := guarded(t, store, flashgin.Config{})
				assert.NoError(t, a.messenger.Close(t.Context()))
				store.on(hang)
				assert.Equal(t, test.want, took(func() { test.ask(visitor) }))
				assert.NotEmpty(t, a.failures.String())
				// What the store does late is not left behind either: Close waits for it again.
				assert.NoError(t, a.messenger.Close(t.Context()))
			})
		})
	}
}

// Close ends the probe of a store that does not come back.
func TestCloseEndsTheProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		a, visitor := guarded(t, store, flashgin.Config{})
		store.fail(errDown)
		for range 5 {
			visitor.get("/")
		}
		time.Sleep(time.Second)
		assert.NoError(t, a.messenger.Close(t.Context()))
		asked := store.count()
		time.Sleep(time.Minute)
		assert.Equal(t, asked, store.count())
		store.on(nil)
		assert.Equal(t, "page[hello]", visitor.get("/"), "nothing keeps a closed Messenger from asking again")
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
	store := newSpyStore()
	a, visitor := guarded(t, store, flashgin.Config{})
	entered, leave := make(chan struct{}), make(chan struct{})
	store.on(func(_ context.Context, method string, call func() error) error {
		if method == "Confirm" {
			close(entered)
			<-leave
		}
		return call()
	})
	visitor.get("/")
	<-entered
	require.NotZero(t, ours(), "the test looks at the right thing")
	store.on(nil)
	close(leave)
	store.fail(errDown)
	for range 5 {
		visitor.get("/")
	}
	require.NoError(t, a.messenger.Close(context.Background()))
	deadline := time.Now().Add(10 * time.Second)
	for ours() > 0 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	assert.Zero(t, ours())
}
