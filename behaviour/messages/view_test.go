package messages_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A View is written as in an href. Each row sends a message to the view and opens the page that
// shows it.
func TestViews(t *testing.T) {
	for _, test := range []struct {
		name, view string
		page       string   // as it is asked for
		not        []string // pages that do not show it
	}{
		{name: "a path", view: "/problems/108", page: "/problems/108",
			not: []string{"/problems/107", "/other"}},
		{name: "a route reaches every page of it", view: "/problems/:id", page: "/problems/107",
			not: []string{"/other"}},
		{name: "a catch-all route", view: "/files/*path", page: "/files/a/b",
			not: []string{"/other"}},
		{name: "the path of a catch-all route", view: "/files/a/b", page: "/files/a/b",
			not: []string{"/files/a", "/files/a/c"}},
		{name: "a route with an escaped colon", view: "/v/a:b", page: "/v/a:b",
			not: []string{"/other"}},
		{name: "Anywhere", view: flashgin.Anywhere, page: "/other"},
		{name: "percent-encoding", view: "/files/a%20b%2Fc", page: "/files/a%20b/c"},
		{name: "percent-encoding in the request", view: "/files/ä ö",
			page: "/files/%C3%A4%20%C3%B6"},
		{name: "an escaped percent sign", view: "/files/100%2525", page: "/files/100%2525",
			not: []string{"/files/100%25"}},
		{name: "a percent sign that escapes nothing", view: "/files/100%", page: "/files/100%25"},
		{name: "an escaped question mark", view: "/files/a%3Fb", page: "/files/a%3Fb",
			not: []string{"/files/a"}},
		{name: "an escaped number sign", view: "/files/a%23b", page: "/files/a%23b",
			not: []string{"/files/a"}},
		{name: "trailing slash in the view", view: "/other/", page: "/other"},
		{name: "trailing slash in the request", view: "/slash", page: "/slash/"},
		{name: "query", view: "/other?tab=1", page: "/other?tab=2"},
		{name: "fragment", view: "/other#end", page: "/other"},
		{name: "doubled slashes and dots", view: "//x/.././other", page: "/other"},
		{name: "absolute", view: "https://example.com/other?x=1", page: "/other"},
		{name: "absolute without a path", view: "https://example.com", page: "/"},
		{name: "absolute with nothing but a query", view: "https://example.com?next=/other",
			page: "/", not: []string{"/other"}},
		{name: "above the root", view: "/../../other", page: "/other"},
		{name: "case matters", view: "/other", page: "/other", not: []string{"/Other"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			for _, route := range []string{"/", "/problems/:id", "/files/*path", `/v/a\:b`,
				"/other", "/Other", "/slash/"} {
				a.GET(route, apptest.Page)
			}
			a.POST("/send", apptest.Add(t, apptest.Status(http.StatusNoContent),
				flashgin.Info("here").At(test.view)))
			visitor := a.Visitor()
			visitor.Post("/send")
			for _, path := range test.not {
				assert.Empty(t, visitor.Get(path), path)
			}
			assert.Equal(t, "[here]", visitor.Get(test.page))
			assert.Empty(t, visitor.Get(test.page))
			assert.Empty(t, a.Failures.String())
		})
	}
}

// A page shows what waits for its route, its path and Anywhere, in the order in which it was added.
func TestAPageReadsAllItsViewsAtOnce(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/problems/:id", apptest.Page)
	a.POST("/send", apptest.Add(t, apptest.Status(http.StatusNoContent),
		flashgin.Info("1").At("/problems/108"),
		flashgin.Info("2").At(flashgin.Anywhere),
		flashgin.Info("3").At("/problems/:id"),
		flashgin.Info("other").At("/problems/109"),
		flashgin.Info("4").At("/problems/108")))
	visitor := a.Visitor()
	visitor.Post("/send")
	assert.Equal(t, "[1][2][3][4]", visitor.Get("/problems/108"))
	assert.Equal(t, "[other]", visitor.Get("/problems/109"))
}

// A path without its slash is a name, which no page reads unless Config.View returns it. That is
// said once, for nothing else would.
func TestAPathWithoutItsSlash(t *testing.T) {
	named := func(*gin.Context) string { return "dashboard" }
	for _, test := range []struct {
		view string
		cfg  flashgin.Config
		said int
	}{
		{view: "settings", said: 1},
		{view: "/settings"},
		{view: "https://example.com/settings"},
		{view: flashgin.Anywhere},
		{view: "dashboard", cfg: flashgin.Config{View: named}},
	} {
		t.Run(test.view, func(t *testing.T) {
			log := new(apptest.LockedBuffer)
			test.cfg.Logger = apptest.LogTo(log)
			a := apptest.NewApp(t, test.cfg)
			a.POST("/",
				apptest.Add(t, apptest.Redirect("/settings"), flashgin.Info("x").At(test.view)))
			for range 2 {
				a.Visitor().Post("/")
			}
			assert.Equal(t, test.said, strings.Count(log.String(), "slash"), log.String())
			assert.Empty(t, a.Failures.String())
		})
	}
}

// A message that was taken can be added again as it is, whatever its view looks like.
func TestAViewIsTheSameAfterItWasTaken(t *testing.T) {
	for _, view := range []string{"/files/a%2520b", "/files/a%3Fb", "/files/a%23b", "/files/100%",
		"/files/%FF", "/files/:x", "a name", flashgin.Anywhere} {
		t.Run(view, func(t *testing.T) {
			m := apptest.NewMessenger(t, flashgin.Config{})
			require.NoError(t, m.Add(t.Context(), "session", flashgin.Info("again").At(view)))
			var views []string
			for range 3 {
				taken, err := m.Take(t.Context(), "session", view)
				require.NoError(t, err)
				require.Len(t, taken, 1)
				views = append(views, taken[0].View)
				require.NoError(t, m.Add(t.Context(), "session", taken...))
			}
			assert.Equal(t, slices.Repeat(views[:1], 3), views)
		})
	}
}

// Views that no page can have are refused, and pages that no view can name are shown all the same.
func TestHugeViews(t *testing.T) {
	huge := "/" + strings.Repeat("a", 1<<20)
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/files/*path", apptest.Page)
	a.GET("/home", apptest.Page)
	a.POST("/files/*path", apptest.Add(t, apptest.Status(http.StatusNoContent), flashgin.Info("x")))
	a.POST("/redirect", apptest.Add(t, apptest.Redirect(huge), flashgin.Info("y"),
		flashgin.Info("home").At("/home")))
	a.POST("/at", func(c *gin.Context) {
		assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("z").At(huge)), flashgin.ErrTooLarge)
		assert.ErrorIs(t, flashgin.AddFlash(c, flashgin.Info("z").At("name "+huge)),
			flashgin.ErrTooLarge)
	})
	visitor := a.Visitor()

	visitor.Post("/at")
	require.Len(t, a.Failures.All(), 2, "what AddFlash has returned")

	answer := visitor.Post("/redirect")
	assert.Equal(t, http.StatusSeeOther, answer.Code)
	require.Len(t, a.Failures.All(), 3)
	assert.ErrorIs(t, a.Failures.All()[2], flashgin.ErrTooLarge)
	assert.Less(t, len(a.Failures.String()), 500, "the view is not quoted")
	assert.Equal(t, "[home]", visitor.Get("/home"), "the others arrive")

	visitor.Post("/files" + huge)
	assert.Equal(t, "[x]", visitor.Get("/files"+huge), "by its route")
}

// What is not UTF-8 is replaced as it would be on its way to a page; NUL is a character like any
// other.
func TestBytesInViews(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/files/*path", apptest.Page)
	var view string
	a.POST("/send", func(c *gin.Context) {
		apptest.Add(t, apptest.Status(http.StatusNoContent), flashgin.Info("here").At(view))(c)
	})
	visitor := a.Visitor()
	for _, view = range []string{"/files/\xff\xfe", "/files/a\x00b", "/files/a\nb",
		"/files/{x}:y*'\"<"} {
		visitor.Post("/send")
		assert.Empty(t, visitor.Get("/files/a"), "%q", view)
		assert.Equal(t, "[here]", visitor.Get(escaped(view)), "%q", view)
	}
	assert.Empty(t, a.Failures.String())
}
