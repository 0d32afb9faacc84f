package requests_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Goroutines of a request ask for its messages first, all at once. They get the same, and none
// disturbs another: the registry of gorilla's sessions writes to the *http.Request when the session
// is read.
func TestGoroutinesOfARequestAskFirst(t *testing.T) {
	for storeName, store := range apptest.Stores {
		t.Run(storeName, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{
				Store: store(),
				View:  func(c *gin.Context) string { return c.GetHeader("Place") },
			})
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
			a.GET("/", func(c *gin.Context) {
				var group sync.WaitGroup
				for _, ctx := range []context.Context{
					c.Copy(), c.Request.Context(), c.Copy(), c.Request.Context(),
				} {
					group.Go(func() { flashgin.PeekFlashes(ctx) })
					group.Go(func() {
						assert.Equal(t, []string{"hello"}, apptest.Texts(flashgin.Flashes(ctx)))
					})
					group.Go(func() { assert.Contains(t, flashgin.Markup(ctx), "hello") })
				}
				group.Wait()
				c.String(http.StatusOK, "shown")
			})
			for range 5 {
				visitor := a.Visitor()
				visitor.Post("/")
				assert.Equal(t, "shown", visitor.Get("/"))
			}
		})
	}
}

// Once the handler has asked, its goroutines may ask beside whatever it does: they look neither
// into the session nor at the headers.
func TestGoroutinesOfARequestAskAgain(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
	a.GET("/", func(c *gin.Context) {
		assert.Equal(t, []string{"hello"}, apptest.Texts(flashgin.PeekFlashes(c)))
		assert.Equal(t, []string{"hello"}, apptest.Texts(flashgin.Flashes(c)))
		cp, ctx := c.Copy(), c.Request.Context()
		var group sync.WaitGroup
		for _, ctx := range []context.Context{cp, ctx} {
			group.Go(func() {
				for range 100 {
					assert.Equal(t, []string{"hello"}, apptest.Texts(flashgin.Flashes(ctx)))
					assert.Equal(t, []string{"hello"}, apptest.Texts(flashgin.PeekFlashes(ctx)))
				}
			})
		}
		session := sessions.Default(c)
		for i := range 100 {
			session.Set("n", i)
			c.Header("X-N", "1")
			c.Set("n", i)
			c.Status(http.StatusAccepted)
			c.Writer = byValue{c.Writer}
			c.Request = c.Request.WithContext(c.Request.Context())
		}
		group.Wait()
		c.String(http.StatusOK, "shown")
	})
	visitor := a.Visitor()
	visitor.Post("/")
	assert.Equal(t, "shown", visitor.Get("/"))
}

// A handler that must not show messages has asked, too. Its goroutines look neither into the
// session nor at the headers, whatever the handler does meanwhile.
func TestGoroutinesOfARefusedRequestAskAgain(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		header []string
	}{
		"another site": {http.StatusOK, []string{
			"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script",
		}},
		"a prefetch":     {http.StatusOK, []string{"Sec-Purpose", "prefetch"}},
		"a redirect":     {http.StatusSeeOther, nil},
		"nothing at all": {http.StatusOK, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.GET("/", func(c *gin.Context) {
				c.Header("Location", "/elsewhere")
				c.Status(test.status)
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("own").At("/elsewhere")))
				assert.Empty(t, flashgin.Flashes(c))
				whileTheHandlerWrites(c, func(ctx context.Context) {
					assert.Empty(t, flashgin.Flashes(ctx))
				})
			})
			a.Visitor().Get("/", test.header...)
		})
	}
}

// What is added for a session that the handler has used is added without reading it again, before
// and after the headers. So is its key.
func TestGoroutinesOfARequestAddBesideTheHandler(t *testing.T) {
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprint("known ", known), func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.GET("/", func(c *gin.Context) {
				c.String(http.StatusOK, flashgin.Flashes(c).String())
			})
			a.POST("/", func(c *gin.Context) {
				key, err := a.Messenger.SessionKey(c)
				assert.NoError(t, err)
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("own").At("/")))
				cp := c.Copy()
				add := func(ctx context.Context) {
					assert.NoError(t, flashgin.AddFlash(ctx, flashgin.Info("more").At("/")))
					found, err := a.Messenger.SessionKey(cp)
					assert.NoError(t, err)
					assert.Equal(t, key, found)
				}
				whileTheHandlerWrites(c, add)
				c.String(http.StatusOK, "added")
				whileTheHandlerWrites(c, add)
			})
			visitor := a.Visitor()
			want := 1 + 2*2*asks
			if known {
				visitor.Post("/")
				assert.Equal(t, want, strings.Count(visitor.Get("/"), "\n")+1)
			}
			visitor.Post("/")
			assert.Equal(t, want, strings.Count(visitor.Get("/"), "\n")+1)
		})
	}
}

const asks = 10

// whileTheHandlerWrites asks in goroutines, often, while the handler uses its session, its headers
// and its context.
func whileTheHandlerWrites(c *gin.Context, ask func(context.Context)) {
	var group sync.WaitGroup
	for _, ctx := range []context.Context{c.Copy(), c.Request.Context()} {
		group.Go(func() {
			for range asks {
				ask(ctx)
			}
		})
	}
	session := sessions.Default(c)
	for i := range 100 {
		session.Set("n", i)
		c.Header("X-N", "1")
		c.Set("n", i)
		c.Writer = byValue{c.Writer}
		c.Request = c.Request.WithContext(c.Request.Context())
	}
	group.Wait()
}

// Requests inside a request, each in a goroutine of its own, do not disturb one another.
func TestGoroutinesWithRequestsInsideARequest(t *testing.T) {
	a := apptest.NewBoard(t)
	a.GET("/inner", apptest.JSONPage)
	a.GET("/", func(c *gin.Context) {
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				inner := httptest.NewRequestWithContext(c.Request.Context(), http.MethodGet,
					"/inner", nil)
				a.ServeHTTP(httptest.NewRecorder(), inner)
			})
		}
		group.Wait()
		c.String(http.StatusOK, "done")
	})
	server := httptest.NewServer(a)
	defer server.Close()
	for range 10 {
		answer, err := server.Client().Get(server.URL)
		if assert.NoError(t, err) {
			assert.NoError(t, answer.Body.Close())
		}
	}
}

// A goroutine asks for the session key while its handler goes on by HandleContext, which makes
// flashgin read the *http.Request again.
func TestAGoroutineBesideHandleContext(t *testing.T) {
	cookieKey := flashgin.CookieKey("flash")
	asks := make(chan struct{})
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: func(c *gin.Context) (string, error) {
			if c.GetBool("goroutine") {
				close(asks)
				for range 1000 {
					runtime.Gosched()
				}
			}
			return cookieKey(c)
		},
	})
	var group sync.WaitGroup
	a.GET("/inner", func(c *gin.Context) {
		group.Wait()
		apptest.Page(c)
	})
	a.POST("/", apptest.Add(t, apptest.Redirect("/inner"), flashgin.Info("hello")))
	a.GET("/", func(c *gin.Context) {
		cp := c.Copy()
		cp.Set("goroutine", true)
		group.Go(func() { assert.NoError(t, flashgin.AddFlash(cp, flashgin.Info("own"))) })
		<-asks
		c.Request.URL.Path = "/inner"
		a.HandleContext(c)
	})
	visitor := a.Visitor()
	visitor.Post("/")
	assert.Equal(t, "[hello][own]", visitor.Get("/"))
}

// A store that is slow reads the views that a page has asked for, when the page that has stopped
// waiting finds that it reads others.
func TestASlowStoreBesideAnAnswerThatIsNoPage(t *testing.T) {
	store := apptest.NewSpyStore()
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		Store: store, SessionKey: apptest.UserOf, Turbo: true, Timeout: 10 * time.Millisecond,
	})
	a.Messenger.Mount(a)
	a.GET("/", func(c *gin.Context) {
		assert.Empty(t, flashgin.Flashes(c))
		c.Data(http.StatusOK, "text/vnd.turbo-stream.html; charset=utf-8", []byte("a stream"))
	})
	var claims sync.WaitGroup
	claims.Add(1)
	store.On(func(_ context.Context, method string, call func() error) error {
		if method == "Claim" {
			defer claims.Done()
			time.Sleep(200 * time.Millisecond) // and not a word to the page
		}
		return call()
	})
	assert.Equal(t, "a stream", a.Shown("/"))
	claims.Wait()
}
