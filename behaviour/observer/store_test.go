package observer_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
)

// Every attempt of a call is told, with its error and how long it took.
func TestObserverOfStoreCalls(t *testing.T) {
	for name, open := range observedStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var o *observedApp
			for tries := 20; tries > 0 && (o == nil || o.wasTooSlow()); tries-- {
				o = newObservedApp(t, open(t))
				o.POST("/", apptest.Add(t, apptest.Redirect("/errors"), flashgin.Info("the text"),
					flashgin.Error("the text")))
				o.v.Post("/")
				o.v.Get("/errors")
				_, err := o.Messenger.Peek(t.Context(), o.key, "/a")
				require.NoError(t, err)
				require.NoError(t, o.Messenger.Withdraw(t.Context(), o.key, "/a", "key"))
				o.settle()
			}
			assert.ElementsMatch(t,
				[]string{"add", "claim", "confirm", "release", "peek", "withdraw"}, o.Calls())
			for _, e := range o.All() {
				if e.Kind == flashgin.EventStoreCall {
					assert.Positive(t, e.Duration)
				}
				assert.Empty(t, e.Node)
			}
		})
	}
}

// Each attempt is told, and of the messages what has become of them in the end.
func TestObserverOfFailingCalls(t *testing.T) {
	for _, test := range []struct {
		name     string
		fails    string // the method
		times    int
		calls    []string
		messages []string
	}{
		{"an add that works at last", "Add", 2,
			[]string{"add: the store is down", "add: the store is down", "add", "claim", "confirm"},
			[]string{"added 1", "shown 1"}},
		{"an add that works when its answer has left", "Add", 3,
			[]string{"add: the store is down", "add: the store is down", "add: the store is down",
				"claim", "add"}, []string{"lost 1", "added 1"}},
		{"a claim", "Claim", 1, []string{"add", "claim: the store is down"}, []string{"added 1"}},
		{"a confirmation that works at last", "Confirm", 2,
			[]string{"add", "claim", "confirm: the store is down", "confirm: the store is down",
				"confirm"}, []string{"added 1", "shown 1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := apptest.NewSpyStore()
				o := newObservedApp(t, store)
				o.POST("/", apptest.Add(t, apptest.Redirect("/a"), flashgin.Info("the text")))
				failures := 0
				store.On(func(_ context.Context, method string, call func() error) error {
					time.Sleep(30 * time.Millisecond)
					if method == test.fails && failures < test.times {
						failures++
						return apptest.ErrDown
					}
					return call()
				})
				o.v.Post("/")
				o.v.Get("/a")
				time.Sleep(5 * time.Second)
				o.settle()
				assert.Equal(t, test.calls, o.Calls())
				assert.Equal(t, test.messages, o.Messages())
				for _, e := range o.All() {
					if e.Kind == flashgin.EventStoreCall {
						assert.Equal(t, 30*time.Millisecond, e.Duration)
					} else {
						assert.Zero(t, e.Duration)
					}
				}
			})
		})
	}
}

// A message of a page that left, and whose browser did not get it, can be lost as well.
func TestObserverOfWhatIsLostLate(t *testing.T) {
	for _, test := range []struct {
		name string
		down bool
		v    func(o *observedApp) *apptest.Visitor
	}{
		{"the store is down", true, func(o *observedApp) *apptest.Visitor { return o.v }},
		{"the session was new, and has gone with the page", false,
			func(o *observedApp) *apptest.Visitor { return o.Visitor() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := apptest.NewSpyStore()
			o := newObservedApp(t, store)
			left, leave := context.WithCancel(t.Context())
			o.GET("/own", apptest.Add(t, func(c *gin.Context) {
				leave()
				apptest.Page(c)
			}, flashgin.Info("own")))
			if test.down {
				store.Fail(apptest.ErrDown)
			}
			test.v(o).Send(httptest.NewRequestWithContext(left, http.MethodGet, "/own", nil))
			o.settle()
			assert.Equal(t, []string{"lost 1"}, o.Messages())
		})
	}
}

// A call that goes on when its page has left is told when it ends.
func TestObserverOfALateCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := apptest.NewSpyStore()
		seen := new(apptest.Observed)
		a := apptest.NewLiveApp(t, flashgin.Config{Store: store, Observer: seen})
		v := a.Visitor()
		a.Job(v.Get("/key"), flashgin.Info("text").At("/a"))
		store.On(func(_ context.Context, method string, call func() error) error {
			if method == "Claim" {
				time.Sleep(time.Second)
			}
			return call()
		})
		assert.Empty(t, v.Get("/a"))
		assert.Equal(t, []string{"add"}, seen.Calls())
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, []string{"add", "claim", "release"}, seen.Calls())
		assert.Equal(t, []string{"added 1", "released 1"}, seen.Messages())
	})
}

// A breaker that opens is told, and so is its end.
func TestObserverOfTheBreaker(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(o *observedApp, store *apptest.SpyStore)
	}{
		{"the store is back", func(_ *observedApp, store *apptest.SpyStore) {
			store.On(nil)
			time.Sleep(time.Second)
			synctest.Wait()
		}},
		{"the Messenger is closed", func(o *observedApp, _ *apptest.SpyStore) { o.settle() }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := apptest.NewSpyStore()
				o := newObservedApp(t, store)
				store.Fail(apptest.ErrDown)
				for i := range 20 {
					if i < 5 {
						assert.Empty(t, o.Breaker())
					}
					o.v.Get("/a")
					synctest.Wait()
				}
				assert.Equal(t, []string{"breaker_opened"}, o.Breaker())
				test.end(o, store)
				assert.Equal(t, []string{"breaker_opened", "breaker_closed"}, o.Breaker())
				assert.Len(t, o.Calls(), 5, "refused calls are none, nor are probes")
			})
		})
	}
}

// In a cluster the breaker and the calls name the server.
func TestObserverOfACluster(t *testing.T) {
	cluster := redistest.StartCluster(t, 3)
	store := apptest.NewRedisStore(t, cluster.Client())
	seen := new(apptest.Observed)
	m := apptest.NewMessenger(t, flashgin.Config{Store: store, Observer: seen})
	for i := range 50 {
		require.NoError(t,
			m.Add(t.Context(), fmt.Sprint("session ", i), flashgin.Info("text").At("/a")))
	}
	nodes := map[string]int{}
	for _, e := range seen.All() {
		if e.Kind == flashgin.EventStoreCall {
			nodes[e.Node]++
		} else {
			assert.Empty(t, e.Node)
		}
	}
	assert.Len(t, nodes, 3)
	for _, server := range cluster.Servers {
		assert.NotZero(t, nodes[server.Addr()])
	}
}
