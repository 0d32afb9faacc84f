package compat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
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

// A handler outlasts gin-contrib/timeout, which answers 408 in its place and throws its headers
// away. If the cookie of a new key is among them, nobody can ever be shown what is added under that
// key. An error or a report says so. What is added without a word is shown.
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
		order   order
		visitor int
		lost    bool
	}{
		{name: "sessions around it, new visitor", store: cookies},
		{name: "sessions around it, known visitor", store: cookies, visitor: withKey},
		{name: "sessions within it, new visitor", store: cookies, order: sessionsWithin,
			lost: true},
		{name: "sessions within it, a session without a key", store: cookies, order: sessionsWithin,
			visitor: withSession, lost: true},
		{name: "sessions within it, known visitor", store: cookies, order: sessionsWithin,
			visitor: withKey},
		{name: "sessions on the server within it, new visitor", store: memory,
			order: sessionsWithin, lost: true},
		{name: "sessions on the server within it, a session without a key", store: memory,
			order: sessionsWithin, visitor: withSession},
		{name: "cookie key, new visitor", store: cookies, order: sessionsWithin,
			cfg: flashgin.Config{SessionKey: flashgin.CookieKey("flash")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var told reports
			test.cfg.OnError = told.add
			messenger, err := flashgin.New(test.cfg)
			require.NoError(t, err)
			o := outlast(t, messenger, sessions.Sessions("id", test.store), test.order)
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
			require.Len(t, told.all(), 2)
			assert.ErrorIs(t, told.all()[0], flashgin.ErrTooLate)
			assert.ErrorContains(t, told.all()[0], "lost")
			assert.ErrorIs(t, told.all()[1], flashgin.ErrTooLate, "of the late message")
		})
	}
}

// The same for a key that a job was given.
func TestAKeyWhoseCookieIsThrownAway(t *testing.T) {
	var told reports
	messenger, err := flashgin.New(flashgin.Config{OnError: told.add})
	require.NoError(t, err)
	o := outlast(t, messenger, sessions.Sessions("id", cookie.NewStore([]byte("key"))),
		sessionsWithin)
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

// outlasted is an application with a handler that is slower than it may be, at /slow, and its
// browser.
type outlasted struct {
	t                       *testing.T
	url                     string
	browser                 *http.Client
	handler                 gin.HandlerFunc
	reached, answered, done chan struct{}
}

// How timeout and the others may follow each other.
type order int

const (
	sessionsAround order = iota // flashgin, sessions, timeout
	sessionsWithin              // flashgin, timeout, sessions
	flashginWithin              // timeout, flashgin, sessions
)

// outlast makes timeout and the handler take turns: the time-out is over when the handler waits,
// and the handler goes on when the answer has left.
func outlast(
	t *testing.T, messenger *flashgin.Messenger, session gin.HandlerFunc, order order,
) *outlasted {
	o := &outlasted{t: t, reached: make(chan struct{}), answered: make(chan struct{}),
		done: make(chan struct{})}
	limit := timeout.New(
		timeout.WithTimeout(50*time.Millisecond),
		timeout.WithResponse(func(c *gin.Context) {
			<-o.reached
			c.String(http.StatusRequestTimeout, "too late")
		}),
	)
	// timeout copies the context while the handler runs, and must not see its map being made.
	slow := gin.New()
	slow.Use(func(c *gin.Context) { c.Set("a key", true) })
	switch order {
	case sessionsAround:
		slow.With(messenger.Install).Use(session, limit)
	case sessionsWithin:
		slow.With(messenger.Install).Use(limit, session)
	case flashginWithin:
		slow.Use(limit)
		slow.With(messenger.Install).Use(session)
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

// With timeout around flashgin, the same holds. Flashgin cannot see it end there, but that the
// request has ended. timeout copies a context that flashgin writes to meanwhile, so this is no test
// for the race detector.
func TestAHandlerThatOutlastsATimeoutAroundFlashgin(t *testing.T) {
	if raceDetector {
		t.Skip("gin-contrib/timeout races with all that runs within it")
	}
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprint("known visitor: ", known), func(t *testing.T) {
			var told reports
			messenger, err := flashgin.New(flashgin.Config{OnError: told.add})
			require.NoError(t, err)
			store := cookie.NewStore([]byte("a secret of thirty-two bytes ..."))
			store.Options(sessions.Options{Path: "/"})
			o := outlast(t, messenger, sessions.Sessions("id", store), flashginWithin)
			var early, late error
			o.handler = func(c *gin.Context) {
				ctx := c.Request.Context()
				early = flashgin.AddFlash(c, flashgin.Info("early").At("/"))
				o.wait()
				late = flashgin.AddFlash(ctx, flashgin.Info("late").At("/"))
			}
			if known {
				o.do(http.MethodPost, "/key")
			}
			o.slow()
			assert.NoError(t, early, "who could know?")
			if known {
				assert.NoError(t, late)
				shown := ""
				assert.Eventually(t, func() bool {
					shown += o.do(http.MethodGet, "/")
					return strings.Contains(shown, "early") && strings.Contains(shown, "late")
				}, 20*time.Second, 5*time.Millisecond)
				assert.Empty(t, told.all())
				return
			}
			assert.Eventually(t, func() bool { return len(told.all()) > 1 }, 20*time.Second,
				5*time.Millisecond)
			for _, err := range told.all() {
				assert.ErrorIs(t, err, flashgin.ErrTooLate)
			}
			assert.ErrorContains(t, errors.Join(told.all()...), "lost", "the early message")
			assert.JSONEq(t, `[]`, o.do(http.MethodGet, "/"))
		})
	}
}
