package flashgin_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
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

// The lease runs while a page renders, and is none too long then for its confirmation to fail. Who asks at the very end of it is not shown the messages again.
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
				store := newSpyStore()
				a, visitor := guarded(t, store, flashgin.Config{Lease: test.lease})
				a.GET("/slow", func(c *gin.Context) {
					shown := texts(flashgin.Flashes(c))
					time.Sleep(test.render)
					c.JSON(http.StatusOK, shown)
				})
				store.on(func(ctx context.Context, method string, call func() error) error {
					if method == "Confirm" {
						return hang(ctx, method, call)
					}
					return call()
				})
				start := time.Now()
				assert.JSONEq(t, `["hello"]`, visitor.get("/slow"))
				time.Sleep(test.lease - time.Since(start))
				assert.Equal(t, "page", visitor.get("/"), "the lease has just ended")
				time.Sleep(time.Minute)
				store.on(nil)
				assert.Equal(t, "page", visitor.get("/"))
			})
		})
	}
}

// A page that took longer than the lease confirms, without an error, what another page has claimed meanwhile. That one has not shown it yet, and will not.
func TestShownLateAndClaimedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		a, visitor := guarded(t, store, flashgin.Config{Lease: 10 * time.Second})
		a.GET("/slow", func(c *gin.Context) {
			shown := texts(flashgin.Flashes(c))
			time.Sleep(10*time.Second + 50*time.Millisecond)
			c.JSON(http.StatusOK, shown)
		})
		other := a.visitor()
		other.cookies["id"] = visitor.cookies["id"]
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			assert.JSONEq(t, `["hello"]`, other.get("/slow"))
		}()
		time.Sleep(10*time.Second + 10*time.Millisecond)
		store.on(func(_ context.Context, method string, call func() error) error {
			err := call()
			if method == "Claim" {
				time.Sleep(90 * time.Millisecond)
			}
			return err
		})
		assert.Equal(t, "page", visitor.get("/"))
		assert.Positive(t, store.count("Confirm"))
		<-ended
		time.Sleep(time.Minute)
		assert.Equal(t, "page", visitor.get("/"))
	})
}

// A store forgets an own ID when its TTL ends. Used again, the ID belongs to another message, whatever
// this process still knows of the first, whose confirmation has not come through.
func TestAnOwnIDThatIsUsedAgainIsShown(t *testing.T) {
	const ttl = time.Minute
	for _, test := range []struct {
		name string
		show func(t *testing.T, a *app, v *visitor) string // what an open page, or one that is loaded, shows
	}{
		{"on a page", func(_ *testing.T, _ *app, v *visitor) string { return v.get("/") }},
		{"on an open page", func(t *testing.T, a *app, v *visitor) string {
			page := v.listen(streamPath("/"))
			defer page.close()
			synctest.Wait()
			shown := "page"
			for _, handed := range handedOver(t, page.events()) {
				for _, m := range handed.Messages {
					shown += "[" + m.Text + "]"
				}
				assert.Equal(t, http.StatusNoContent, v.acknowledge(ackBody("shown", handed)).Code)
			}
			return shown
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newSpyStore()
				store.kept = &flashgin.MemoryStore{TTL: ttl}
				a, visitor := guarded(t, store, flashgin.Config{})
				a.messenger.Mount(a)
				job := flashgin.Message{ID: "job", View: "/"}
				a.POST("/job", func(c *gin.Context) {
					key, err := a.messenger.SessionKey(c)
					assert.NoError(t, err)
					assert.NoError(t, a.messenger.Add(c, key, job))
				})
				assert.Equal(t, "page[hello]", visitor.get("/"))
				store.fail(errDown, "Confirm")
				job.Text = "done"
				visitor.post("/job")
				assert.Equal(t, "page[done]", test.show(t, a, visitor))
				time.Sleep(ttl / 2)
				assert.Equal(t, "page", test.show(t, a, visitor), "it waits again, but was shown")
				time.Sleep(ttl)
				store.on(nil)
				job.Text = "done again"
				visitor.post("/job")
				assert.Equal(t, "page[done again]", test.show(t, a, visitor))
				synctest.Wait()
				assert.Equal(t, "page", test.show(t, a, visitor))
			})
		})
	}
}
