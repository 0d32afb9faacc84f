// Package observer_test holds flashgin to what it tells Observer and OnError.
package observer_test

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
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// observedApp is an application whose Messenger has an Observer, with a page /errors that shows
// errors alone, and a visitor with a session.
type observedApp struct {
	*apptest.App
	*apptest.Observed
	v   *apptest.Visitor
	key string
}

func newObservedApp(t *testing.T, store flashgin.Store) *observedApp {
	o := &observedApp{Observed: new(apptest.Observed)}
	o.App = apptest.NewLiveApp(t, flashgin.Config{Store: store, Observer: o.Observed,
		Timeout: time.Minute, AddTimeout: time.Minute})
	o.Template("page",
		`{{range flashes}}[{{.Text}}]{{end}}{{define "errors"}}{{range flashes "error"}}[{{.Text}}]{{end}}{{end}}`)
	o.GET("/errors", func(c *gin.Context) { c.HTML(http.StatusOK, "errors", nil) })
	o.v = o.Visitor()
	o.key = o.v.Get("/key")
	return o
}

// settle waits for what is done in the background.
func (o *observedApp) settle() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	require.NoError(o.T, o.Messenger.Close(ctx))
}

// observedStores are those that every event is tried with. The cap is 2.
var observedStores = map[string]func(t *testing.T) flashgin.Store{
	"memory": func(*testing.T) flashgin.Store { return &flashgin.MemoryStore{Cap: 2} },
	"redis": func(t *testing.T) flashgin.Store {
		return apptest.NewRedisStoreWith(t, apptest.StartMiniredis(t), flashgin.RedisConfig{Cap: 2})
	},
	"a stranger's": func(*testing.T) flashgin.Store {
		return strangersStore{apptest.NewSpyStore()}
	},
}

// strangersStore is a store of somebody else's that takes part in what an Observer is told.
type strangersStore struct{ *apptest.SpyStore }

func (s strangersStore) OnEvent(event func(context.Context, flashgin.Event)) {
	store := s.Kept.(*flashgin.MemoryStore)
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
			o.Job(o.key, hello, hello)
			assert.Equal(o.T, "[the text][the text]", o.v.Get("/a"))
		}, []string{"added 2", "shown 2"}},
		{"a request's, shown by the next page", func(o *observedApp) {
			o.POST("/", apptest.Add(o.T, apptest.Redirect("/a"), flashgin.Info("the text")))
			o.v.Post("/")
			assert.Equal(o.T, "[the text]", o.v.Get("/a"))
		}, []string{"added 1", "shown 1"}},
		{"a request's, shown by itself", func(o *observedApp) {
			o.POST("/", apptest.Add(o.T, apptest.Page, flashgin.Info("the text")))
			assert.Equal(o.T, "[the text]", o.v.Post("/").Body.String())
		}, []string{"shown 1 directly"}},
		{"a request's, added when its headers had left", func(o *observedApp) {
			o.POST("/", func(c *gin.Context) {
				c.String(http.StatusOK, "done")
				assert.NoError(o.T, flashgin.AddFlash(c, hello))
			})
			o.v.Post("/")
		}, []string{"added 1"}},
		{"both on one page", func(o *observedApp) {
			o.Job(o.key, hello)
			o.GET("/both",
				apptest.Add(o.T, apptest.Page, flashgin.Info("own"), flashgin.Info("own")))
			o.Job(o.key, flashgin.Info("waited").At("/both"))
			assert.Equal(o.T, "[waited][own][own]", o.v.Get("/both"))
		}, []string{"added 1", "added 1", "shown 2 directly", "shown 1"}},
		{"taken by a job", func(o *observedApp) {
			o.Job(o.key, hello)
			_, err := o.Messenger.Take(o.T.Context(), o.key, "/a")
			assert.NoError(o.T, err)
		}, []string{"added 1", "shown 1"}},
		{"looked at", func(o *observedApp) {
			o.Job(o.key, hello)
			_, err := o.Messenger.Peek(o.T.Context(), o.key, "/a")
			assert.NoError(o.T, err)
		}, []string{"added 1"}},
		{"an ID that is known", func(o *observedApp) {
			given := hello
			given.ID = "order-5"
			o.Job(o.key, given)
			o.Job(o.key, given)
		}, []string{"added 1", "added 1"}},
		{"empty", func(o *observedApp) { o.Job(o.key, flashgin.Info("").At("/a")) }, []string{}},
		{"given back by a page that failed", func(o *observedApp) {
			o.Job(o.key, hello)
			o.GET("/broken", func(c *gin.Context) {
				flashgin.Flashes(c)
				c.Status(http.StatusInternalServerError)
			})
			o.Job(o.key, hello.At("/broken"))
			o.v.Get("/broken")
		}, []string{"added 1", "added 1", "released 1"}},
		{"given back by a page that wants others", func(o *observedApp) {
			o.Job(o.key, hello.At("/errors"), flashgin.Error("an error").At("/errors"))
			assert.Equal(o.T, "[an error]", o.v.Get("/errors"))
		}, []string{"added 2", "shown 1", "released 1"}},
		{"on a page that is flushed, and goes on", func(o *observedApp) {
			o.GET("/long", func(c *gin.Context) {
				assert.NoError(o.T, flashgin.AddFlash(c, flashgin.Info("own")))
				c.String(http.StatusOK, flashgin.Flashes(c).String())
				c.Writer.Flush()
				c.String(http.StatusOK, "more")
				c.Writer.Flush()
			})
			o.Job(o.key, hello.At("/long"))
			o.v.Get("/long")
		}, []string{"added 1", "shown 1", "shown 1 directly"}},
		{"taken along by an answer to a script", func(o *observedApp) {
			o.GET("/data", func(c *gin.Context) { c.JSON(http.StatusOK, "data") })
			o.Job(o.key, hello.At(flashgin.Anywhere))
			answer := o.v.Do(http.MethodGet, "/data", "X-Get-Flash", "1",
				"Sec-Fetch-Site", "same-origin", "Referer", "http://example.com/b")
			assert.Contains(o.T, answer.Header().Get("Flash-Messages"), "the text")
		}, []string{"added 1", "shown 1"}},
		{"a request's own, whose page failed", func(o *observedApp) {
			o.POST("/a", apptest.Add(o.T, func(c *gin.Context) {
				flashgin.Flashes(c)
				c.Status(http.StatusInternalServerError)
			}, flashgin.Info("own")))
			o.v.Post("/a")
		}, []string{"added 1"}},
		{"dropped by the cap", func(o *observedApp) {
			o.Job(o.key, hello, hello)
			o.Job(o.key, hello, hello, hello)
		}, []string{"added 2", "dropped 3", "added 3"}},
		{"lost for want of a page", func(o *observedApp) {
			o.POST("/api/save", apptest.Add(o.T, apptest.Status(http.StatusNoContent),
				flashgin.Info("a"), flashgin.Info("b"), hello))
			o.v.Post("/api/save")
		}, []string{"added 1", "lost 2"}},
	} {
		for name, open := range observedStores {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				o := newObservedApp(t, open(t))
				test.do(o)
				o.settle()
				// in the others, a page is not waiting for what is released and confirmed
				if name == "memory" {
					assert.Equal(t, test.want, o.Messages())
				}
				assert.ElementsMatch(t, test.want, o.Messages())
				o.tellsNothingPrivate()
			})
		}
	}
}

// tellsNothingPrivate checks that no event holds what the messages, their views and the session
// are. But what has gone without being seen has a view, and the hash of a session.
func (o *observedApp) tellsNothingPrivate() {
	for _, e := range o.All() {
		if e.Kind == flashgin.EventDropped || e.Kind == flashgin.EventLeaseExpired {
			assert.Equal(o.T, flashgin.SessionHash(o.key), e.Session)
			assert.NotEmpty(o.T, e.View)
			e.View = ""
		}
		text := fmt.Sprintf("%+v", e)
		for _, private := range []string{o.key, "the text", "/a", "order-5"} {
			assert.NotContains(o.T, text, private)
		}
	}
}

// claims returns how many claims have ended.
func (o *observedApp) claims() (n int) {
	for _, e := range o.All() {
		if e.Kind == flashgin.EventStoreCall && e.Call == "claim" {
			n++
		}
	}
	return n
}

// wasTooSlow reports whether the store has let somebody wait too long, as it does on a machine that
// is too busy. What comes too late for a stream is put back, which counts.
func (o *observedApp) wasTooSlow() bool {
	for _, e := range o.All() {
		if e.Duration > 400*time.Millisecond { // after 500, an add is tried again
			return true
		}
	}
	return strings.Contains(o.App.Failures.String(), "did not answer within")
}

// Streams count what browsers acknowledge, once, whatever else they claim to have shown.
func TestObserverOfStreams(t *testing.T) {
	for _, test := range []struct {
		name string
		ack  func(o *observedApp, handed apptest.Handed)
		want []string
	}{
		{"shown", func(o *observedApp, handed apptest.Handed) {
			o.v.Acknowledge(apptest.AckBody("shown", handed))
		}, []string{"added 2", "shown 2"}},
		{"shown, told twice", func(o *observedApp, handed apptest.Handed) {
			o.v.Acknowledge(apptest.AckBody("shown", handed))
			o.v.Acknowledge(apptest.AckBody("shown", handed))
		}, []string{"added 2", "shown 2"}},
		{"given back, told twice", func(o *observedApp, handed apptest.Handed) {
			o.v.Acknowledge(apptest.AckBody("back", handed))
			o.v.Acknowledge(apptest.AckBody("back", handed))
		}, []string{"added 2", "released 2"}},
		{"one of them", func(o *observedApp, handed apptest.Handed) {
			handed.Messages = handed.Messages[:1]
			o.v.Acknowledge(apptest.AckBody("shown", handed))
		}, []string{"added 2", "shown 1"}},
		{"one of them given back", func(o *observedApp, handed apptest.Handed) {
			handed.Messages = handed.Messages[1:]
			o.v.Acknowledge(apptest.AckBody("back", handed))
		}, []string{"added 2", "released 1"}},
		{"invented", func(o *observedApp, handed apptest.Handed) {
			for i := range handed.Messages {
				handed.Messages[i].ID = "invented"
			}
			o.v.Acknowledge(apptest.AckBody("shown", handed))
			handed.Tickets = map[string]string{"/a": "12345"}
			o.v.Acknowledge(apptest.AckBody("back", handed))
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
					page := o.v.Listen(apptest.StreamPath("/a"))
					o.Job(o.key, flashgin.Info("1").At("/a"), flashgin.Info("2").At("/a"))
					handed := func() bool { return len(apptest.TextsOf(t, page.Events())) == 2 }
					require.Eventually(t, handed, 30*time.Second, time.Millisecond)
					claims := o.claims()
					page.Close()
					test.ack(o, apptest.HandedOver(t, page.Events())[0])
					o.settle()
					// A claim of the stream that was under way may find what the page has given
					// back. Nobody waits for it, so it is released, too.
					if tries > 0 && (o.wasTooSlow() || o.claims() > claims) {
						continue
					}
					assert.ElementsMatch(t, test.want, o.Messages())
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
			o.Job(o.key, flashgin.Info("1").At("/a"), flashgin.Info("2").At("/a"))
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
			assert.Equal(t, []string{"added 2", "lease_expired 2"}, o.Messages(),
				"looking is not taking")
			o.Job(o.key, flashgin.Info("3").At("/b"))
			assert.Equal(t, "[1][2]", o.v.Get("/a"))
			assert.Equal(t, "[3]", o.v.Get("/b"))
			o.settle()
			assert.ElementsMatch(t,
				[]string{"added 2", "lease_expired 2", "added 1", "lease_expired 2", "shown 2",
					"shown 1"},
				o.Messages())
		})
	}
}

// An Observer belongs to the application: it is called with no lock held, so it may do with the
// request what it likes.
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
			a := apptest.NewLiveApp(t, flashgin.Config{Store: open(t), Observer: observer,
				Timeout: time.Minute, AddTimeout: time.Minute})
			a.POST("/", func(c *gin.Context) {
				during.Store(c)
				defer during.Store(nil)
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("1"),
					flashgin.Info("2").At("/a"), flashgin.Info("3").At("/a"),
					flashgin.Info("4").At("/a")))
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
			v := a.Visitor()
			key := v.Get("/key")
			apptest.Within(t, "a request whose Observer looks at it", func() { v.Post("/") })
			a.Job(key,
				flashgin.Info(strings.Repeat("too much for a header", 300)).At(flashgin.Anywhere))
			apptest.Within(t, "a request that gives back what it cannot carry", func() {
				header := v.Do(http.MethodGet, "/data", "X-Get-Flash", "1",
					"Sec-Fetch-Site", "same-origin", "Referer", "http://example.com/b").Header()
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
			a := apptest.NewLiveApp(t, flashgin.Config{Store: open(t), Observer: observer,
				Timeout: time.Minute, AddTimeout: time.Minute})
			a.POST("/", apptest.Add(t, apptest.Redirect("/a"), flashgin.Info("1"),
				flashgin.Info("2"), flashgin.Info("3")))
			v := a.Visitor()
			key := v.Get("/key")
			send := func(method, path, trace string) {
				v.Send(httptest.NewRequestWithContext(
					context.WithValue(t.Context(), traceKey{}, trace), method, path, nil))
			}
			send(http.MethodPost, "/", "post")
			send(http.MethodGet, "/a", "page")
			require.NoError(t, a.Messenger.Add(context.WithValue(t.Context(), traceKey{}, "job"),
				key, flashgin.Info("4").At("/b")))
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
						assert.NoError(t,
							o.Messenger.Add(t.Context(), o.key, flashgin.Info("text").At("/a")))
					}
				})
				group.Go(func() {
					v := apptest.NewVisitor(t, o)
					for name, cookie := range o.v.Jar {
						v.Jar[name] = cookie
					}
					for range 10 {
						v.Get("/a")
					}
				})
			}
			group.Wait()
			o.v.Get("/a")
			o.settle()
			sums := map[flashgin.EventKind]int{}
			for _, e := range o.All() {
				sums[e.Kind] += e.Messages
			}
			assert.Equal(t, 40, sums[flashgin.EventAdded])
			assert.Equal(t, 40, sums[flashgin.EventShown]+sums[flashgin.EventDropped])
		})
	}
}
