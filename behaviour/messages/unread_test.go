package messages_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A handler addresses a message to a path that no page has. It waits in vain, and the log says so
// once for each view.
func TestViewThatNoPageReadsIsLogged(t *testing.T) {
	const unread = "no GET route of the engine has it"
	for _, test := range []struct {
		name, view string
		cfg        flashgin.Config
		wire       func(a *apptest.App)
		logged     bool
	}{
		{name: "typo", view: "/ordres/5", logged: true},
		{name: "POST alone", view: "/save", logged: true},
		{name: "another parameter", view: "/orders/:nr", logged: true},
		{name: "below a page", view: "/orders/5/lines", logged: true},
		{name: "path", view: "/orders/5"},
		{name: "route", view: "/orders/:id"},
		{name: "trailing slash", view: "/list"},
		{name: "catch-all", view: "/files/a/b"},
		{name: "route of a catch-all", view: "/files/*path"},
		{name: "umlaut", view: "/zeilen/%C3%BC"},
		{name: "any page", view: flashgin.Anywhere},
		{name: "name", view: "dashboard"},
		{name: "Config.View", view: "/no/page", cfg: flashgin.Config{
			View: func(*gin.Context) string { return "" },
		}},
		{name: "NoRoute", view: "/no/page", wire: func(a *apptest.App) { a.NoRoute(apptest.Page) }},
		{name: "another engine", view: "/no/page", wire: func(a *apptest.App) {
			another := gin.New(a.Messenger.Install)
			a.T.Cleanup(func() { another.NoRoute() }) // it is not collected before
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log apptest.LockedBuffer
			test.cfg.Logger, test.cfg.SessionKey = apptest.LogTo(&log), apptest.UserOf
			a := apptest.NewAppWithoutSessions(t, test.cfg)
			for _, route := range []string{"/orders/:id", "/list/", "/files/*path", "/zeilen/:x"} {
				a.GET(route, apptest.Page)
			}
			if test.wire != nil {
				test.wire(a)
			}
			a.POST("/save",
				apptest.Add(t, apptest.Redirect("/list/"), flashgin.Info("x").At(test.view)))
			a.Visit(http.MethodPost, "/save")
			a.Visit(http.MethodPost, "/save")
			want := 0
			if test.logged {
				want = 1
				assert.Contains(t, log.String(), test.view)
			}
			assert.Equal(t, want, strings.Count(log.String(), unread), log.String())
		})
	}
}

func TestFewViewsThatNoPageReadsAreLogged(t *testing.T) {
	var log apptest.LockedBuffer
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: apptest.UserOf, Logger: apptest.LogTo(&log),
	})
	a.POST("/save", func(c *gin.Context) {
		for i := range 100 {
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("x").At(fmt.Sprint("/no/", i))))
		}
	})
	a.Visit(http.MethodPost, "/save")
	assert.Equal(t, 10, strings.Count(log.String(), "no GET route of the engine has it"))
}

// http.StripPrefix takes a prefix from the paths that the engine gets, and not from those that
// handlers redirect to.
func TestStrippedPrefixIsLogged(t *testing.T) {
	for _, test := range []struct {
		name, prefix, location string
		strips                 string
		logged                 bool
		shown                  string
	}{
		{"without Config.Prefix", "", "/app/list", "/app", true, ""},
		{"with it", "/app", "/app/list", "/app", false, "[saved]"},
		{"elsewhere", "", "/list", "/app", false, "[saved]"},
		{"nothing is stripped", "", "/app/list", "", false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log apptest.LockedBuffer
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{
				SessionKey: apptest.UserOf, Logger: apptest.LogTo(&log), Prefix: test.prefix,
			})
			a.POST("/save", apptest.Add(t, apptest.Redirect(test.location), flashgin.Info("saved")))
			a.GET("/list", apptest.Page)
			visit := func(method, path string) string {
				request := httptest.NewRequest(method, test.strips+path, nil)
				request.Header.Set("User", "alice")
				w := httptest.NewRecorder()
				http.StripPrefix(test.strips, a).ServeHTTP(w, request)
				return w.Body.String()
			}
			visit(http.MethodPost, "/save?a=b")
			visit(http.MethodPost, "/save")
			assert.Equal(t, strings.Repeat(test.shown, 2), visit(http.MethodGet, "/list"))
			want := 0
			if test.logged {
				want = 1
			}
			assert.Equal(t, want, strings.Count(log.String(), "set Config.Prefix"), log.String())
		})
	}
}
