package flashgin_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// observed collects what an Observer is told.
type observed struct {
	mu     sync.Mutex
	events []flashgin.Event
}

func (o *observed) Observe(_ context.Context, e flashgin.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, e)
}

func (o *observed) all() []flashgin.Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]flashgin.Event(nil), o.events...)
}

// sum returns to how many messages something has happened.
func (o *observed) sum(kind flashgin.EventKind) (n int) {
	for _, e := range o.all() {
		if e.Kind == kind {
			n += e.Messages
		}
	}
	return n
}

// messages returns what happened to messages, such as "added 2", in order.
func (o *observed) messages() []string {
	list := []string{}
	for _, e := range o.all() {
		switch e.Kind {
		case flashgin.EventStoreCall, flashgin.EventBreakerOpened, flashgin.EventBreakerClosed:
			continue
		}
		text := fmt.Sprint(e.Kind, " ", e.Messages)
		if e.Direct {
			text += " directly"
		}
		list = append(list, text)
	}
	return list
}

// calls returns the calls of the store, such as "claim", "claim: the store is down" where it failed.
func (o *observed) calls() []string {
	list := []string{}
	for _, e := range o.all() {
		if e.Kind != flashgin.EventStoreCall {
			continue
		}
		text := e.Call
		if e.Err != nil {
			text += ": " + e.Err.Error()
		}
		list = append(list, text)
	}
	return list
}

// breaker returns what the breakers did: the kind and the node.
func (o *observed) breaker() []string {
	list := []string{}
	for _, e := range o.all() {
		if e.Kind == flashgin.EventBreakerOpened || e.Kind == flashgin.EventBreakerClosed {
			list = append(list, strings.TrimSpace(fmt.Sprint(e.Kind, " ", e.Node)))
		}
	}
	return list
}

// observedApp is an application whose Messenger has an Observer, with a page /errors that shows errors alone, and a visitor with a session.
type observedApp struct {
	*app
	*observed
	v   *visitor
	key string
}

func newObservedApp(t *testing.T, store flashgin.Store) *observedApp {
	o := &observedApp{observed: new(observed)}
	o.app = newLiveApp(t, flashgin.Config{Store: store, Observer: o.observed, Timeout: time.Minute, AddTimeout: time.Minute})
	o.template("page", `{{range flashes}}[{{.Text}}]{{end}}{{define "errors"}}{{range flashes "error"}}[{{.Text}}]{{end}}{{end}}`)
	o.GET("/errors", func(c *gin.Context) { c.HTML(http.StatusOK, "errors", nil) })
	o.v = o.visitor()
	o.key = o.v.get("/key")
	return o
}

// settle waits for what is done in the background.
func (o *observedApp) settle() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	require.NoError(o.t, o.messenger.Close(ctx))
}

// observedStores are those that every event is tried with. The cap is 2.
var observedStores = map[string]func(t *testing.T) flashgin.Store{
	"memory": func(*testing.T) flashgin.Store { return &flashgin.MemoryStore{Cap: 2} },
	"redis": func(t *testing.T) flashgin.Store {
		return newRedisStoreWith(t, startMiniredis(t), flashgin.RedisConfig{Cap: 2})
	},
	"a stranger's": func(*testing.T) flashgin.Store { return strangersStore{newSpyStore()} },
}

// strangersStore is a store of somebody else's that takes part in what an Observer is told.
type strangersStore struct{ *spyStore }

func (s strangersStore) OnEvent(event func(context.Context, flashgin.Event)) {
	store := s.kept.(*flashgin.MemoryStore)
	store.Cap = 2
	store.OnEvent(event)
}

// What becomes of messages is told once, by number.
func TestObserverOfMessages(t *testing.T) {
	hello := flashgin.Info("the text").At("/a")
	for _, test := range []struct {
		name string
		do   func(o *observedApp)
		want []string
	}{
		{"a job's, shown by a page", func(o *observedApp) {
			o.job(o.key, hello, hello)
			assert.Equal(o.t, "[the text][the text]", o.v.get("/a"))
		}, []string{"added 2", "shown 2"}},
		{"a request's, shown by the next page", func(o *observedApp) {
			o.POST("/", add(o.t, redirect("/a"), flashgin.Info("the text")))
			o.v.post("/")
			assert.Equal(o.t, "[the text]", o.v.get("/a"))
		}, []string{"added 1", "shown 1"}},
		{"a request's, shown by itself", func(o *observedApp) {
			o.POST("/", add(o.t, page, flashgin.Info("the text")))
			assert.Equal(o.t, "[the text]", o.v.post("/").Body.String())
		}, []string{"shown 1 directly"}},
		{"a request's, added when its headers had left", func(o *observedApp) {
			o.POST("/", func(c *gin.Context) {
				c.String(http.StatusOK, "done")
				assert.NoError(o.t, flashgin.AddFlash(c, hello))
			})
			o.v.post("/")
		}, []string{"added 1"}},
		{"both on one page", func(o *observedApp) {
			o.job(o.key, hello)
			o.GET("/both", add(o.t, page, flashgin.Info("own"), flashgin.Info("own")))
			o.job(o.key, flashgin.Info("waited").At("/both"))
			assert.Equal(o.t, "[waited][own][own]", o.v.get("/both"))
		}, []string{"added 1", "added 1", "shown 2 directly", "shown 1"}},
		{"taken by a job", func(o *observedApp) {
			o.job(o.key, hello)
			_, err := o.messenger.Take(o.t.Context(), o.key, "/a")
			assert.NoError(o.t, err)
		}, []string{"added 1", "shown 1"}},
		{"looked at", func(o *observedApp) {
			o.job(o.key, hello)
			_, err := o.messenger.Peek(o.t.Context(), o.key, "/a")
			assert.NoError(o.t, err)
		}, []string{"added 1"}},
		{"an ID that is known", func(o *observedApp) {
			given := hello
			given.ID = "order-5"
			o.job(o.key, given)
			o.job(o.key, given)
		}, []string{"added 1", "added 1"}},
		{"empty", func(o *observedApp) { o.job(o.key, flashgin.Info("").At("/a")) }, []string{}},
		{"given back by a page that failed", func(o *observedApp) {
			o.job(o.key, hello)
			o.GET("/broken", func(c *gin.Context) {
				flashgin.Flashes(c)
				c.Status(http.StatusInternalServerError)
			})
			o.job(o.key, hello.At("/broken"))
			o.v.get("/broken")
		}, []string{"added 1", "added 1", "released 1"}},
		{"given back by a page that wants others", func(o *observedApp) {
			o.job(o.key, hello.At("/errors"), flashgin.Error("an error").At("/errors"))
			assert.Equal(o.t, "[an error]", o.v.get("/errors"))
		}, []string{"added 2", "shown 1", "released 1"}},
		{"on a page that is flushed, and goes on", func(o *observedApp) {
			o.GET("/long", func(c *gin.Context) {
				assert.NoError(o.t, flashgin.AddFlash(c, flashgin.Info("own")))
				c.String(http.StatusOK, flashgin.Flashes(c).String())
				c.Writer.Flush()
				c.String(http.StatusOK, "more")
				c.Writer.Flush()
			})
			o.job(o.key, hello.At("/long"))
			o.v.get("/long")
		}, []string{"added 1", "shown 1", "shown 1 directly"}},
		{"taken along by an answer to a script", func(o *observedApp) {
			o.GET("/data", func(c *gin.Context) { c.JSON(http.StatusOK, "data") })
			o.job(o.key, hello.At(flashgin.Anywhere))
			answer := o.v.do(http.MethodGet, "/data", "X-Get-Flash", "1", "Sec-Fetch-Site", "same-origin", "Referer", "http://example.com/b")
			assert.Contains(o.t, answer.Header().Get("Flash-Messages"), "the text")
		}, []string{"added 1", "shown 1"}},
		{"a request's own, whose page failed", func(o *observedApp) {
			o.POST("/a", add(o.t, func(c *gin.Context) {
				flashgin.Flashes(c)
				c.Status(http.StatusInternalServerError)
			}, flashgin.Info("own")))
			o.v.post("/a")
		}, []string{"added 1"}},
		{"dropped by the cap", func(o *observedApp) {
			o.job(o.key, hello, hello)
			o.job(o.key, hello, hello, hello)
		}, []string{"added 2", "dropped 3", "added 3"}},
		{"lost for want of a page", func(o *observedApp) {
			o.POST("/api/save", add(o.t, status(http.StatusNoContent), flashgin.Info("a"), flashgin.Info("b"), hello))
			o.v.post("/api/save")
		}, []string{"added 1", "lost 2"}},
	} {
		for name, open := range observedStores {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				o := newObservedApp(t, open(t))
				test.do(o)
				o.settle()
				if name == "memory" { // in the others, a page is not waiting for what is released and confirmed
					assert.Equal(t, test.want, o.messages())
				}
				assert.ElementsMatch(t, test.want, o.messages())
				o.tellsNothingPrivate()
			})
		}
	}
}

// tellsNothingPrivate checks that no event holds what the messages, their views and the session are.
func (o *observedApp) tellsNothingPrivate() {
	for _, e := range o.all() {
		text := fmt.Sprintf("%+v", e)
		for _, private := range []string{o.key, "the text", "/a", "order-5"} {
			assert.NotContains(o.t, text, private)
		}
	}
}

// wasTooSlow reports whether the store has let somebody wait too long, as it does on a machine that is
// too busy. What comes too late for a stream is put back, which counts.
func (o *observedApp) wasTooSlow() bool {
	for _, e := range o.all() {
		if e.Duration > time.Second {
			return true
		}
	}
	return strings.Contains(o.app.failures.String(), "did not answer within")
}

// Streams count what browsers acknowledge, once, whatever else they claim to have shown.
func TestObserverOfStreams(t *testing.T) {
	for _, test := range []struct {
		name string
		ack  func(o *observedApp, handed handed)
		want []string
	}{
		{"shown", func(o *observedApp, handed handed) {
			o.v.acknowledge(ackBody("shown", handed))
		}, []string{"added 2", "shown 2"}},
		{"shown, told twice", func(o *observedApp, handed handed) {
			o.v.acknowledge(ackBody("shown", handed))
			o.v.acknowledge(ackBody("shown", handed))
		}, []string{"added 2", "shown 2"}},
		{"given back, told twice", func(o *observedApp, handed handed) {
			o.v.acknowledge(ackBody("back", handed))
			o.v.acknowledge(ackBody("back", handed))
		}, []string{"added 2", "released 2"}},
		{"one of them", func(o *observedApp, handed handed) {
			handed.Messages = handed.Messages[:1]
			o.v.acknowledge(ackBody("shown", handed))
		}, []string{"added 2", "shown 1"}},
		{"one of them given back", func(o *observedApp, handed handed) {
			handed.Messages = handed.Messages[1:]
			o.v.acknowledge(ackBody("back", handed))
		}, []string{"added 2", "released 1"}},
		{"invented", func(o *observedApp, handed handed) {
			for i := range handed.Messages {
				handed.Messages[i].ID = "invented"
			}
			o.v.acknowledge(ackBody("shown", handed))
			handed.Tickets = map[string]string{"/a": "12345"}
			o.v.acknowledge(ackBody("back", handed))
		}, []string{"added 2"}},
	} {
		for name, open := range observedStores {
			if name == "a stranger's" {
				continue // it cannot tell what it settled: all of a claim counts
			}
			t.Run(test.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				for tries := 20; ; tries-- {
					o := newObservedApp(t, open(t))
					page := o.v.listen(streamPath("/a"))
					o.job(o.key, flashgin.Info("1").At("/a"), flashgin.Info("2").At("/a"))
					handed := func() bool { return len(textsOf(t, page.events())) == 2 }
					require.Eventually(t, handed, 30*time.Second, time.Millisecond)
					page.close()
					test.ack(o, handedOver(t, page.events())[0])
					o.settle()
					if tries > 0 && o.wasTooSlow() {
						continue
					}
					assert.ElementsMatch(t, test.want, o.messages())
					return
				}
			})
		}
	}
}

// What a page has taken and said nothing of is given out again, which is told once it is.
func TestObserverOfLeases(t *testing.T) {
	for name, open := range observedStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t)
			o := newObservedApp(t, store)
			o.job(o.key, flashgin.Info("1").At("/a"), flashgin.Info("2").At("/a"))
			const lease = 50 * time.Millisecond
			for range 2 {
				require.Eventually(t, func() bool { // whose process dies
					claim, err := store.Claim(t.Context(), o.key, []string{"/a"}, lease)
					return assert.NoError(t, err) && len(claim.Messages) == 2
				}, 20*time.Second, time.Millisecond)
			}
			require.Eventually(t, func() bool {
				waiting, err := store.Peek(t.Context(), o.key, []string{"/a"})
				return assert.NoError(t, err) && len(waiting) == 2
			}, 20*time.Second, time.Millisecond)
			assert.Equal(t, []string{"added 2", "lease_expired 2"}, o.messages(), "looking is not taking")
			o.job(o.key, flashgin.Info("3").At("/b"))
			assert.Equal(t, "[1][2]", o.v.get("/a"))
			assert.Equal(t, "[3]", o.v.get("/b"))
			o.settle()
			assert.ElementsMatch(t, []string{"added 2", "lease_expired 2", "added 1", "lease_expired 2", "shown 2", "shown 1"}, o.messages())
		})
	}
}

// An Observer belongs to the application: it is called with no lock held, so it may do with the request what it likes.
func TestObserverIsCalledWithoutALock(t *testing.T) {
	for name, open := range observedStores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var during atomic.Pointer[gin.Context]
			var calls atomic.Int64
			observer := observerFunc(func(context.Context, flashgin.Event) {
				if c := during.Load(); c != nil && calls.Add(1) < 100 {
					flashgin.PeekFlashes(c)
				}
			})
			a := newLiveApp(t, flashgin.Config{Store: open(t), Observer: observer, Timeout: time.Minute, AddTimeout: time.Minute})
			a.POST("/", func(c *gin.Context) {
				during.Store(c)
				defer during.Store(nil)
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("1"), flashgin.Info("2").At("/a"), flashgin.Info("3").At("/a"), flashgin.Info("4").At("/a")))
				flashgin.PeekFlashes(c)
				flashgin.Flashes(c)
				c.Redirect(http.StatusSeeOther, "/a")
				c.Writer.WriteHeaderNow()
			})
			a.GET("/data", func(c *gin.Context) {
				during.Store(c)
				defer during.Store(nil)
				c.JSON(http.StatusOK, "data")
			})
			v := a.visitor()
			key := v.get("/key")
			within(t, "a request whose Observer looks at it", func() { v.post("/") })
			a.job(key, flashgin.Info(strings.Repeat("too much for a header", 300)).At(flashgin.Anywhere))
			within(t, "a request that gives back what it cannot carry", func() {
				header := v.do(http.MethodGet, "/data", "X-Get-Flash", "1", "Sec-Fetch-Site", "same-origin", "Referer", "http://example.com/b").Header()
				assert.Contains(t, header.Get("Flash-Messages"), "pull")
			})
			assert.Greater(t, calls.Load(), int64(3))
		})
	}
}

type observerFunc func(context.Context, flashgin.Event)

func (f observerFunc) Observe(ctx context.Context, e flashgin.Event) { f(ctx, e) }

// The context of an event is that of what happened.
func TestObserverContext(t *testing.T) {
	type traceKey struct{}
	var mu sync.Mutex
	traces := map[flashgin.EventKind][]any{}
	observer := observerFunc(func(ctx context.Context, e flashgin.Event) {
		mu.Lock()
		defer mu.Unlock()
		kind := e.Kind
		if kind == flashgin.EventStoreCall {
			kind = flashgin.EventKind(e.Call)
		}
		traces[kind] = append(traces[kind], ctx.Value(traceKey{}))
	})
	for name, open := range observedStores {
		t.Run(name, func(t *testing.T) {
			clear(traces)
			a := newLiveApp(t, flashgin.Config{Store: open(t), Observer: observer, Timeout: time.Minute, AddTimeout: time.Minute})
			a.POST("/", add(t, redirect("/a"), flashgin.Info("1"), flashgin.Info("2"), flashgin.Info("3")))
			v := a.visitor()
			key := v.get("/key")
			send := func(method, path, trace string) {
				v.send(httptest.NewRequestWithContext(context.WithValue(t.Context(), traceKey{}, trace), method, path, nil))
			}
			send(http.MethodPost, "/", "post")
			send(http.MethodGet, "/a", "page")
			require.NoError(t, a.messenger.Add(context.WithValue(t.Context(), traceKey{}, "job"), key, flashgin.Info("4").At("/b")))
			mu.Lock()
			defer mu.Unlock()
			assert.Equal(t, []any{"post", "job"}, traces["add"])
			assert.Equal(t, []any{"post", "job"}, traces[flashgin.EventAdded])
			assert.Equal(t, []any{"post"}, traces[flashgin.EventDropped])
			assert.Equal(t, []any{"page"}, traces["claim"])
		})
	}
}

// However many pages load at a time, each message is counted once.
func TestObserverCountsOnce(t *testing.T) {
	for name, open := range observedStores {
		t.Run(name, func(t *testing.T) {
			o := newObservedApp(t, open(t))
			var group sync.WaitGroup
			for range 4 {
				group.Go(func() {
					for range 10 {
						assert.NoError(t, o.messenger.Add(t.Context(), o.key, flashgin.Info("text").At("/a")))
					}
				})
				group.Go(func() {
					v := newVisitor(t, o)
					for name, cookie := range o.v.cookies {
						v.cookies[name] = cookie
					}
					for range 10 {
						v.get("/a")
					}
				})
			}
			group.Wait()
			o.v.get("/a")
			o.settle()
			sums := map[flashgin.EventKind]int{}
			for _, e := range o.all() {
				sums[e.Kind] += e.Messages
			}
			assert.Equal(t, 40, sums[flashgin.EventAdded])
			assert.Equal(t, 40, sums[flashgin.EventShown]+sums[flashgin.EventDropped])
		})
	}
}
