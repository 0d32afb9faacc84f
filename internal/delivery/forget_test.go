package delivery

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/queue"
)

// addSpy is a store whose add takes a while, and fails the first times.
type addSpy struct {
	groupSpy
	fails, adds atomic.Int32
	takes       time.Duration
}

func (s *addSpy) Add(context.Context, string, []queue.Item[time.Time], bool) error {
	time.Sleep(s.takes)
	if s.adds.Add(1) <= s.fails.Load() {
		return errors.New("it fails")
	}
	return nil
}

// Forget follows each attempt of an add, however it ends: the store may have added the item. An
// attempt may outlive the caller.
func TestForgetFollowsEachAdd(t *testing.T) {
	for _, test := range []struct {
		name  string
		fails int32
		takes time.Duration
		wants int32 // attempts
	}{
		{"at once", 0, 0, 1},
		{"at the second attempt", 1, 0, 2},
		{"after the request has left", 0, 1500 * time.Millisecond, 3},
		{"long after the request has left", 3, 0, 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &addSpy{takes: test.takes}
				store.fails.Store(test.fails)
				var forgotten atomic.Int32
				d := New(Config[time.Time]{
					Store: store, Observed: store, Created: created,
					Timeout: 100 * time.Millisecond, AddTimeout: time.Second, Lease: time.Minute,
					Added: func(context.Context, int) {},
					Forget: func(session string) {
						assert.Equal(t, "1", session)
						assert.Equal(t, forgotten.Add(1), store.adds.Load(),
							"before the store has it")
					},
				})
				item := queue.Item[time.Time]{ID: queue.NewID(), View: "/"}
				_ = d.AddForRequest(t.Context(), "1", []queue.Item[time.Time]{item}, true)
				time.Sleep(guard.CallTimeout + 8*time.Second)
				synctest.Wait()
				assert.GreaterOrEqual(t, forgotten.Load(), test.wants)
				assert.Equal(t, store.adds.Load(), forgotten.Load())
				require.NoError(t, d.Close(context.Background()))
			})
		})
	}
}
