package answers_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// For an answer that is no page, a page reads what it would read if it were loaded again: the same
// path, and the route that Gin's own router finds.
func TestThePageOnScreen(t *testing.T) {
	rawPath := func(e *gin.Engine) { e.UseRawPath = true }
	for _, test := range []struct {
		name    string
		page    string
		prefix  string
		engine  func(engine *gin.Engine)
		want    string
		headers []string
	}{
		{name: "a parameter", page: "http://example.com/problems/108",
			want: "[/problems/:id][/problems/108]"},
		{name: "a fixed route beside it", page: "http://example.com/problems/new",
			want: "[/problems/new]"},
		{name: "query and fragment", page: "http://example.com/problems/108?a=/b#c?d",
			want: "[/problems/:id][/problems/108]"},
		{name: "the root", page: "http://example.com", want: "[/]"},
		{name: "the rest of a path", page: "http://example.com/files/a/b",
			want: "[/files/*path][/files/a/b]"},
		{name: "a trailing slash", page: "http://example.com/teams/5/",
			want: "[/teams/:id][/teams/5]"},
		{name: "without the trailing slash of its route", page: "http://example.com/teams/5",
			want: "[/teams/5]"},
		{name: "no route", page: "http://example.com/app/page", want: "[/app/page]"},
		{name: "escaped", page: "http://example.com/problems/caf%C3%A9%20%3F",
			want: "[/problems/:id][/problems/caf%C3%A9%20%3F]"},
		{name: "an escaped slash", page: "http://example.com/problems/a%2Fb",
			want: "[/problems/a/b][/problems/a%2Fb]"},
		{name: "an escaped slash, by its raw path", page: "http://example.com/problems/a%2Fb",
			engine: rawPath, want: "[/problems/:id][/problems/a%2Fb]"},
		{name: "slashes too many", page: "http://example.com//problems//108",
			engine: func(e *gin.Engine) { e.RemoveExtraSlash = true },
			want:   "[/problems/:id][/problems/108]"},
		{name: "a prefix", page: "http://example.com/app/problems/108", prefix: "/app",
			want: "[/problems/:id][/problems/108]"},
		{name: "a prefix alone", page: "http://example.com/app", prefix: "/app", want: "[/]"},
		{name: "a prefix and a raw path", page: "http://example.com/app/problems/a%2Fb",
			prefix: "/app", engine: rawPath, want: "[/problems/:id][/problems/a%2Fb]"},
		{name: "a backslash", page: `http:\\example.com\problems\108`,
			want: "[/problems/:id][/problems/108]"},
		{name: "a fragment that is not escaped", page: "http://example.com/problems/108#100%",
			want: "[/problems/:id][/problems/108]"},
		{name: "a fragment that is not escaped, on a host that only the browser knows",
			page:    "https://shop.example/problems/108#100%",
			headers: []string{"Sec-Fetch-Site", "same-origin"},
			want:    "[/problems/:id][/problems/108]"},
		{name: "what only begins like a prefix", page: "http://example.com/apple", prefix: "/app",
			want: "[/apple]"},
		{name: "a port that goes without saying", page: "http://example.com:80/problems/108",
			want: "[/problems/:id][/problems/108]"},
		{name: "a host that a proxy forwards", page: "https://shop.example/problems/108",
			headers: []string{"X-Forwarded-Host", "shop.example"},
			want:    "[/problems/:id][/problems/108]"},
		{name: "a host that only the browser knows", page: "https://shop.example/problems/108",
			headers: []string{"Sec-Fetch-Site", "same-origin"},
			want:    "[/problems/:id][/problems/108]"},
		{name: "another host", page: "https://shop.example/problems/108", want: ""},
		{name: "another site, of that host", page: "https://shop.example/problems/108",
			headers: []string{"Sec-Fetch-Site", "same-site"}, want: ""},
		{name: "no address", page: "about:blank",
			headers: []string{"Sec-Fetch-Site", "same-origin"}, want: ""},
		{name: "nonsense", page: "http://[/%zz", headers: []string{"Sec-Fetch-Site", "same-origin"},
			want: ""},
		{name: "a POST at the same path", page: "http://example.com/only/post",
			want: "[/only/post]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewAppWithoutSessions(t,
				flashgin.Config{HTMX: true, SessionKey: apptest.UserOf, Prefix: test.prefix})
			if test.engine != nil {
				test.engine(a.Engine)
			}
			for _, route := range []string{
				"/", "/problems/:id", "/problems/new", "/files/*path", "/teams/:id/",
				`/v/a\:b`, "/v/:x",
			} {
				a.GET(route, func(*gin.Context) { t.Error("a handler of another page was called") })
			}
			a.POST("/only/:x", apptest.Status(204))
			a.POST("/save", apptest.Status(204))
			views := []string{"/", "/problems/:id", "/problems/108", "/problems/new",
				"/files/*path", "/files/a/b", "/teams/:id", "/teams/5", "/app/page", "/apple",
				"/problems/a/b", "/problems/a%2Fb", "/problems/caf%C3%A9%20%3F", "/only/post",
				"/only/:x"}
			for _, view := range views {
				a.Leave(flashgin.Info(view).At(view))
			}
			answer := a.Visit("POST", "/save",
				append([]string{"HX-Request", "true", "HX-Current-URL", test.page},
					test.headers...)...)
			got := ""
			for _, text := range carriedIn(t, answer).trigger {
				got += "[" + text + "]"
			}
			assert.Equal(t, test.want, got)
		})
	}
}

// A name of the application's is read, too, and it is where a message without an address waits.
func TestThePageOnScreenAndConfigView(t *testing.T) {
	a := apptest.NewParts(t,
		flashgin.Config{View: func(c *gin.Context) string { return c.GetHeader("Place") }})
	a.POST("/save", apptest.Status(204))
	a.POST("/add",
		apptest.Add(t, apptest.Status(204), flashgin.Message{HTML: "<b>own</b>", Text: ""}))
	a.Leave(flashgin.Info("named").At("dashboard"))
	assert.Equal(t, []string{"named"},
		carriedIn(t, a.Visit("POST", "/save", apptest.HTMX("Place", "dashboard")...)).trigger)
	a.Visit("POST", "/add", apptest.HTMX("Place", "dashboard")...)
	a.Visit("POST", "/add", apptest.HTMX()...)
	waiting, err := a.Messenger.Peek(t.Context(), "alice", "dashboard", "/orders/5")
	require.NoError(t, err)
	require.Len(t, waiting, 2)
	assert.Equal(t, "dashboard", waiting[0].View)
	assert.Equal(t, "/orders/5", waiting[1].View)
}

// Routes that Gin lists in a way in which it would not take them again do not stop the others.
func TestRoutesThatCannotBeCopied(t *testing.T) {
	a := apptest.NewParts(t, flashgin.Config{})
	a.GET(`/v/a\:b`, apptest.Page)
	a.GET(`/v/a:c`, apptest.Page)
	a.GET("/z/:id", apptest.Page)
	a.POST("/save", apptest.Status(204))
	a.Visit("GET", "/other") // after which the engine lists them without a backslash
	a.Leave(flashgin.Info("route").At("/z/:id"))
	assert.Equal(t, []string{"route"},
		carriedIn(t, a.Visit("POST", "/save", "HX-Request", "true",
			"HX-Current-URL", "http://example.com/z/1")).trigger)
}

// In debug mode Gin prints the routes of every engine, so it is said what these are.
func TestRoutesAreCopiedInDebugMode(t *testing.T) {
	printed := new(bytes.Buffer)
	writer := gin.DefaultWriter
	gin.DefaultWriter = printed
	gin.SetMode(gin.DebugMode)
	defer func() {
		gin.SetMode(gin.TestMode)
		gin.DefaultWriter = writer
	}()
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{HTMX: true, SessionKey: apptest.UserOf})
	a.GET("/orders/:id", apptest.Page)
	a.POST("/save", apptest.Status(http.StatusNoContent))
	printed.Reset()
	a.Visit("POST", "/save", apptest.HTMX()...)
	a.Visit("POST", "/save", apptest.HTMX()...)
	assert.Equal(t, 1, strings.Count(printed.String(), "/orders/:id"), printed.String())
	assert.True(t, strings.HasPrefix(printed.String(), "[flashgin] "), printed.String())
}
