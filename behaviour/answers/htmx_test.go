package answers_test

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// What an answer to htmx takes along, and where; by the statuses and headers that htmx 2 and 4
// treat differently.
func TestHTMX(t *testing.T) {
	all, own := []string{"path", "route", "anywhere", "own"}, []string{"own"}
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		want   carried
		left   string // what waits
	}{
		{"200", apptest.Part(200), carried{added: all}, ""},
		{"201", apptest.Part(201), carried{added: all}, ""},
		{"286, which ends polling", apptest.Part(286), carried{added: all}, ""},
		{"200 without a body", apptest.Status(200), carried{trigger: all}, ""},
		{"200 with an empty body", apptest.Data(200, "text/html; charset=utf-8", ""),
			carried{trigger: all}, ""},
		{"204", apptest.Status(204), carried{trigger: all}, ""},
		{"206", apptest.Part(206), carried{trigger: all}, ""},
		{"400", apptest.Part(400), carried{trigger: all}, ""},
		{"404", apptest.Part(404), carried{trigger: all}, ""},
		{"422", apptest.Part(422), carried{trigger: all}, ""},
		{"500", apptest.Part(500), carried{trigger: own}, "[path][route][anywhere]"},
		{"503 without a body", apptest.Status(503), carried{trigger: own},
			"[path][route][anywhere]"},
		{"an aborted request", func(c *gin.Context) {
			c.AbortWithStatus(403)
		}, carried{trigger: all}, ""},
		{"JSON", apptest.Data(200, "application/json", "{}"), carried{trigger: all}, ""},
		{"text", apptest.Data(200, "text/plain; charset=utf-8", "part"), carried{trigger: all}, ""},
		{"markup in another encoding", apptest.Data(200, "text/html; charset=iso-8859-1", "part"),
			carried{trigger: all}, ""},
		{"markup in UTF-8, unsaid", apptest.Data(200, "text/html", "part"),
			carried{added: all}, ""},
		{"markup of a type that is not said", func(c *gin.Context) {
			_, _ = c.Writer.WriteString("<p>")
		}, carried{trigger: all}, ""},
		{"302", apptest.Redirect("/other"), carried{}, "[path][route][anywhere][own]"},
		{"HX-Redirect", apptest.WithHeader("HX-Redirect", "/other", apptest.Status(200)), carried{},
			"[path][route][anywhere][own]"},
		{"HX-Location", apptest.WithHeader("HX-Location", `{"path":"/other"}`, apptest.Part(200)),
			carried{}, "[path][route][anywhere][own]"},
		{"HX-Refresh: true", apptest.WithHeader("HX-Refresh", "true", apptest.Part(200)), carried{},
			"[path][route][anywhere][own]"},
		{"HX-Refresh: false", apptest.WithHeader("HX-Refresh", "false", apptest.Part(200)),
			carried{added: all}, ""},
		{"HX-Reswap: none", apptest.WithHeader("HX-Reswap", "none", apptest.Part(200)),
			carried{added: all}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, store flashgin.Store) {
				a := apptest.NewParts(t, flashgin.Config{Store: store})
				a.POST("/save", apptest.Add(t, test.answer, flashgin.Success("own")))
				a.Leave(flashgin.Info("path").At("/orders/5"),
					flashgin.Info("route").At("/orders/:id"), flashgin.Info("anywhere"),
					flashgin.Info("elsewhere").At("/orders/6"))
				answer := a.Visit(http.MethodPost, "/save", apptest.HTMX()...)
				got := carriedIn(t, answer)
				got.behind = ""
				assert.Equal(t, test.want, got)
				apptest.Eventually(t, test.left,
					func() string { return a.Left("/orders/5", "/orders/:id", "/other") })
				assert.Contains(t, a.Left("/orders/6"), "[elsewhere]")
				if test.want.added != nil || test.want.trigger != nil {
					assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
				}
				assert.Empty(t, a.Failures.String())
			})
		})
	}
}

// A message without an address that the answer leads away from waits where it leads.
func TestHTMXLeadsAway(t *testing.T) {
	for name, test := range map[string]struct {
		answer gin.HandlerFunc
		left   string
	}{
		"302": {apptest.Redirect("/other"), "/other"},
		"HX-Redirect": {
			apptest.WithHeader("HX-Redirect", "/other", apptest.Status(200)), "/other"},
		"HX-Location": {
			apptest.WithHeader("HX-Location", "/other", apptest.Status(200)), "/other"},
		"HX-Location with details": {apptest.WithHeader("HX-Location",
			`{"path":"/other","target":"#x"}`, apptest.Status(200)), "/other"},
		"HX-Refresh": {
			apptest.WithHeader("HX-Refresh", "true", apptest.Status(200)), "/orders/5"},
		"HX-Redirect to elsewhere": {apptest.WithHeader("HX-Redirect", "https://example.org/",
			apptest.Status(200)), "/orders/5"},
		"a panic":                   {func(*gin.Context) { panic("of a handler") }, "/orders/5"},
		"HTML alone, in an event":   {apptest.Status(204), "/orders/5"},
		"HTML alone, in a redirect": {apptest.Redirect("/other"), "/other"},
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewParts(t, flashgin.Config{})
			a.POST("/save", gin.CustomRecovery(func(c *gin.Context, _ any) {
				c.AbortWithStatus(500)
			}), apptest.Add(t, test.answer, flashgin.Message{HTML: "<b>own</b>"}))
			assert.NotContains(t,
				a.Visit(http.MethodPost, "/save", apptest.HTMX()...).Body.String(), "own")
			waiting, err := a.Messenger.Peek(t.Context(), "alice", "/orders/5", "/other", "/save")
			assert.NoError(t, err)
			if assert.Len(t, waiting, 1) {
				assert.Equal(t, test.left, waiting[0].View)
			}
		})
	}
}

// Where htmx asks for a page, the page shows its messages itself. An answer that is none leaves the
// page on screen, and so does markup that htmx puts beside it.
func TestHTMXAsksForAPage(t *testing.T) {
	all := []string{"path", "route", "anywhere", "own"}
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		want   []string // in HX-Trigger
		left   string
	}{
		{"204", apptest.Status(204), all, ""},
		{"422 without a body", apptest.Status(422), all, ""},
		{"JSON", apptest.Data(200, "application/json", "{}"), all, ""},
		{"a page that shows none", apptest.Data(200, "text/html", "<!doctype html><p>page</p>"),
			nil, "[path][route][anywhere][own]"},
		{"part of a page", apptest.Part(200), nil, "[path][route][anywhere][own]"},
		{"redirect", apptest.Redirect("/other"), nil, "[path][route][anywhere][own]"},
	} {
		for name, value := range map[string]string{
			"HX-Boosted": "true", "HX-Request-Type": "full",
		} {
			t.Run(test.name+", "+name, func(t *testing.T) {
				a := apptest.NewParts(t, flashgin.Config{})
				a.POST("/save", apptest.Add(t, test.answer, flashgin.Success("own")))
				a.Leave(flashgin.Info("path").At("/orders/5"),
					flashgin.Info("route").At("/orders/:id"), flashgin.Info("anywhere"))
				got := carriedIn(t, a.Visit(http.MethodPost, "/save", apptest.HTMX(name, value)...))
				assert.Equal(t, test.want, got.trigger)
				assert.Empty(t, got.added)
				assert.Equal(t, test.left, a.Left("/orders/5", "/orders/:id", "/other"))
				assert.Empty(t, a.Failures.String())
			})
		}
	}
	t.Run("a page that htmx opens reads nothing of the page on screen", func(t *testing.T) {
		a := apptest.NewParts(t, flashgin.Config{})
		a.Leave(flashgin.Info("there").At("/orders/5"), flashgin.Info("here").At("/other"))
		assert.Contains(t, a.Visit(http.MethodGet, "/other",
			apptest.HTMX("HX-Request-Type", "full", "Referer", apptest.Screen)...).Body.String(),
			">here<")
		assert.Equal(t, "[there]", a.Left("/orders/5"))
	})
	t.Run("a page without messages has its own wait for it", func(t *testing.T) {
		a := apptest.NewParts(t, flashgin.Config{})
		a.GET("/none", apptest.Add(t, apptest.Data(200, "text/html", "<!doctype html><p>page</p>"),
			flashgin.Success("own")))
		a.Visit(http.MethodGet, "/none", apptest.HTMX("HX-Boosted", "true")...)
		assert.Equal(t, "[own]", a.Left("/none"))
	})
}
