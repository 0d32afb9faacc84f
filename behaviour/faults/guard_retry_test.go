package faults_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// deadConnection makes the first call of method wait for an answer that does not come. As many
// clients do, it has a time-out of its own and does not care for the context's.
func deadConnection(store *apptest.SpyStore, method string) {
	var calls atomic.Int32
	store.On(func(_ context.Context, called string, call func() error) error {
		if called == method && calls.Add(1) == 1 {
			time.Sleep(5 * time.Second)
			return apptest.ErrDown
		}
		return call()
	})
}

// A confirmation that hangs does not use up the lease: a page that was shown would be shown again.
func TestAConfirmationOnADeadConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{Lease: 3 * time.Second})
		deadConnection(store, "Confirm")
		assert.Equal(t, "page[hello]", visitor.Get("/"))
		time.Sleep(4 * time.Second)
		assert.Equal(t, "page", visitor.Get("/"))
		assert.Equal(t, 2, store.Count("Confirm"))
		time.Sleep(time.Minute)
		assert.Equal(t, "page", visitor.Get("/"))
		assert.Equal(t, 2, store.Count("Confirm"), "it succeeded")
		assert.Empty(t, a.Failures.String())
	})
}

// An add that hangs is tried again while the answer still waits for it.
func TestAnAddOnADeadConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		visitor.Get("/")
		synctest.Wait()
		deadConnection(store, "Add")
		before := store.Count("Add")
		assert.Less(t, took(func() {
			assert.Equal(t, http.StatusSeeOther, visitor.Post("/").Code)
		}), time.Second)
		assert.Equal(t, 2, store.Count("Add")-before)
		assert.Empty(t, a.Failures.String())
		assert.Equal(t, "page[hello]", visitor.Get("/"))
		time.Sleep(time.Minute)
		assert.Equal(t, "page", visitor.Get("/"), "once")
	})
}
