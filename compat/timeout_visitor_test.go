package compat

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-contrib/sessions/memstore"
	"github.com/gin-contrib/timeout"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// A handler outlasts gin-contrib/timeout, which answers 408 in its place and throws its headers away.
// If the cookie of a new key is among them, nobody can ever be shown what is added under that key. An
// error or a report says so. What is added without a word is shown.
func TestAHandlerThatOutlastsItsTimeout(t *testing.T) {
	secret := []byte("a secret of thirty-two bytes ...")
	cookies, memory := cookie.NewStore(secret), memstore.NewStore(secret)
	for _, store := range []sessions.Store{cookies, memory} {
		store.Options(sessions.Options{Path: "/"})
	}
	const (
		newVisitor = iota
		withSession
		withKey
	)
	for _, test := range []struct {
		name    string
		cfg     flashgin.Config
		store   sessions.Store
		inside  bool // sessions come after timeout
		visitor int
		lost    bool
	}{
		{name: "sessions around it, new visitor", store: cookies},
		{name: "sessions around it, known visitor", store: cookies, visitor: withKey},
		{name: "sessions within it, new visitor", store: cookies, inside: true, lost: true},
		{name: "sessions within it, a session without a key", store: cookies, inside: true, visitor: withSession, lost: true},
		{name: "sessions within it, known visitor", store: cookies, inside: true, visitor: withKey},
		{name: "sessions on the server within it, new visitor", store: memory, inside: true, lost: true},
		{name: "sessions on the server within it, a session without a key", store: memory, inside: true, visitor: withSession},
		{name: "cookie key, new visitor", store: cookies, inside: true, cfg: flashgin.Config{SessionKey: flashgin.CookieKey("flash")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var told reports
			test.cfg.OnError = told.add
			messenger, err := flashgin.New(test.cfg)
			require.NoError(t, err)
			o := outlast(t, messenger, sessions.Sessions("id", test.store), test.inside)
			var early, late error
			o.handler = func(c *gin.Context) {
				ctx := c.Request.Context()
				early = flashgin.AddFlash(c, flashgin.Info("early").At("/"))
				o.wait()
				late = flashgin.AddFlash(ctx, flashgin.Info("late").At("/"))
			}

			switch test.visitor {
			case withSession:
				o.do(http.MethodPost, "/session")
			case withKey:
				o.do(http.MethodPost, "/key")
			}
			o.slow()
			assert.NoError(t, early, "who could know?")
			shown := o.do(http.MethodGet, "/")
			if !test.lost {
				assert.NoError(t, late)
				assert.JSONEq(t, `["early","late"]`, shown)
				assert.Empty(t, told.all())
				return
			}
			assert.JSONEq(t, `[]`, shown)
			assert.ErrorIs(t, late, flashgin.ErrTooLate)
			require.Len(t, told.all(), 1)
			assert.ErrorIs(t, told.all()[0], flashgin.ErrTooLate)
			assert.ErrorContains(t, told.all()[0], "lost")
		})
	}
}

// The same for a key that a job was given.
func TestAKeyWhoseCookieIsThrownAway(t *testing.T) {
	var told reports
	messenger, err := flashgin.New(flashgin.Config{OnError: told.add})
	require.NoError(t, err)
	o := outlast(t, messenger, sessions.Sessions("id", cookie.NewStore([]byte("key"))), true)
	var early, late error
	o.handler = func(c *gin.Context) {
		cp := c.Copy()
		_, early = messenger.SessionKey(c)
		o.wait()
		_, late = messenger.SessionKey(cp)
	}
	o.slow()
	assert.NoError(t, early, "who could know?")
	assert.ErrorIs(t, late, flashgin.ErrTooLate)
	require.Len(t, told.all(), 1)
	assert.ErrorIs(t, told.all()[0], flashgin.ErrTooLate)
}

// outlasted is an application with a handler that is slower than it may be, at /slow, and its browser.
type outlasted struct {
	t                       *testing.T
	url                     string
	browser                 *http.Client
	handler                 gin.HandlerFunc
	reached, answered, done chan struct{}
}

// outlast makes timeout and the handler take turns: the time-out is over when the handler waits, and the
// handler goes on when the answer has left.
func outlast(t *testing.T, messenger *flashgin.Messenger, session gin.HandlerFunc, inside bool) *outlasted {
	o := &outlasted{t: t, reached: make(chan struct{}), answered: make(chan struct{}), done: make(chan struct{})}
	limit := timeout.New(
		timeout.WithTimeout(50*time.Millisecond),
		timeout.WithResponse(func(c *gin.Context) {
			<-o.reached
			c.String(http.StatusRequestTimeout, "too late")
		}),
	)
	slow := gin.New(messenger.Install)
	// timeout copies the context while the handler runs, and must not see its map being made.
	slow.Use(func(c *gin.Context) { c.Set("a key", true) })
	if inside {
		slow.Use(limit, session)
	} else {
		slow.Use(session, limit)
	}
	slow.POST("/slow", func(c *gin.Context) {
		defer close(o.done)
		o.handler(c)
	})

	// The context of the handler that goes on stays with its engine: the pages have another one.
	pages := gin.New(messenger.Install)
	pages.Use(session)
	pages.GET("/", func(c *gin.Context) { c.JSON(http.StatusOK, texts(flashgin.Flashes(c))) })
	pages.POST("/key", func(c *gin.Context) {
		_, err := messenger.SessionKey(c)
		assert.NoError(t, err)
	})
	pages.POST("/session", func(c *gin.Context) {
		values := sessions.Default(c)
		values.Set("user", "alice")
		assert.NoError(t, values.Save())
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/slow" {
			pages.ServeHTTP(w, r)
			return
		}
		defer close(o.answered)
		slow.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { assert.NoError(t, messenger.Close(context.Background())) })
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	o.url, o.browser = server.URL, &http.Client{Jar: jar}
	return o
}

// wait lets the time-out end, until the answer has left.
func (o *outlasted) wait() {
	close(o.reached)
	<-o.answered
}

// slow asks for the page that is too slow, until its handler has ended.
func (o *outlasted) slow() {
	o.t.Helper()
	assert.Equal(o.t, "too late", o.do(http.MethodPost, "/slow"))
	<-o.done
}

func (o *outlasted) do(method, path string) (body string) {
	o.t.Helper()
	request, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, nil)
	require.NoError(o.t, err)
	response, err := o.browser.Do(request)
	require.NoError(o.t, err)
	return read(o.t, response)
}
