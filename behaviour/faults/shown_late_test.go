package faults_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A store that cannot be told in time that a message was shown gives it out again. It is not shown
// again, as long as that comes to the process that has shown it.
func TestShownLate(t *testing.T) {
	for _, test := range []struct {
		name string
		hook func(context.Context, string, func() error) error // while the store is away
	}{
		{"down", func(context.Context, string, func() error) error { return apptest.ErrDown }},
		{"frozen", hang},
		{"deaf to time-outs", func(context.Context, string, func() error) error {
			time.Sleep(20 * time.Second)
			return apptest.ErrDown
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := apptest.NewSpyStore()
				_, visitor := apptest.Guarded(t, store, flashgin.Config{Lease: 10 * time.Second})
				store.On(func(ctx context.Context, method string, call func() error) error {
					if method == "Confirm" {
						return test.hook(ctx, method, call)
					}
					return call()
				})
				assert.Equal(t, "page[hello]", visitor.Get("/"))
				time.Sleep(15 * time.Second)
				assert.Equal(t, "page", visitor.Get("/"), "it waits again, but was shown")
				time.Sleep(time.Minute)
				assert.Equal(t, "page", visitor.Get("/"), "and again")
				time.Sleep(time.Minute)
				store.On(nil)
				assert.Equal(t, "page", visitor.Get("/"))
				synctest.Wait()
				confirmed := store.Count("Confirm")
				time.Sleep(time.Minute)
				assert.Equal(t, "page", visitor.Get("/"))
				synctest.Wait()
				assert.Equal(t, confirmed, store.Count("Confirm"), "it is gone for good")
				visitor.Post("/")
				assert.Equal(t, "page[hello]", visitor.Get("/"), "another one, with the same text")
			})
		})
	}
}

// The lease runs while a page renders, and is none too long then for its confirmation to fail. Who
// asks at the very end of it is not shown the messages again.
func TestShownLateByASlowPage(t *testing.T) {
	for _, test := range []struct {
		name          string
		lease, render time.Duration
	}{
		{"a usual lease", 10 * time.Second, 9 * time.Second},
		{"a short lease", time.Second, 0},
		{"a short lease, and a slow page", time.Second, 999 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := apptest.NewSpyStore()
				a, visitor := apptest.Guarded(t, store, flashgin.Config{Lease: test.lease})
				a.GET("/slow", func(c *gin.Context) {
					shown := apptest.Texts(flashgin.Flashes(c))
					time.Sleep(test.render)
					c.JSON(http.StatusOK, shown)
				})
				store.On(func(ctx context.Context, method string, call func() error) error {
					if method == "Confirm" {
						return hang(ctx, method, call)
					}
					return call()
				})
				start := time.Now()
				assert.JSONEq(t, `["hello"]`, visitor.Get("/slow"))
				time.Sleep(test.lease - time.Since(start))
				assert.Equal(t, "page", visitor.Get("/"), "the lease has just ended")
				time.Sleep(time.Minute)
				store.On(nil)
				assert.Equal(t, "page", visitor.Get("/"))
			})
		})
	}
}

// A page that took longer than the lease confirms, without an error, what another page has claimed
// meanwhile. That one has not shown it yet, and will not.
func TestShownLateAndClaimedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{Lease: 10 * time.Second})
		a.GET("/slow", func(c *gin.Context) {
			shown := apptest.Texts(flashgin.Flashes(c))
			time.Sleep(10*time.Second + 50*time.Millisecond)
			c.JSON(http.StatusOK, shown)
		})
		other := a.Visitor()
		other.Jar["id"] = visitor.Jar["id"]
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			assert.JSONEq(t, `["hello"]`, other.Get("/slow"))
		}()
		time.Sleep(10*time.Second + 10*time.Millisecond)
		store.On(func(_ context.Context, method string, call func() error) error {
			err := call()
			if method == "Claim" {
				time.Sleep(90 * time.Millisecond)
			}
			return err
		})
		assert.Equal(t, "page", visitor.Get("/"))
		assert.Positive(t, store.Count("Confirm"))
		<-ended
		time.Sleep(time.Minute)
		assert.Equal(t, "page", visitor.Get("/"))
	})
}

// A store forgets an own ID when its TTL ends. Used again, the ID belongs to another message,
// whatever this process still knows of the first, whose confirmation has not come through.
func TestAnOwnIDThatIsUsedAgainIsShown(t *testing.T) {
	const ttl = time.Minute
	for _, test := range []struct {
		name string
		// what an open page, or one that is loaded, shows
		show func(t *testing.T, a *apptest.App, v *apptest.Visitor) string
	}{
		{"on a page", func(_ *testing.T, _ *apptest.App, v *apptest.Visitor) string {
			return v.Get("/")
		}},
		{"on an open page", func(t *testing.T, a *apptest.App, v *apptest.Visitor) string {
			page := v.Listen(apptest.StreamPath("/"))
			defer page.Close()
			synctest.Wait()
			shown := "page"
			for _, handed := range apptest.HandedOver(t, page.Events()) {
				for _, m := range handed.Messages {
					shown += "[" + m.Text + "]"
				}
				assert.Equal(t, http.StatusNoContent,
					v.Acknowledge(apptest.AckBody("shown", handed)).Code)
			}
			return shown
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := apptest.NewSpyStore()
				store.Kept = &flashgin.MemoryStore{TTL: ttl}
				a, visitor := apptest.Guarded(t, store, flashgin.Config{})
				a.Messenger.Mount(a)
				job := flashgin.Message{ID: "job", View: "/"}
				a.POST("/job", func(c *gin.Context) {
					key, err := a.Messenger.SessionKey(c)
					assert.NoError(t, err)
					assert.NoError(t, a.Messenger.Add(c, key, job))
				})
				assert.Equal(t, "page[hello]", visitor.Get("/"))
				store.Fail(apptest.ErrDown, "Confirm")
				job.Text = "done"
				visitor.Post("/job")
				assert.Equal(t, "page[done]", test.show(t, a, visitor))
				time.Sleep(ttl / 2)
				assert.Equal(t, "page", test.show(t, a, visitor), "it waits again, but was shown")
				time.Sleep(ttl)
				store.On(nil)
				job.Text = "done again"
				visitor.Post("/job")
				assert.Equal(t, "page[done again]", test.show(t, a, visitor))
				synctest.Wait()
				assert.Equal(t, "page", test.show(t, a, visitor))
			})
		})
	}
}
