package answers_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/memstore"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// keepable has caches keep the answer, in all ways at once.
func keepable(c *gin.Context) {
	for name, values := range cacheHeaders["all of them"] {
		c.Writer.Header()[name] = values
	}
	c.Header("ETag", `"v1"`)
}

// assertKept fails the test unless the headers of keepable have left.
func assertKept(t *testing.T, header http.Header) {
	t.Helper()
	for name, values := range cacheHeaders["all of them"] {
		assert.Equal(t, values, header[name], name)
	}
	assert.Equal(t, []string{`"v1"`}, header["Etag"])
}

// assertPrivate fails the test unless no cache keeps the answer.
func assertPrivate(t *testing.T, header http.Header) {
	t.Helper()
	assert.Equal(t, []string{"private, no-store"}, header["Cache-Control"])
	for name := range cacheHeaders["all of them"] {
		if name != "Cache-Control" {
			assert.NotContains(t, header, name)
		}
	}
	assert.NotContains(t, header, "Etag")
}

// Who gets another's cookie from a cache, has another's mailbox, or session.
func TestCachesKeepNoCookieOfOurs(t *testing.T) {
	sessionKey := func(a *apptest.App, c *gin.Context) {
		key, err := a.Messenger.SessionKey(c)
		assert.NoError(a.T, err)
		assert.NotEmpty(a.T, key)
	}
	leave := func(a *apptest.App, c *gin.Context) {
		assert.NoError(a.T, flashgin.AddFlash(c, flashgin.Info("for elsewhere").At("/elsewhere")))
	}
	text := func(c *gin.Context) { c.String(http.StatusOK, "text") }
	moved := func(code int) gin.HandlerFunc {
		return func(c *gin.Context) { c.Redirect(code, "/elsewhere") }
	}
	for name, handler := range map[string]func(a *apptest.App, c *gin.Context){
		"the key for a form": func(a *apptest.App, c *gin.Context) {
			keepable(c)
			sessionKey(a, c)
			text(c)
		},
		"the key, then the headers": func(a *apptest.App, c *gin.Context) {
			sessionKey(a, c)
			keepable(c)
			text(c)
		},
		"the key, and headers alone": func(a *apptest.App, c *gin.Context) {
			sessionKey(a, c)
			keepable(c)
			c.Writer.Flush()
		},
		"the key, and no content": func(a *apptest.App, c *gin.Context) {
			sessionKey(a, c)
			keepable(c)
			c.Status(http.StatusNoContent)
		},
		"the key, and nothing new": func(a *apptest.App, c *gin.Context) {
			sessionKey(a, c)
			keepable(c)
			c.Status(http.StatusNotModified)
		},
		"the key of a message": func(a *apptest.App, c *gin.Context) {
			leave(a, c)
			sessionKey(a, c)
			keepable(c)
			text(c)
		},
		"a message": func(a *apptest.App, c *gin.Context) {
			leave(a, c)
			keepable(c)
			text(c)
		},
		"a message, and 301": func(a *apptest.App, c *gin.Context) {
			leave(a, c)
			keepable(c)
			moved(http.StatusMovedPermanently)(c)
		},
		"a message, and 308": func(a *apptest.App, c *gin.Context) {
			leave(a, c)
			keepable(c)
			moved(http.StatusPermanentRedirect)(c)
		},
		"a message, and no content": func(a *apptest.App, c *gin.Context) {
			leave(a, c)
			keepable(c)
			c.Status(http.StatusNoContent)
		},
		"a message, and nothing new": func(a *apptest.App, c *gin.Context) {
			leave(a, c)
			keepable(c)
			c.Status(http.StatusNotModified)
		},
		"a message, and no answer": func(a *apptest.App, c *gin.Context) {
			leave(a, c)
			keepable(c)
			c.Status(http.StatusOK)
		},
		"a message, and private headers": func(a *apptest.App, c *gin.Context) {
			leave(a, c)
			c.Header("Cache-Control", "private, max-age=60")
			text(c)
		},
		"a message, by another engine": func(a *apptest.App, c *gin.Context) {
			inner := gin.New(a.Messenger.Install)
			inner.Use(sessions.Sessions("id", apptest.CookieStore()))
			inner.GET("/", func(c *gin.Context) { leave(a, c); c.Status(http.StatusOK) })
			inner.ServeHTTP(c.Writer, c.Request)
			keepable(c)
			text(c)
		},
	} {
		for where, start := range map[string]func(*testing.T) *apptest.App{
			"session in the cookie": func(t *testing.T) *apptest.App {
				return apptest.NewApp(t, flashgin.Config{})
			},
			"session on the server": func(t *testing.T) *apptest.App {
				a := apptest.NewAppWithoutSessions(t, flashgin.Config{})
				a.Use(sessions.Sessions("id",
					memstore.NewStore([]byte("a secret of thirty-two bytes ..."))))
				return a
			},
			"cookie of its own": func(t *testing.T) *apptest.App {
				return apptest.NewAppWithoutSessions(t,
					flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
			},
		} {
			t.Run(name+"/"+where, func(t *testing.T) {
				a := start(t)
				a.GET("/", func(c *gin.Context) { handler(a, c) })
				visitor := a.Visitor()
				answer := visitor.Do(http.MethodGet, "/")
				assert.Equal(t, 1, apptest.CookiesOf(answer))
				assertPrivate(t, answer.Result().Header)

				answer = visitor.Do(http.MethodGet, "/")
				assert.Zero(t, apptest.CookiesOf(answer))
				if name != "a message, and private headers" {
					assertKept(t, answer.Result().Header)
				}
			})
		}
	}
}

// HandleContext with another *http.Request forgets the one that has made the key.
func TestCachesKeepNoCookieOfAReplacedRequest(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/another", func(c *gin.Context) { c.String(http.StatusOK, "text") })
	a.GET("/", func(c *gin.Context) {
		_, err := a.Messenger.SessionKey(c)
		assert.NoError(t, err)
		c.Request = httptest.NewRequest(http.MethodGet, "/another", nil)
		a.HandleContext(c)
	})
	answer := a.Visitor().Do(http.MethodGet, "/")
	assert.Equal(t, 1, apptest.CookiesOf(answer))
	assertPrivate(t, answer.Result().Header)
}

// A new key leaves as the first one does.
func TestCachesKeepNoCookieOfForget(t *testing.T) {
	for where, cfg := range map[string]flashgin.Config{
		"session":           {},
		"cookie of its own": {SessionKey: flashgin.CookieKey("flash")},
	} {
		t.Run(where, func(t *testing.T) {
			a := apptest.NewApp(t, cfg)
			a.GET("/", func(c *gin.Context) {
				assert.NoError(t, a.Messenger.Forget(c))
				keepable(c)
				c.String(http.StatusOK, "text")
			})
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("x")))
			visitor := a.Visitor()
			answer := visitor.Do(http.MethodGet, "/")
			assert.Zero(t, apptest.CookiesOf(answer), "there is no key to be given up")
			assertKept(t, answer.Result().Header)
			visitor.Post("/")
			answer = visitor.Do(http.MethodGet, "/")
			assert.Equal(t, 1, apptest.CookiesOf(answer))
			assertPrivate(t, answer.Result().Header)
		})
	}
}

// Without Install nobody tells us that the headers leave, so the last word is the handler's.
func TestCachesKeepNoCookieWithoutInstall(t *testing.T) {
	messenger := apptest.NewMessenger(t, flashgin.Config{})
	engine := gin.New()
	engine.Use(sessions.Sessions("id", apptest.CookieStore()))
	engine.GET("/", func(c *gin.Context) {
		keepable(c)
		_, err := messenger.SessionKey(c)
		require.NoError(t, err)
		c.String(http.StatusOK, "text")
	})
	answer := httptest.NewRecorder()
	engine.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	assert.Equal(t, 1, apptest.CookiesOf(answer))
	assertPrivate(t, answer.Result().Header)
}

// A session that the application saves is the application's.
func TestCachesKeepWhatIsNotOurs(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/", func(c *gin.Context) {
		sessions.Default(c).Set("visits", 1)
		assert.NoError(t, sessions.Default(c).Save())
		keepable(c)
		apptest.Page(c)
	})
	answer := a.Visitor().Do(http.MethodGet, "/")
	assert.Equal(t, 1, apptest.CookiesOf(answer))
	assertKept(t, answer.Result().Header)
}

// Page caches of an application look at this, if at anything.
func TestWhatMountServesToOneUserIsAborted(t *testing.T) {
	var aborted bool
	a := apptest.NewAppBehind(t, flashgin.Config{SessionKey: apptest.UserOf}, func(c *gin.Context) {
		c.Next()
		aborted = c.IsAborted()
	})
	a.Messenger.Mount(a)
	for _, test := range []struct {
		method, path string
		header       []string
		code         int
	}{
		{http.MethodGet, "/_flash/messages?view=/", []string{"X-Get-Flash", "1"}, http.StatusOK},
		{http.MethodGet, "/_flash/messages?view=/", nil, http.StatusForbidden},
		{http.MethodGet, "/_flash/stream?view=/", []string{"User", ""}, http.StatusNoContent},
		{http.MethodPost, "/_flash/ack", nil, http.StatusForbidden},
	} {
		answer := a.Visit(test.method, test.path, test.header...)
		assert.Equal(t, test.code, answer.Code)
		assert.True(t, aborted, "%s %s", test.method, test.path)
	}
}
