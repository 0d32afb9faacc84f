package sessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/memstore"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// keyKinds are the two keys that flashgin makes.
func keyKinds(store flashgin.Store) map[string]flashgin.Config {
	return map[string]flashgin.Config{
		"sessions":  {Store: store},
		"CookieKey": {Store: store, SessionKey: flashgin.CookieKey("flash")},
	}
}

// A new key is of use if its cookie leaves with the answer. Where it does not, whoever wants one is
// told, and nothing is stored that nobody will find.
func TestNoKeyIsMadeThatNobodyHas(t *testing.T) {
	hello := flashgin.Info("hello").At("/")
	type try struct {
		t *testing.T
		a *apptest.App
		c *gin.Context
		apptest.Deadline
	}
	refused := func(x try, c *gin.Context) {
		_, err := x.a.Messenger.SessionKey(c)
		assert.ErrorIs(x.t, err, flashgin.ErrTooLate)
		assert.ErrorIs(x.t, flashgin.AddFlash(c, hello), flashgin.ErrTooLate)
	}
	adds := func(x try) { assert.NoError(x.t, flashgin.AddFlash(x.c, hello)) }
	makesKey := func(x try) {
		_, err := x.a.Messenger.SessionKey(x.c)
		assert.NoError(x.t, err)
	}
	hijack := func(x try) {
		conn, _, err := x.c.Writer.Hijack()
		if assert.NoError(x.t, err) {
			conn.Close()
		}
	}
	goOn := func(x try) { // as the answer to another *http.Request
		x.c.Request = httptest.NewRequest(http.MethodGet, "/inner", nil)
		x.a.HandleContext(x.c)
	}
	expired := func(x try) {
		x.Expire()
		<-x.c.Request.Context().Done()
	}
	for _, test := range []struct {
		name     string
		handler  func(x try)
		lost     bool // it was said that the message is
		deadline bool // behind http.TimeoutHandler
	}{
		{name: "a copy, after the headers", handler: func(x try) {
			cp := x.c.Copy()
			x.c.String(http.StatusOK, "body")
			refused(x, cp)
		}},
		{name: "a copy makes no key", handler: func(x try) {
			_, err := x.a.Messenger.SessionKey(x.c.Copy())
			assert.ErrorIs(x.t, err, flashgin.ErrTooLate)
			assert.ErrorContains(x.t, err, "a copy of the *gin.Context has no answer")
			assert.NotContains(x.t, err.Error(), "key any more", "the answer may bring one still")
		}},
		{name: "hijacked", handler: func(x try) { hijack(x); refused(x, x.c) }},
		{name: "added, then hijacked", handler: func(x try) { adds(x); hijack(x) }, lost: true},
		{name: "key made, then hijacked", handler: func(x try) {
			makesKey(x)
			adds(x)
			hijack(x)
			assert.ErrorIs(x.t, flashgin.AddFlash(x.c, hello), flashgin.ErrTooLate)
			_, err := x.a.Messenger.SessionKey(x.c)
			assert.ErrorIs(x.t, err, flashgin.ErrTooLate)
		}, lost: true},
		{name: "replaced", handler: func(x try) { goOn(x); refused(x, x.c) }},
		{name: "added, then replaced", handler: func(x try) { adds(x); goOn(x) }, lost: true},
		{name: "timed out", handler: func(x try) { expired(x); refused(x, x.c) }, deadline: true},
		{name: "added, then timed out", handler: func(x try) {
			adds(x)
			expired(x)
		}, lost: true, deadline: true},
		{name: "key made, then timed out", handler: func(x try) {
			makesKey(x)
			adds(x)
			expired(x)
		}, lost: true, deadline: true},
	} {
		for kind, cfg := range keyKinds(apptest.NewSpyStore()) {
			t.Run(test.name+"/"+kind, func(t *testing.T) {
				store := cfg.Store.(*apptest.SpyStore)
				before := store.Count("Add")
				a := apptest.NewApp(t, cfg)
				served := make(chan struct{})
				deadline := apptest.NewDeadline()
				a.POST("/", func(c *gin.Context) {
					defer close(served)
					test.handler(try{t, a, c, deadline})
				})
				a.GET("/inner", func(c *gin.Context) { c.String(http.StatusOK, "inner") })
				var handler http.Handler = a
				if test.deadline {
					handler = deadline.Around(http.TimeoutHandler(a, time.Minute, "too slow"))
				}
				ended := make(chan struct{})
				server := httptest.NewServer(http.HandlerFunc(
					func(w http.ResponseWriter, r *http.Request) {
						handler.ServeHTTP(w, r)
						close(ended)
					}))
				defer server.Close()
				request, err := http.NewRequest(http.MethodPost, server.URL+"/", nil)
				require.NoError(t, err)
				if answer, err := http.DefaultClient.Do(request); err == nil {
					answer.Body.Close()
				}
				<-ended
				<-served
				lost := func() bool {
					for _, err := range a.Failures.All() {
						if errors.Is(err, flashgin.ErrTooLate) {
							return true
						}
					}
					return false
				}
				if test.lost {
					assert.Eventually(t, lost, 10*time.Second, 5*time.Millisecond)
				}
				assert.Equal(t, before, store.Count("Add"), "nothing is stored")
			})
		}
	}
}

// A client that has gone gets no cookie.
func TestNoKeyIsMadeForAClientThatHasGone(t *testing.T) {
	for kind, cfg := range keyKinds(apptest.NewSpyStore()) {
		t.Run(kind, func(t *testing.T) {
			var cancel context.CancelFunc
			a := apptest.NewAppBehind(t, cfg, func(c *gin.Context) {
				ctx, leave := context.WithCancel(c.Request.Context())
				cancel = leave
				c.Request = c.Request.WithContext(ctx)
			})
			a.POST("/before", func(c *gin.Context) {
				cancel()
				_, err := a.Messenger.SessionKey(c)
				assert.ErrorIs(t, err, flashgin.ErrTooLate)
				assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("hello")), flashgin.ErrTooLate)
			})
			a.POST("/after",
				apptest.Add(t, func(*gin.Context) { cancel() }, flashgin.Info("hello").At("/")))
			a.Visitor().Post("/before")
			require.Len(t, a.Failures.All(), 1)
			assert.ErrorIs(t, a.Failures.All()[0], flashgin.ErrTooLate)
			a.Visitor().Post("/after")
			require.Len(t, a.Failures.All(), 2)
			assert.ErrorIs(t, a.Failures.All()[1], flashgin.ErrTooLate)
			assert.Zero(t, cfg.Store.(*apptest.SpyStore).Count("Add"))
		})
	}
}

// A session on the server, which the browser knows by its ID, needs no cookie for its key.
func TestAClientThatHasGoneKeepsItsSession(t *testing.T) {
	var leave context.CancelFunc
	a := apptest.NewAppWired(t, flashgin.Config{},
		func(engine *gin.Engine, install gin.OptionFunc) {
			engine.Use(func(c *gin.Context) {
				ctx, cancel := context.WithCancel(c.Request.Context())
				leave = cancel
				c.Request = c.Request.WithContext(ctx)
			})
			engine.With(install).Use(sessions.Sessions("id", memstore.NewStore([]byte("a key"))))
		})
	a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	a.GET("/", apptest.Page)
	a.POST("/login", func(c *gin.Context) {
		session := sessions.Default(c)
		session.Set("user", "alice")
		assert.NoError(t, session.Save())
	})
	a.POST("/before", func(c *gin.Context) {
		leave()
		apptest.Add(t, apptest.Redirect("/"), flashgin.Info("before"))(c)
	})
	a.POST("/after", apptest.Add(t, func(c *gin.Context) {
		leave()
		apptest.Redirect("/")(c)
	}, flashgin.Info("after")))
	for _, moment := range []string{"before", "after"} {
		visitor := a.Visitor()
		visitor.Post("/login")
		visitor.Post("/" + moment)
		assert.Equal(t, "["+moment+"]", visitor.Get("/"))
	}
	assert.Empty(t, a.Failures.String())
}

// A deadline that has passed does not keep the cookie from a connection that is still there.
func TestADeadlineDoesNotKeepTheCookie(t *testing.T) {
	for kind, cfg := range keyKinds(nil) {
		t.Run(kind, func(t *testing.T) {
			a := apptest.NewAppBehind(t, cfg, func(c *gin.Context) {
				ctx, cancel := context.WithDeadline(c.Request.Context(),
					time.Now().Add(-time.Second))
				defer cancel()
				c.Request = c.Request.WithContext(ctx)
				c.Next()
			})
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
			a.GET("/left", func(c *gin.Context) {
				key, err := a.Messenger.SessionKey(c)
				assert.NoError(t, err)
				waiting, err := a.Messenger.Peek(context.Background(), key, "/")
				assert.NoError(t, err)
				c.JSON(http.StatusOK, apptest.Texts(waiting))
			})
			browser := a.Browser()
			assert.Equal(t, 1, browser.Post("/").CookieCount())
			assert.JSONEq(t, `["hello"]`, browser.Get("/left"))
		})
	}
}

// Without Install a copy makes no key either.
func TestACopyMakesNoKeyWithoutInstall(t *testing.T) {
	m := apptest.NewMessenger(t, flashgin.Config{})
	engine := gin.New()
	engine.Use(sessions.Sessions("id", apptest.CookieStore()))
	engine.POST("/", func(c *gin.Context) {
		_, err := m.SessionKey(c.Copy())
		assert.ErrorIs(t, err, flashgin.ErrTooLate)
	})
	engine.POST("/key", func(c *gin.Context) {
		key, err := m.SessionKey(c)
		assert.NoError(t, err)
		again, err := m.SessionKey(c.Copy())
		assert.NoError(t, err)
		assert.Equal(t, key, again)
		assert.ErrorIs(t, m.Forget(c.Copy()), flashgin.ErrTooLate)
	})
	visitor := apptest.NewVisitor(t, engine)
	assert.Zero(t, apptest.CookiesOf(visitor.Post("/")))
	assert.Equal(t, 1, apptest.CookiesOf(visitor.Post("/key")))
}

// Handlers hand c.Copy() to goroutines, as Gin advises. Those ask for the session's key, or give it
// up, when the answer has left and Gin has given the writer to somebody else. Nobody becomes
// somebody else by that.
func TestNobodyGetsTheSessionOfAnother(t *testing.T) {
	const users, workers = 200, 16
	for kind, cfg := range keyKinds(nil) {
		t.Run(kind, func(t *testing.T) {
			a := apptest.NewApp(t, cfg)
			var goroutines sync.WaitGroup
			a.POST("/login", func(c *gin.Context) {
				session := sessions.Default(c)
				session.Set("user", c.Query("user"))
				assert.NoError(t, session.Save())
				if c.Query("key") != "" {
					_, err := a.Messenger.SessionKey(c)
					assert.NoError(t, err)
				}
			})
			left := make([]chan struct{}, users) // the answer has
			a.POST("/job", func(c *gin.Context) {
				user, _ := strconv.Atoi(sessions.Default(c).Get("user").(string))
				cp := c.Copy()
				goroutines.Go(func() {
					<-left[user]
					if user%2 == 0 {
						_, err := a.Messenger.SessionKey(cp)
						assert.ErrorIs(t, err, flashgin.ErrTooLate)
					} else {
						assert.ErrorIs(t, a.Messenger.Forget(cp), flashgin.ErrTooLate)
					}
				})
				c.Status(http.StatusNoContent)
			})
			a.GET("/who", func(c *gin.Context) {
				c.JSON(http.StatusOK, sessions.Default(c).Get("user"))
			})
			server := a.Serve()
			next := make(chan int)
			var work sync.WaitGroup
			for range workers {
				work.Go(func() {
					for user := range next {
						browser := apptest.NewBrowser(t, server.URL)
						browser.Post(fmt.Sprintf("/login?user=%d&key=%s", user,
							[]string{"", "1"}[user%2]))
						browser.Post("/job")
						close(left[user])
						for range 5 {
							var who string
							assert.NoError(t, json.Unmarshal([]byte(browser.Get("/who")), &who))
							assert.Equal(t, fmt.Sprint(user), who)
						}
					}
				})
			}
			for user := range users {
				left[user] = make(chan struct{})
				next <- user
			}
			close(next)
			work.Wait()
			goroutines.Wait()
		})
	}
}
