package observer_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

type spanKey struct{}

// traced is middleware as otelgin: it gives the request's context a span, and takes that back when
// the handlers have ended.
func traced(span string) gin.HandlerFunc {
	return func(c *gin.Context) {
		saved := c.Request.Context()
		defer func() { c.Request = c.Request.WithContext(saved) }()
		c.Request = c.Request.WithContext(context.WithValue(saved, spanKey{}, span))
		c.Next()
	}
}

// What middleware after Install puts into the request's context reaches the store, the Observer and
// OnError, whatever of the request asks the store.
func TestContextHasWhatMiddlewareAfterInstallAdds(t *testing.T) {
	for _, test := range []struct {
		name, method, path string
		header             []string
		call               string
	}{
		{"a message after a redirect", http.MethodPost, "/redirect", nil, "Add"},
		{"a message of a component", http.MethodPost, "/component", nil, "Add"},
		{"a goroutine's", http.MethodPost, "/goroutine", nil, "Add"},
		{"a page's template", http.MethodGet, "/page", nil, "Claim"},
		{"a badge in a template", http.MethodGet, "/badge", nil, "Peek"},
		{"a handler", http.MethodGet, "/flashes", nil, "Claim"},
		{"markup", http.MethodGet, "/markup", nil, "Claim"},
		{"an answer to a script", http.MethodGet, "/empty", apptest.Asks(), "Claim"},
		{"a page that was loaded ahead", http.MethodGet, "/_flash/messages?view=%2F",
			apptest.Asks("Sec-Fetch-Site", "same-origin"), "Claim"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var mu sync.Mutex
			var spans, observed []any
			store := apptest.NewSpyStore()
			store.On(func(ctx context.Context, method string, call func() error) error {
				mu.Lock()
				defer mu.Unlock()
				if method == test.call {
					spans = append(spans, ctx.Value(spanKey{}))
					assert.Equal(t, flashgin.ErrNotInstalled,
						flashgin.AddFlash(ctx, flashgin.Info("x")),
						"the store does not find the request, which is locked")
				}
				return call()
			})
			observer := observerFunc(func(ctx context.Context, e flashgin.Event) {
				mu.Lock()
				defer mu.Unlock()
				if e.Call == strings.ToLower(test.call) {
					observed = append(observed, ctx.Value(spanKey{}))
				}
			})
			a := apptest.NewAppWired(t, flashgin.Config{Store: store, SessionKey: apptest.UserOf,
				Observer: observer}, func(engine *gin.Engine, install gin.OptionFunc) {
				engine.With(install)
				engine.Use(traced("outer"), traced("inner"))
			})
			a.Template("page", `{{flashes}}{{define "badge"}}{{len peekFlashes}}{{end}}`)
			a.Messenger.Mount(a)
			a.POST("/redirect", apptest.Add(t, apptest.Redirect("/page"), flashgin.Info("text")))
			a.POST("/component", func(c *gin.Context) {
				require.NoError(t, flashgin.AddFlash(c.Request.Context(), flashgin.Info("text")))
				c.Redirect(http.StatusSeeOther, "/page")
			})
			a.POST("/goroutine", func(c *gin.Context) {
				ctx, ended := c.Copy(), make(chan struct{})
				go func() {
					defer close(ended)
					assert.NoError(t, flashgin.AddFlash(ctx, flashgin.Info("text")))
				}()
				c.Request = c.Request.WithContext(c.Request.Context())
				<-ended
				c.Redirect(http.StatusSeeOther, "/page")
			})
			a.GET("/page", apptest.Page)
			a.GET("/badge", func(c *gin.Context) { c.HTML(http.StatusOK, "badge", nil) })
			a.GET("/flashes", apptest.JSONPage)
			a.GET("/markup", func(c *gin.Context) {
				c.String(http.StatusOK, string(flashgin.Markup(c)))
			})
			a.GET("/empty", apptest.Data(http.StatusOK, "application/json", "{}"))
			a.Visit(test.method, test.path, test.header...)
			mu.Lock()
			defer mu.Unlock()
			assert.Equal(t, []any{"inner"}, spans, "the store's")
			assert.Equal(t, []any{"inner"}, observed, "the Observer's")
		})
	}
}

// OnError and the event of a message that is lost have them, too.
func TestErrorHasWhatMiddlewareAfterInstallAdds(t *testing.T) {
	var failed, lost any
	cfg := flashgin.Config{SessionKey: apptest.UserOf, Observer: observerFunc(
		func(ctx context.Context, e flashgin.Event) {
			if e.Kind == flashgin.EventLost {
				lost = ctx.Value(spanKey{})
			}
		}), OnError: func(ctx context.Context, err error) { failed = ctx.Value(spanKey{}) }}
	m := apptest.NewMessenger(t, cfg)
	engine := gin.New(m.Install)
	engine.Use(traced("span"))
	away := apptest.Redirect("https://another.example/")
	engine.POST("/", apptest.Add(t, away, flashgin.Info("text")))
	request := httptest.NewRequest(http.MethodPost, "/", nil)
	request.Header.Set("User", "alice")
	engine.ServeHTTP(httptest.NewRecorder(), request)
	assert.Equal(t, "span", failed)
	assert.Equal(t, "span", lost)
}

// Only the values come from there: a time limit that middleware sets ends no call of the store, as
// before.
func TestMiddlewareAfterInstallEndsNoCallOfTheStore(t *testing.T) {
	store := apptest.NewSpyStore()
	var ended error
	store.On(func(ctx context.Context, method string, call func() error) error {
		if method == "Claim" {
			ended = ctx.Err()
		}
		return call()
	})
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{Store: store, SessionKey: apptest.UserOf})
	a.GET("/", func(c *gin.Context) {
		ctx := context.WithValue(c.Request.Context(), spanKey{}, "x")
		ctx, cancel := context.WithTimeout(ctx, time.Hour)
		cancel()
		c.Request = c.Request.WithContext(ctx)
		apptest.Page(c)
	})
	a.Leave(flashgin.Info("text"))
	assert.Equal(t, "[text]", a.Shown("/"))
	assert.NoError(t, ended)
}

// Gin gives a *gin.Context to another user's request. So a context that descends from one is not
// read in the background.
func TestContextThatDescendsFromGinsIsNotKept(t *testing.T) {
	store := apptest.NewSpyStore()
	var found any = "nothing"
	store.On(func(ctx context.Context, method string, call func() error) error {
		if method == "Claim" {
			found = ctx.Value("user")
		}
		return call()
	})
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{Store: store, SessionKey: apptest.UserOf})
	a.GET("/", func(c *gin.Context) {
		c.Set("user", "alice")
		c.Request = c.Request.WithContext(context.WithValue(c, spanKey{}, "x"))
		apptest.Page(c)
	})
	a.Shown("/")
	assert.Nil(t, found)
}
