package requests_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// panicking is a gin-contrib session whose store breaks down.
type panickingSession struct {
	sessions.Session
	save bool
}

func (s panickingSession) Get(key any) any {
	if !s.save {
		panic("broken: session.Get")
	}
	return s.Session.Get(key)
}

func (s panickingSession) Save() error { panic("broken: session.Save") }

// panickingLog is the handler of a log that breaks down.
type panickingLog struct{ slog.Handler }

func (panickingLog) Enabled(context.Context, slog.Level) bool  { return true }
func (panickingLog) Handle(context.Context, slog.Record) error { panic("broken: the log") }

type panickingObserver struct{}

func (panickingObserver) Observe(context.Context, flashgin.Event) { panic("broken: the Observer") }

// Whatever of the application's breaks down when an answer leaves: the request ends. The contexts
// that were made for goroutines stay those of their own user when Gin has given the *gin.Context to
// the next.
func TestARequestEndsWhateverPanics(t *testing.T) {
	// alice's request breaks down at its end alone
	broken := func(c *gin.Context) bool { return c != nil && c.GetBool("broken") }
	keyOf := func(c *gin.Context) (string, error) {
		if broken(c) && c.GetString("breaks") == "SessionKey" {
			panic("broken: SessionKey")
		}
		return apptest.UserOf(c)
	}
	for _, test := range []struct {
		name    string
		cfg     flashgin.Config
		session func(sessions.Session) sessions.Session
		after   func(c *gin.Context)
		told    string // of the failure
		header  []string
	}{
		{
			name: "Config.View", told: "Config.View panicked: broken: View",
			cfg: flashgin.Config{View: func(c *gin.Context) string {
				if broken(c) {
					panic("broken: View")
				}
				return ""
			}},
		},
		{
			name: "Config.SessionKey", told: "Config.SessionKey panicked: broken: SessionKey",
			after: func(c *gin.Context) {
				c.Set("breaks", "SessionKey")
			},
		},
		{
			name: "Config.Labels", told: "Config.Labels panicked: broken: Labels",
			header: apptest.HTMX(), cfg: flashgin.Config{
				HTMX: true,
				Labels: func(c *gin.Context) flashgin.Labels {
					if broken(c) {
						panic("broken: Labels")
					}
					return flashgin.Labels{}
				},
			},
		},
		{
			name: "Config.Translate", told: "Config.Translate panicked: broken: Translate",
			header: apptest.HTMX(), cfg: flashgin.Config{
				HTMX: true,
				Translate: func(c *gin.Context, m flashgin.Message) flashgin.Message {
					if broken(c) {
						panic("broken: Translate")
					}
					return m
				},
			},
		},
		{name: "Config.Observer", told: "Config.Observer panicked: broken: the Observer",
			cfg: flashgin.Config{Observer: panickingObserver{}}},
		{
			name: "the log", told: "no page",
			cfg: flashgin.Config{Logger: slog.New(panickingLog{slog.DiscardHandler})},
			after: func(c *gin.Context) {
				// where nobody sees the message
				c.Redirect(http.StatusSeeOther, "http://elsewhere.example/")
			},
		},
		{name: "no *http.Request", after: func(c *gin.Context) { c.Request = nil }},
		{name: "the session is read", told: "session.Get",
			session: func(s sessions.Session) sessions.Session {
				return panickingSession{s, false}
			}},
		{name: "the session is saved", told: "session.Save",
			session: func(s sessions.Session) sessions.Session {
				return panickingSession{s, true}
			}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.session == nil {
				test.cfg.SessionKey = keyOf
			}
			a := apptest.NewAppWithoutSessions(t, test.cfg)
			a.Template("page", `{{flashes}}`)
			a.Messenger.Mount(a)
			a.Use(gin.CustomRecoveryWithWriter(io.Discard, func(*gin.Context, any) {}))
			if test.session != nil {
				a.Use(sessions.Sessions("id", apptest.CookieStore()))
			}
			var ctx context.Context
			var cp *gin.Context
			a.POST("/", func(c *gin.Context) {
				ctx, cp = c.Request.Context(), c.Copy()
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("hello")))
				c.Header("Content-Type", "text/html")
				if test.header != nil {
					c.String(http.StatusOK, "<p>")
				}
				c.Set("broken", true)
				if test.session != nil {
					c.Set(sessions.DefaultKey, test.session(sessions.Default(c)))
				}
				if test.after != nil {
					test.after(c)
				}
			})
			a.GET("/elsewhere", apptest.Page)
			// another user's request, which has the *gin.Context now
			a.GET("/", func(c *gin.Context) {
				for _, ctx := range []context.Context{ctx, cp} {
					_ = flashgin.AddFlash(ctx,
						flashgin.Info("a secret of alice's").At("/elsewhere"),
						flashgin.Info("another"))
					assert.Empty(t, flashgin.Flashes(ctx))
					assert.Empty(t, flashgin.PeekFlashes(ctx))
				}
				apptest.Page(c)
			})
			for range 8 { // the race detector makes sync.Pool forget some
				apptest.Within(t, "a request that breaks down", func() {
					a.Visitor().Post("/", append([]string{"User", "alice"}, test.header...)...)
				})
				bob := a.Visitor()
				for _, path := range []string{"/", "/elsewhere"} {
					assert.NotRegexp(t, "hello|secret|another", bob.Get(path, "User", "bob"))
				}
			}
			assert.Contains(t, a.Failures.String(), test.told)
		})
	}
}

// A function of the application's must not call flashgin for its own request, which calls it in
// turn. Where it does, the request neither hangs nor goes on for ever: the innermost call is an
// error.
func TestAFunctionThatCallsFlashginForItsRequest(t *testing.T) {
	var a *apptest.App
	var calls int
	call := func(c *gin.Context) (errs []error) {
		calls++
		_, err := a.Messenger.SessionKey(c)
		errs = append(errs, err, flashgin.AddFlash(c, flashgin.Info("inner").At("/elsewhere")))
		flashgin.Flashes(c)
		flashgin.PeekFlashes(c)
		flashgin.Markup(c)
		return append(errs, a.Messenger.Forget(c))
	}
	for _, test := range []struct {
		name string
		cfg  flashgin.Config
		told string
	}{
		{"SessionKey", flashgin.Config{SessionKey: func(c *gin.Context) (string, error) {
			return c.GetHeader("User"), errors.Join(call(c)...)
		}}, "Config.SessionKey calls flashgin for its own request"},
		{"View", flashgin.Config{SessionKey: apptest.UserOf, View: func(c *gin.Context) string {
			call(c)
			return ""
		}}, "Config.View calls flashgin for its own request"},
		{"Labels", flashgin.Config{
			SessionKey: apptest.UserOf,
			Labels: func(c *gin.Context) flashgin.Labels {
				call(c)
				return flashgin.Labels{}
			},
		}, "Config.Labels calls flashgin for its own request"},
		{"Translate", flashgin.Config{
			SessionKey: apptest.UserOf,
			Translate: func(c *gin.Context, m flashgin.Message) flashgin.Message {
				call(c)
				return m
			},
		}, "Config.Translate calls flashgin for its own request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a = apptest.NewAppWithoutSessions(t, test.cfg)
			a.Template("page", `{{flashes}}`)
			a.GET("/", apptest.Page)
			a.GET("/data", apptest.JSONPage)
			a.POST("/", func(c *gin.Context) {
				_ = flashgin.AddFlash(c, flashgin.Info("hello"))
				c.Redirect(http.StatusSeeOther, "/")
			})
			for _, request := range [][2]string{
				{http.MethodPost, "/"}, {http.MethodGet, "/"}, {http.MethodGet, "/data"},
			} {
				calls = 0
				apptest.Within(t, "a request", func() { a.Visit(request[0], request[1]) })
				assert.Less(t, calls, 500, "%s %s", request[0], request[1])
			}
			assert.Contains(t, a.Failures.String(), test.told)
		})
	}
}

// A goroutine that has a request's context may ask for its messages when the request ends. Gin does
// not get the *gin.Context back before the application's function has returned that was given it.
func TestTheEndWaitsForWhoUsesTheContext(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	var users sync.Map
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: func(c *gin.Context) (string, error) {
			if c.GetHeader("User") == "alice" {
				close(asked)
				<-answer
				users.Store(c.GetHeader("User"), true) // which another user's request would change
			}
			return apptest.UserOf(c)
		},
	})
	var group sync.WaitGroup
	a.GET("/", func(c *gin.Context) {
		if c.GetHeader("User") == "alice" {
			ctx := c.Request.Context()
			group.Go(func() { assert.Empty(t, flashgin.Flashes(ctx)) })
			<-asked
			group.Go(func() {
				for range 100 {
					runtime.Gosched()
				}
				close(answer)
			})
		}
	})
	a.Visit(http.MethodGet, "/")
	for range 10 {
		a.Visitor().Get("/", "User", "bob")
	}
	group.Wait()
	_, alice := users.Load("alice")
	assert.True(t, alice)
}

// A curiousSession asks flashgin for the messages of its own request whenever it is used.
type curiousSession struct {
	sessions.Session
	ask func()
}

func (s curiousSession) Get(key any) any      { s.ask(); return s.Session.Get(key) }
func (s curiousSession) Set(key any, val any) { s.ask(); s.Session.Set(key, val) }
func (s curiousSession) Save() error          { s.ask(); return s.Session.Save() }

// The store of a session must not call flashgin for its own request either.
func TestASessionThatCallsFlashginForItsRequest(t *testing.T) {
	for name, contextOf := range apptest.ContextsOf {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.Use(func(c *gin.Context) {
				session := sessions.Default(c)
				c.Set(sessions.DefaultKey, curiousSession{session, func() {
					flashgin.Flashes(contextOf(c))
					_ = flashgin.AddFlash(contextOf(c), flashgin.Info("inner").At("/elsewhere"))
				}})
			})
			a.GET("/", apptest.Page)
			a.POST("/", func(c *gin.Context) {
				_ = flashgin.AddFlash(c, flashgin.Info("hello"))
				c.Redirect(http.StatusSeeOther, "/")
			})
			for _, method := range []string{http.MethodPost, http.MethodGet} {
				apptest.Within(t, "a request", func() { a.Visit(method, "/") })
			}
			assert.Contains(t, a.Failures.String(),
				"the store of the session calls flashgin for its own request")
		})
	}
}

// However many goroutines of a handler ask at once, that is no recursion.
func TestManyGoroutinesAskAtOnce(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: apptest.UserOf,
		View: func(*gin.Context) string {
			runtime.Gosched()
			return ""
		},
	})
	a.GET("/", func(c *gin.Context) {
		ctx := c.Request.Context()
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() { flashgin.PeekFlashes(ctx) })
		}
		group.Wait()
	})
	for range 10 {
		a.Visit(http.MethodGet, "/")
	}
	assert.Empty(t, a.Failures.String())
}

// A handler that takes the URL away, from which flashgin knows the page, loses no message.
func TestARequestWithoutItsURL(t *testing.T) {
	a := apptest.NewBoard(t)
	a.GET("/", apptest.Page)
	a.POST("/", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("hello")))
		c.Header("Location", "?page=1")
		c.Status(http.StatusSeeOther)
		c.Request.URL = nil
	})
	a.Visit(http.MethodPost, "/", "User", "alice")
	assert.Equal(t, "[hello]", a.Left("/"))
}
