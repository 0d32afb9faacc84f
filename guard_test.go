package flashgin_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

var errDown = errors.New("the store is down")

// guarded is an application on a store that can fail, with a visitor for whom a message waits anywhere.
func guarded(t *testing.T, store flashgin.Store, cfg flashgin.Config) (*app, *visitor) {
	cfg.Store = store
	a := newApp(t, cfg)
	a.template("page", `page{{range flashes}}[{{.Text}}]{{end}}`)
	a.GET("/", page)
	a.GET("/peek", func(c *gin.Context) { c.JSON(http.StatusOK, texts(flashgin.PeekFlashes(c))) })
	a.POST("/", add(t, redirect("/"), flashgin.Info("hello").At(flashgin.Anywhere)))
	visitor := a.visitor()
	visitor.post("/")
	require.Empty(t, a.failures.String())
	return a, visitor
}

// hang waits until the store's own patience ends: it behaves like a connection that answers nothing.
func hang(ctx context.Context, _ string, _ func() error) error {
	<-ctx.Done()
	return ctx.Err()
}

// took returns how long f takes by the clock of its synctest bubble.
func took(f func()) time.Duration {
	start := time.Now()
	f()
	return time.Since(start)
}

// A page is shown without messages when the store cannot be asked, and they come with a later one.
func TestAPageWithTheStoreDown(t *testing.T) {
	store := newSpyStore()
	log := new(lockedBuffer)
	a, visitor := guarded(t, store, flashgin.Config{Logger: logTo(log)})
	store.fail(errDown)

	answer := visitor.do(http.MethodGet, "/")
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, "page", answer.Body.String())
	assert.Zero(t, cookiesOf(answer))
	require.Len(t, a.failures.all(), 1, "once a call")
	assert.ErrorIs(t, a.failures.all()[0], errDown)
	assert.Equal(t, 1, strings.Count(log.String(), "level=ERROR"))
	assert.Contains(t, log.String(), errDown.Error())

	assert.JSONEq(t, "[]", visitor.get("/peek"))
	assert.Len(t, a.failures.all(), 2)

	store.on(nil)
	assert.JSONEq(t, `["hello"]`, visitor.get("/peek"))
	assert.Equal(t, "page[hello]", visitor.get("/"))
	eventually(t, "page", func() string { return visitor.get("/") })
}

// A store that panics has failed, in whichever goroutine it is called.
func TestAStoreThatPanics(t *testing.T) {
	store := newSpyStore()
	a, visitor := guarded(t, store, flashgin.Config{Lease: 500 * time.Millisecond})
	panics := func(only string) {
		store.on(func(_ context.Context, method string, call func() error) error {
			if method == only {
				panic("no such thing")
			}
			return call()
		})
	}
	for i, method := range []string{"Peek", "Claim", "Add", "Confirm"} {
		panics(method)
		switch method {
		case "Peek":
			assert.JSONEq(t, "[]", visitor.get("/peek"))
		case "Add":
			assert.Equal(t, http.StatusSeeOther, visitor.do(http.MethodPost, "/").Code)
		default:
			assert.Equal(t, http.StatusOK, visitor.do(http.MethodGet, "/").Code)
		}
		require.Eventually(t, func() bool { return len(a.failures.all()) > i }, 30*time.Second, time.Millisecond, method)
		assert.ErrorContains(t, a.failures.all()[i], "a call of the store panicked: no such thing")
	}
}

// A page that calls flashes in many places asks a store that failed once.
func TestAPageAsksOnce(t *testing.T) {
	store := newSpyStore()
	a, visitor := guarded(t, store, flashgin.Config{})
	a.GET("/thrice", func(c *gin.Context) {
		c.JSON(http.StatusOK, len(flashgin.Flashes(c))+len(flashgin.Flashes(c))+len(flashgin.PeekFlashes(c)))
	})
	store.fail(errDown)
	assert.Equal(t, "0", visitor.get("/thrice"))
	assert.Zero(t, store.count("Peek"))
	assert.Equal(t, 1, store.count("Claim"))
	assert.Len(t, a.failures.all(), 1)
}

// A store that hangs costs a page Config.Timeout, and no more.
func TestAPageWithTheStoreHung(t *testing.T) {
	for _, test := range []struct {
		name    string
		timeout time.Duration
		want    time.Duration
	}{
		{"by default", 0, 100 * time.Millisecond},
		{"configured", time.Second, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newSpyStore()
				a, visitor := guarded(t, store, flashgin.Config{Timeout: test.timeout})
				store.on(hang)
				for path, want := range map[string]string{"/": "page", "/peek": "[]"} {
					assert.Equal(t, test.want, took(func() { assert.Equal(t, want, visitor.get(path)) }), path)
				}
				require.Len(t, a.failures.all(), 2)
				assert.ErrorContains(t, a.failures.all()[0], "did not answer within "+test.want.String())
				store.on(nil)
				assert.Equal(t, "page[hello]", visitor.get("/"))
			})
		})
	}
}

// The call goes on when the page has stopped waiting, so what it takes must not be kept from the next page until the lease ends.
func TestAClaimThatComesTooLateIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		_, visitor := guarded(t, store, flashgin.Config{Lease: time.Hour})
		store.on(func(_ context.Context, method string, call func() error) error {
			err := call()
			if method == "Claim" {
				time.Sleep(time.Second) // the store has claimed, its answer takes its time
			}
			return err
		})
		assert.Equal(t, "page", visitor.get("/"))
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, 1, store.count("Release"))
		store.on(nil)
		assert.Equal(t, "page[hello]", visitor.get("/"))
	})
}

// Nobody waits for a store on behalf of a client that has gone, and that is no failure of the store.
func TestAPageWithTheStoreHungAndTheClientGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		a, visitor := guarded(t, store, flashgin.Config{})
		store.on(hang)
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
			assert.Equal(t, 10*time.Millisecond, took(func() { visitor.send(request) }))
			cancel()
		}
		assert.Equal(t, 10, store.count("Claim"), "the breaker is closed")
		assert.Empty(t, a.failures.String())
		store.on(nil)
		time.Sleep(10 * time.Second)
		assert.Equal(t, "page[hello]", visitor.get("/"))
	})
}

// A store that takes most of the time that a page has is no failure.
func TestAStoreThatIsSlowButInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		a, visitor := guarded(t, store, flashgin.Config{})
		store.on(func(_ context.Context, _ string, call func() error) error {
			time.Sleep(90 * time.Millisecond)
			return call()
		})
		for range 10 {
			assert.Equal(t, "page[hello]", visitor.get("/"))
			visitor.post("/")
			synctest.Wait()
		}
		assert.Empty(t, a.failures.String())
	})
}

// A crowd that comes while the store hangs does not pile up calls of it.
func TestCallsInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		a, visitor := guarded(t, store, flashgin.Config{})
		store.on(hang)
		var crowd sync.WaitGroup
		for range 200 {
			guest := a.visitor()
			guest.cookies["id"] = visitor.cookies["id"]
			crowd.Go(func() { assert.Equal(t, "page", guest.get("/")) })
		}
		assert.Equal(t, 100*time.Millisecond, took(crowd.Wait))
		assert.Equal(t, 64, store.count("Claim"))
		store.on(nil)
		time.Sleep(10 * time.Second)
		assert.Equal(t, "page[hello]", visitor.get("/"))
	})
}

// Nor does a crowd whose messages the store does not take.
func TestAddsInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		a, visitor := guarded(t, store, flashgin.Config{})
		before := store.count("Add")
		store.on(hang)
		var crowd sync.WaitGroup
		for range 200 {
			guest := a.visitor()
			guest.cookies["id"] = visitor.cookies["id"]
			crowd.Go(func() { assert.Equal(t, http.StatusSeeOther, guest.post("/").Code) })
		}
		time.Sleep(900 * time.Millisecond) // a moment later those begin that go on without their answers
		assert.Equal(t, 2*64, store.count("Add")-before, "two attempts of 64")
		crowd.Wait()
		assert.Len(t, a.failures.all(), 200, "everybody else is told at once")
		store.on(nil)
	})
}

// The answer goes out when its messages cannot be stored; who must know is told.
func TestAnAddThatFails(t *testing.T) {
	for _, test := range []struct {
		name string
		hook func(context.Context, string, func() error) error
		wait time.Duration
		is   error
	}{
		{"the store fails", func(context.Context, string, func() error) error { return errDown }, 150 * time.Millisecond, errDown},
		{"the store hangs", hang, time.Second, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newSpyStore()
				log := new(lockedBuffer)
				a, visitor := guarded(t, store, flashgin.Config{Logger: logTo(log)})
				var inGin []error
				a.POST("/failing", func(c *gin.Context) {
					add(t, redirect("/"), flashgin.Info("1"), flashgin.Info("2"))(c)
					c.Writer.WriteHeaderNow()
					for _, err := range c.Errors {
						inGin = append(inGin, err.Err)
					}
				})
				store.on(test.hook)
				var code int
				assert.Equal(t, test.wait, took(func() { code = visitor.post("/failing").Code }))
				assert.Equal(t, http.StatusSeeOther, code)
				require.Len(t, a.failures.all(), 1)
				require.Len(t, inGin, 1)
				assert.Equal(t, a.failures.all()[0], inGin[0])
				assert.ErrorContains(t, inGin[0], "2 messages")
				if test.is != nil {
					assert.ErrorIs(t, inGin[0], test.is)
				}
				assert.Contains(t, log.String(), "2 messages")
				store.on(nil)
			})
		})
	}
}

// An add is tried again, and rule 3 of Store makes sure that a message which did arrive the first time is not two.
func TestAnAddThatIsTriedAgain(t *testing.T) {
	for name, hook := range map[string]func(failed bool, call func() error) error{
		"it had failed": func(failed bool, call func() error) error {
			if !failed {
				return errDown
			}
			return call()
		},
		"it had succeeded": func(failed bool, call func() error) error {
			if err := call(); err != nil || failed {
				return err
			}
			return errDown
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := newSpyStore()
			a, visitor := guarded(t, store, flashgin.Config{})
			a.GET("/again", page)
			a.POST("/again", add(t, redirect("/again"), flashgin.Info("1"), flashgin.Info("2").At(flashgin.Anywhere)))
			failed := false
			store.on(func(_ context.Context, method string, call func() error) error {
				if method != "Add" {
					return call()
				}
				err := hook(failed, call)
				failed = true
				return err
			})
			visitor.post("/again")
			assert.Equal(t, 3, store.count("Add"), "one for the first message, two for these")
			assert.Equal(t, "page[hello][1][2]", visitor.get("/again"))
			eventually(t, "page", func() string { return visitor.get("/again") })
			assert.Empty(t, a.failures.String())
		})
	}
}

// A page is not confirmed once and for all at the first failure: until the lease ends, it may still be.
func TestSettlingIsTriedUntilTheLeaseEnds(t *testing.T) {
	for _, test := range []struct {
		method string
		path   string
	}{
		{"Confirm", "/"},
		{"Release", "/release"},
	} {
		t.Run(test.method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newSpyStore()
				a, visitor := guarded(t, store, flashgin.Config{Lease: time.Minute})
				a.GET("/release", func(c *gin.Context) {
					flashgin.Flashes(c)
					redirect("/")(c)
				})
				a.POST("/release", add(t, redirect("/release"), flashgin.Info("hello")))

				store.fail(errDown, test.method)
				visitor.post(test.path)
				assert.Zero(t, took(func() { visitor.get(test.path) }), "no page waits for that")
				time.Sleep(30 * time.Second)
				assert.Greater(t, store.count(test.method), 5)
				store.on(nil)
				time.Sleep(2 * time.Second)
				synctest.Wait()
				assert.Empty(t, a.failures.String())
				settled := store.count(test.method)
				time.Sleep(10 * time.Second)
				assert.Equal(t, settled, store.count(test.method), "done")

				store.fail(errDown, test.method)
				visitor.post(test.path)
				visitor.get(test.path)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				require.Len(t, a.failures.all(), 1, "given up")
				assert.ErrorIs(t, a.failures.all()[0], errDown)
				assert.ErrorContains(t, a.failures.all()[0], "may be shown again")
				store.on(nil)
			})
		})
	}
}

// A confirmation that hangs does not keep the next attempt from being made.
func TestAConfirmationThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		_, visitor := guarded(t, store, flashgin.Config{Lease: time.Minute})
		var hung atomic.Bool
		store.on(func(ctx context.Context, method string, call func() error) error {
			if method == "Confirm" && hung.CompareAndSwap(false, true) {
				return hang(ctx, method, call)
			}
			return call()
		})
		assert.Equal(t, "page[hello]", visitor.get("/"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, 2, store.count("Confirm"))
		time.Sleep(time.Minute)
		assert.Equal(t, "page", visitor.get("/"))
	})
}

// The calls for jobs return their errors, and end with the context that they are given.
func TestJobsAreTold(t *testing.T) {
	calls := map[string]func(context.Context, *flashgin.Messenger) error{
		"Add": func(ctx context.Context, m *flashgin.Messenger) error {
			return m.Add(ctx, "session", flashgin.Info("x").At("/"))
		},
		"Take": func(ctx context.Context, m *flashgin.Messenger) error {
			messages, err := m.Take(ctx, "session", "/")
			assert.Empty(t, messages)
			return err
		},
		"Peek": func(ctx context.Context, m *flashgin.Messenger) error {
			messages, err := m.Peek(ctx, "session", "/")
			assert.Empty(t, messages)
			return err
		},
		"Withdraw": func(ctx context.Context, m *flashgin.Messenger) error { return m.Withdraw(ctx, "session", "/", "key") },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newSpyStore()
				a := newApp(t, flashgin.Config{Store: store})
				store.fail(errDown)
				for range 10 {
					assert.ErrorIs(t, call(t.Context(), a.messenger), errDown, "no breaker keeps a job from asking")
				}

				store.on(hang)
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				assert.Equal(t, 300*time.Millisecond, took(func() {
					assert.ErrorIs(t, call(ctx, a.messenger), context.DeadlineExceeded)
				}))
				asked := store.count()
				assert.ErrorIs(t, call(ctx, a.messenger), context.DeadlineExceeded)
				assert.Equal(t, asked, store.count(), "an ended context asks nothing")
				assert.Empty(t, a.failures.String(), "who calls is told, and nobody else")
				store.on(nil)
			})
		})
	}
}

// What a job took too late waits for the next one.
func TestATakeThatWasAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newSpyStore()
		m := newMessenger(t, flashgin.Config{Store: store})
		require.NoError(t, m.Add(t.Context(), "session", flashgin.Info("x").At("/")))
		store.on(func(_ context.Context, method string, call func() error) error {
			if method == "Claim" {
				defer time.Sleep(time.Second)
			}
			return call()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := m.Take(ctx, "session", "/")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		messages, err := m.Take(t.Context(), "session", "/")
		require.NoError(t, err)
		assert.Equal(t, []string{"x"}, texts(messages))
	})
}

// A store in the same process is not waited for, so no time-out, however short, keeps a page that was shown from being confirmed.
func TestTheEmbeddedStoreKnowsNoTimeout(t *testing.T) {
	a, visitor := guarded(t, new(flashgin.MemoryStore), flashgin.Config{Timeout: 1, AddTimeout: 1})
	for range 20 {
		assert.Equal(t, "page[hello]", visitor.get("/"))
		visitor.post("/")
	}
	assert.Empty(t, a.failures.String())
}
