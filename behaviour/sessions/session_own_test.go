package sessions_test

import (
	"cmp"
	"net/http"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/memstore"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A page shows the message for which the session got its key. Whoever saves the session before the
// headers leave gives the key to the browser, and whoever does so later does not.
func TestASessionThatTheHandlerSavesForItself(t *testing.T) {
	save := func(c *gin.Context) {
		session := sessions.Default(c)
		session.Set("visits", 1)
		assert.NoError(t, session.Save())
	}
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		known  bool // the browser has the key
	}{
		{"before the page", func(c *gin.Context) { save(c); apptest.Page(c) }, true},
		{"after the page", func(c *gin.Context) { apptest.Page(c); save(c) }, false},
		{"after the headers", func(c *gin.Context) {
			assert.Len(t, flashgin.Flashes(c), 1)
			c.Writer.WriteHeaderNow()
			save(c)
		}, false},
		{"before it takes the connection over", func(c *gin.Context) {
			save(c)
			conn, _, err := c.Writer.Hijack()
			if assert.NoError(t, err) {
				conn.Close()
			}
		}, false},
		{"never", apptest.Page, false},
	} {
		for kind, sessionStore := range map[string]sessions.Store{
			"cookie": apptest.CookieStore(), "memstore": memstore.NewStore([]byte("key")),
		} {
			t.Run(test.name+"/"+kind, func(t *testing.T) {
				store := apptest.NewSpyStore()
				a := apptest.NewAppWithoutSessions(t, flashgin.Config{Store: store})
				a.Use(sessions.Sessions("id", sessionStore))
				a.GET("/later", apptest.Page)
				served := make(chan struct{})
				a.GET("/", func(c *gin.Context) {
					defer close(served)
					assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("own").At("/")))
					test.answer(c)
					err := flashgin.AddFlash(c, flashgin.Info("later").At("/later"))
					_, keyErr := a.Messenger.SessionKey(c)
					if test.known {
						assert.NoError(t, err)
						assert.NoError(t, keyErr)
						return
					}
					assert.ErrorIs(t, err, flashgin.ErrTooLate)
					assert.ErrorIs(t, keyErr, flashgin.ErrTooLate)
				})
				browser := a.Browser()
				request, err := http.NewRequest(http.MethodGet, browser.URL+"/", nil)
				require.NoError(t, err)
				if answer, err := browser.Client.Do(request); err == nil {
					answer.Body.Close()
				}
				<-served
				if test.known {
					assert.Equal(t, "[later]", browser.Get("/later"))
				} else {
					assert.Zero(t, store.Count("Add"), "nothing is stored that nobody will find")
				}
			})
		}
	}
}

type session = sessions.Session

// A lookingSession is an application's own, on top of one of gin-contrib. It looks at the messages
// of its request whenever it is used. S is the session of gorilla below it.
type lookingSession[S any] struct {
	session
	look func()
}

func (s lookingSession[S]) ID() string      { s.look(); return s.session.ID() }
func (s lookingSession[S]) Get(key any) any { s.look(); return s.session.Get(key) }
func (s lookingSession[S]) Set(key, of any) { s.look(); s.session.Set(key, of) }
func (s lookingSession[S]) Save() error     { s.look(); return s.session.Save() }
func (s lookingSession[S]) Session() S      { s.look(); return s.session.(gorilla[S]).Session() }
func (s lookingSession[S]) Written() bool   { s.look(); return s.session.(gorilla[S]).Written() }

type gorilla[S any] interface {
	Session() S
	Written() bool
}

// looking returns a session that calls look, but not while look runs.
func looking[S any](
	_ func(sessions.Store, *http.Request, string) (S, error), below sessions.Session, look func(),
) sessions.Session {
	looks := false
	return lookingSession[S]{below, func() {
		if !looks {
			looks = true
			look()
			looks = false
		}
	}}
}

// Whatever of a session is called, the request is not locked: a session of the application's own
// may look at its messages.
func TestASessionThatLooksAtItsMessages(t *testing.T) {
	for name, contextOf := range apptest.ContextsOf {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.Use(func(c *gin.Context) {
				below := sessions.Default(c)
				c.Set(sessions.DefaultKey, looking(sessions.Store.New, below, func() {
					flashgin.PeekFlashes(contextOf(c))
				}))
			})
			a.GET("/", apptest.Page)
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello")))
			a.POST("/key", func(c *gin.Context) {
				_, err := a.Messenger.SessionKey(c)
				assert.NoError(t, err)
			})
			a.POST("/forget", func(c *gin.Context) { assert.NoError(t, a.Messenger.Forget(c)) })
			a.POST("/saves", apptest.Add(t, func(c *gin.Context) {
				assert.NoError(t, sessions.Default(c).Save())
				apptest.Page(c)
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("late").At("/")))
			}, flashgin.Info("own")))
			for _, path := range []string{"/", "/key", "/forget", "/saves"} {
				apptest.Within(t, path, func() {
					visitor := a.Visitor()
					visitor.Post(path)
					visitor.Post(path)
					visitor.Get("/")
				})
			}
			visitor := a.Visitor()
			visitor.Post("/")
			assert.Equal(t, "[hello]", visitor.Get("/"))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// A key that Config.SessionKey has from elsewhere needs no cookie, though the function has asked
// CookieKey, too, and Forget has made a new cookie in vain.
func TestAKeyFromElsewhereNeedsNoCookie(t *testing.T) {
	cookieKey := flashgin.CookieKey("flash")
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: func(c *gin.Context) (string, error) {
			visitors, err := cookieKey(c)
			return cmp.Or(c.GetHeader("User"), visitors), err
		},
	})
	a.GET("/", apptest.Page)
	a.POST("/", func(c *gin.Context) {
		assert.ErrorContains(t, a.Messenger.Forget(c), "Config.SessionKey makes the keys")
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("hello").At("/")))
		conn, _, err := c.Writer.Hijack()
		if assert.NoError(t, err) {
			conn.Close()
		}
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("again").At("/")))
	})
	server := a.Serve()
	request, err := http.NewRequest(http.MethodPost, server.URL, nil)
	require.NoError(t, err)
	request.Header.Set("User", "alice")
	if answer, err := http.DefaultClient.Do(request); err == nil {
		answer.Body.Close()
	}
	apptest.Eventually(t, "[hello][again]", func() string { return a.Left("/") })
	assert.Empty(t, a.Failures.String())
}
