package flashgin_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// A store that cannot be told in time that a message was shown gives it out again. It is not shown again, as long as that comes to the process that has shown it.
func TestShownLate(t *testing.T) {
	for _, test := range []struct {
		name string
		hook func(context.Context, string, func() error) error // while the store is away
	}{
		{"down", func(context.Context, string, func() error) error { return errDown }},
		{"frozen", hang},
		{"deaf to time-outs", func(context.Context, string, func() error) error { time.Sleep(20 * time.Second); return errDown }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newSpyStore()
				_, visitor := guarded(t, store, flashgin.Config{Lease: 10 * time.Second})
				store.on(func(ctx context.Context, method string, call func() error) error {
					if method == "Confirm" {
						return test.hook(ctx, method, call)
					}
					return call()
				})
				assert.Equal(t, "page[hello]", visitor.get("/"))
				time.Sleep(15 * time.Second)
				assert.Equal(t, "page", visitor.get("/"), "it waits again, but was shown")
				time.Sleep(time.Minute)
				assert.Equal(t, "page", visitor.get("/"), "and again")
				time.Sleep(time.Minute)
				store.on(nil)
				assert.Equal(t, "page", visitor.get("/"))
				synctest.Wait()
				confirmed := store.count("Confirm")
				time.Sleep(time.Minute)
				assert.Equal(t, "page", visitor.get("/"))
				synctest.Wait()
				assert.Equal(t, confirmed, store.count("Confirm"), "it is gone for good")
				visitor.post("/")
				assert.Equal(t, "page[hello]", visitor.get("/"), "another one, with the same text")
			})
		})
	}
}
