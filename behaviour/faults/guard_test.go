// Package faults_test breaks the store, the page or the process while messages are on their way.
package faults_test

import (
	"context"
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
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// hang waits until the store's own patience ends: it behaves like a connection that answers
// nothing.
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
	store := apptest.NewSpyStore()
	log := new(apptest.LockedBuffer)
	a, visitor := apptest.Guarded(t, store, flashgin.Config{Logger: apptest.LogTo(log)})
	store.Fail(apptest.ErrDown)

	answer := visitor.Do(http.MethodGet, "/")
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, "page", answer.Body.String())
	assert.Zero(t, apptest.CookiesOf(answer))
	require.Len(t, a.Failures.All(), 1, "once a call")
	assert.ErrorIs(t, a.Failures.All()[0], apptest.ErrDown)
	assert.Equal(t, 1, strings.Count(log.String(), "level=ERROR"))
	assert.Contains(t, log.String(), apptest.ErrDown.Error())

	assert.JSONEq(t, "[]", visitor.Get("/peek"))
	assert.Len(t, a.Failures.All(), 2)

	store.On(nil)
	assert.JSONEq(t, `["hello"]`, visitor.Get("/peek"))
	assert.Equal(t, "page[hello]", visitor.Get("/"))
	apptest.Eventually(t, "page", func() string { return visitor.Get("/") })
}

// A store that panics has failed, in whichever goroutine it is called.
func TestAStoreThatPanics(t *testing.T) {
	store := apptest.NewSpyStore()
	a, visitor := apptest.Guarded(t, store, flashgin.Config{Lease: 500 * time.Millisecond})
	panics := func(only string) {
		store.On(func(_ context.Context, method string, call func() error) error {
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
			assert.JSONEq(t, "[]", visitor.Get("/peek"))
		case "Add":
			assert.Equal(t, http.StatusSeeOther, visitor.Do(http.MethodPost, "/").Code)
		default:
			assert.Equal(t, http.StatusOK, visitor.Do(http.MethodGet, "/").Code)
		}
		require.Eventually(t, func() bool { return len(a.Failures.All()) > i }, 30*time.Second,
			time.Millisecond, method)
		assert.ErrorContains(t, a.Failures.All()[i], "a call of the store panicked: no such thing")
	}
}

// A page that calls flashes in many places asks a store that failed once.
func TestAPageAsksOnce(t *testing.T) {
	store := apptest.NewSpyStore()
	a, visitor := apptest.Guarded(t, store, flashgin.Config{})
	a.GET("/thrice", func(c *gin.Context) {
		c.JSON(http.StatusOK,
			len(flashgin.Flashes(c))+len(flashgin.Flashes(c))+len(flashgin.PeekFlashes(c)))
	})
	store.Fail(apptest.ErrDown)
	assert.Equal(t, "0", visitor.Get("/thrice"))
	assert.Zero(t, store.Count("Peek"))
	assert.Equal(t, 1, store.Count("Claim"))
	assert.Len(t, a.Failures.All(), 1)
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
				store := apptest.NewSpyStore()
				a, visitor := apptest.Guarded(t, store, flashgin.Config{Timeout: test.timeout})
				store.On(hang)
				for path, want := range map[string]string{"/": "page", "/peek": "[]"} {
					assert.Equal(t, test.want, took(func() {
						assert.Equal(t, want, visitor.Get(path))
					}), path)
				}
				require.Len(t, a.Failures.All(), 2)
				assert.ErrorContains(t, a.Failures.All()[0],
					"did not answer within "+test.want.String())
				store.On(nil)
				assert.Equal(t, "page[hello]", visitor.Get("/"))
			})
		})
	}
}

// The call goes on when the page has stopped waiting, so what it takes must not be kept from the
// next page until the lease ends.
func TestAClaimThatComesTooLateIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		_, visitor := apptest.Guarded(t, store, flashgin.Config{Lease: time.Hour})
		store.On(func(_ context.Context, method string, call func() error) error {
			err := call()
			if method == "Claim" {
				time.Sleep(time.Second) // the store has claimed, its answer takes its time
			}
			return err
		})
		assert.Equal(t, "page", visitor.Get("/"))
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, 1, store.Count("Release"))
		store.On(nil)
		assert.Equal(t, "page[hello]", visitor.Get("/"))
	})
}

// Nobody waits for a store on behalf of a client that has gone, and that is no failure of the
// store.
func TestAPageWithTheStoreHungAndTheClientGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		store.On(hang)
		for range 10 {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
			assert.Equal(t, 10*time.Millisecond, took(func() { visitor.Send(request) }))
			cancel()
		}
		assert.Equal(t, 10, store.Count("Claim"), "the breaker is closed")
		assert.Empty(t, a.Failures.String())
		store.On(nil)
		time.Sleep(10 * time.Second)
		assert.Equal(t, "page[hello]", visitor.Get("/"))
	})
}

// A store that takes most of the time that a page has is no failure.
func TestAStoreThatIsSlowButInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		store.On(func(_ context.Context, _ string, call func() error) error {
			time.Sleep(90 * time.Millisecond)
			return call()
		})
		for range 10 {
			assert.Equal(t, "page[hello]", visitor.Get("/"))
			visitor.Post("/")
			synctest.Wait()
		}
		assert.Empty(t, a.Failures.String())
	})
}

// A crowd that comes while the store hangs does not pile up calls of it.
func TestCallsInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		store.On(hang)
		var crowd sync.WaitGroup
		for range 200 {
			guest := a.Visitor()
			guest.Jar["id"] = visitor.Jar["id"]
			crowd.Go(func() { assert.Equal(t, "page", guest.Get("/")) })
		}
		assert.Equal(t, 100*time.Millisecond, took(crowd.Wait))
		assert.Equal(t, 64, store.Count("Claim"))
		store.On(nil)
		time.Sleep(10 * time.Second)
		assert.Equal(t, "page[hello]", visitor.Get("/"))
	})
}

// Nor does a crowd whose messages the store does not take.
func TestAddsInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		before := store.Count("Add")
		store.On(hang)
		var crowd sync.WaitGroup
		for range 200 {
			guest := a.Visitor()
			guest.Jar["id"] = visitor.Jar["id"]
			crowd.Go(func() { assert.Equal(t, http.StatusSeeOther, guest.Post("/").Code) })
		}
		// a moment later those begin that go on without their answers
		time.Sleep(900 * time.Millisecond)
		assert.Equal(t, 2*64, store.Count("Add")-before, "two attempts of 64")
		crowd.Wait()
		assert.Len(t, a.Failures.All(), 200, "everybody else is told at once")
		store.On(nil)
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
		{"the store fails", func(context.Context, string, func() error) error {
			return apptest.ErrDown
		}, 150 * time.Millisecond, apptest.ErrDown},
		{"the store hangs", hang, time.Second, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := apptest.NewSpyStore()
				log := new(apptest.LockedBuffer)
				a, visitor := apptest.Guarded(t, store, flashgin.Config{Logger: apptest.LogTo(log)})
				var inGin []error
				a.POST("/failing", func(c *gin.Context) {
					apptest.Add(t, apptest.Redirect("/"), flashgin.Info("1"), flashgin.Info("2"))(c)
					c.Writer.WriteHeaderNow()
					for _, err := range c.Errors {
						inGin = append(inGin, err.Err)
					}
				})
				store.On(test.hook)
				var code int
				assert.Equal(t, test.wait, took(func() { code = visitor.Post("/failing").Code }))
				assert.Equal(t, http.StatusSeeOther, code)
				require.Len(t, a.Failures.All(), 1)
				require.Len(t, inGin, 1)
				assert.Equal(t, a.Failures.All()[0], inGin[0])
				assert.ErrorContains(t, inGin[0], "2 messages")
				if test.is != nil {
					assert.ErrorIs(t, inGin[0], test.is)
				}
				assert.Contains(t, log.String(), "2 messages")
				store.On(nil)
			})
		})
	}
}

// An add is tried again, and rule 3 of Store makes sure that a message which did arrive the first
// time is not two.
func TestAnAddThatIsTriedAgain(t *testing.T) {
	for name, hook := range map[string]func(failed bool, call func() error) error{
		"it had failed": func(failed bool, call func() error) error {
			if !failed {
				return apptest.ErrDown
			}
			return call()
		},
		"it had succeeded": func(failed bool, call func() error) error {
			if err := call(); err != nil || failed {
				return err
			}
			return apptest.ErrDown
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := apptest.NewSpyStore()
			a, visitor := apptest.Guarded(t, store, flashgin.Config{})
			a.GET("/again", apptest.Page)
			a.POST("/again", apptest.Add(t, apptest.Redirect("/again"), flashgin.Info("1"),
				flashgin.Info("2").At(flashgin.Anywhere)))
			failed := false
			store.On(func(_ context.Context, method string, call func() error) error {
				if method != "Add" {
					return call()
				}
				err := hook(failed, call)
				failed = true
				return err
			})
			visitor.Post("/again")
			assert.Equal(t, 3, store.Count("Add"), "one for the first message, two for these")
			assert.Equal(t, "page[hello][1][2]", visitor.Get("/again"))
			apptest.Eventually(t, "page", func() string { return visitor.Get("/again") })
			assert.Empty(t, a.Failures.String())
		})
	}
}

// A page is not confirmed once and for all at the first failure: until the lease ends, it may still
// be.
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
				store := apptest.NewSpyStore()
				a, visitor := apptest.Guarded(t, store, flashgin.Config{Lease: time.Minute})
				a.GET("/release", func(c *gin.Context) {
					flashgin.Flashes(c)
					apptest.Redirect("/")(c)
				})
				a.POST("/release",
					apptest.Add(t, apptest.Redirect("/release"), flashgin.Info("hello")))

				store.Fail(apptest.ErrDown, test.method)
				visitor.Post(test.path)
				assert.Zero(t, took(func() { visitor.Get(test.path) }), "no page waits for that")
				time.Sleep(30 * time.Second)
				assert.Greater(t, store.Count(test.method), 5)
				store.On(nil)
				time.Sleep(2 * time.Second)
				synctest.Wait()
				assert.Empty(t, a.Failures.String())
				settled := store.Count(test.method)
				time.Sleep(10 * time.Second)
				assert.Equal(t, settled, store.Count(test.method), "done")

				store.Fail(apptest.ErrDown, test.method)
				visitor.Post(test.path)
				visitor.Get(test.path)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				require.Len(t, a.Failures.All(), 1, "given up")
				assert.ErrorIs(t, a.Failures.All()[0], apptest.ErrDown)
				assert.ErrorContains(t, a.Failures.All()[0], "may be shown again")
				store.On(nil)
			})
		})
	}
}

// A confirmation that hangs does not keep the next attempt from being made.
func TestAConfirmationThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		_, visitor := apptest.Guarded(t, store, flashgin.Config{Lease: time.Minute})
		var hung atomic.Bool
		store.On(func(ctx context.Context, method string, call func() error) error {
			if method == "Confirm" && hung.CompareAndSwap(false, true) {
				return hang(ctx, method, call)
			}
			return call()
		})
		assert.Equal(t, "page[hello]", visitor.Get("/"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, 2, store.Count("Confirm"))
		time.Sleep(time.Minute)
		assert.Equal(t, "page", visitor.Get("/"))
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
		"Withdraw": func(ctx context.Context, m *flashgin.Messenger) error {
			return m.Withdraw(ctx, "session", "/", "key")
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := apptest.NewSpyStore()
				a := apptest.NewApp(t, flashgin.Config{Store: store})
				store.Fail(apptest.ErrDown)
				for range 10 {
					assert.ErrorIs(t, call(t.Context(), a.Messenger), apptest.ErrDown,
						"no breaker keeps a job from asking")
				}

				store.On(hang)
				ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
				defer cancel()
				assert.Equal(t, 300*time.Millisecond, took(func() {
					assert.ErrorIs(t, call(ctx, a.Messenger), context.DeadlineExceeded)
				}))
				asked := store.Count()
				assert.ErrorIs(t, call(ctx, a.Messenger), context.DeadlineExceeded)
				assert.Equal(t, asked, store.Count(), "an ended context asks nothing")
				assert.Empty(t, a.Failures.String(), "who calls is told, and nobody else")
				store.On(nil)
			})
		})
	}
}

// What a job took too late waits for the next one.
func TestATakeThatWasAbandoned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		m := apptest.NewMessenger(t, flashgin.Config{Store: store})
		require.NoError(t, m.Add(t.Context(), "session", flashgin.Info("x").At("/")))
		store.On(func(_ context.Context, method string, call func() error) error {
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
		assert.Equal(t, []string{"x"}, apptest.Texts(messages))
	})
}

// A store in the same process is not waited for, so no time-out, however short, keeps a page that
// was shown from being confirmed.
func TestTheEmbeddedStoreKnowsNoTimeout(t *testing.T) {
	a, visitor := apptest.Guarded(t, new(flashgin.MemoryStore),
		flashgin.Config{Timeout: 1, AddTimeout: 1})
	for range 20 {
		assert.Equal(t, "page[hello]", visitor.Get("/"))
		visitor.Post("/")
	}
	assert.Empty(t, a.Failures.String())
}

// Calls of jobs give a store that hangs up after two seconds, even if it heeds no deadline.
func TestJobsWaitForAHungStoreTwoSeconds(t *testing.T) {
	for name, call := range map[string]func(context.Context, *flashgin.Messenger) error{
		"Add": func(ctx context.Context, m *flashgin.Messenger) error {
			return m.Add(ctx, "session", flashgin.Info("x").At("/"))
		},
		"Take": func(ctx context.Context, m *flashgin.Messenger) error {
			_, err := m.Take(ctx, "session", "/")
			return err
		},
		"Peek": func(ctx context.Context, m *flashgin.Messenger) error {
			_, err := m.Peek(ctx, "session", "/")
			return err
		},
		"Withdraw": func(ctx context.Context, m *flashgin.Messenger) error {
			return m.Withdraw(ctx, "session", "/", "key")
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := apptest.NewSpyStore()
				store.On(func(context.Context, string, func() error) error {
					time.Sleep(10 * time.Second)
					return apptest.ErrDown
				})
				m := apptest.NewMessenger(t, flashgin.Config{Store: store})
				start := time.Now()
				assert.Error(t, call(t.Context(), m))
				assert.Equal(t, 2*time.Second, time.Since(start))
				time.Sleep(time.Minute) // all attempts have ended
			})
		})
	}
}
