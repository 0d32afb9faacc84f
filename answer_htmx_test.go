package flashgin_test

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// What an answer to htmx takes along, and where; by the statuses and headers that htmx 2 and 4 treat differently.
func TestHTMX(t *testing.T) {
	all, own := []string{"path", "route", "anywhere", "own"}, []string{"own"}
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		want   carried
		left   string // what waits
	}{
		{"200", part(200), carried{added: all}, ""},
		{"201", part(201), carried{added: all}, ""},
		{"286, which ends polling", part(286), carried{added: all}, ""},
		{"200 without a body", status(200), carried{trigger: all}, ""},
		{"200 with an empty body", data(200, "text/html; charset=utf-8", ""), carried{trigger: all}, ""},
		{"204", status(204), carried{trigger: all}, ""},
		{"206", part(206), carried{trigger: all}, ""},
		{"400", part(400), carried{trigger: all}, ""},
		{"404", part(404), carried{trigger: all}, ""},
		{"422", part(422), carried{trigger: all}, ""},
		{"500", part(500), carried{trigger: own}, "[path][route][anywhere]"},
		{"503 without a body", status(503), carried{trigger: own}, "[path][route][anywhere]"},
		{"an aborted request", func(c *gin.Context) { c.AbortWithStatus(403) }, carried{trigger: all}, ""},
		{"JSON", data(200, "application/json", "{}"), carried{trigger: all}, ""},
		{"text", data(200, "text/plain; charset=utf-8", "part"), carried{trigger: all}, ""},
		{"markup in another encoding", data(200, "text/html; charset=iso-8859-1", "part"), carried{trigger: all}, ""},
		{"markup in UTF-8, unsaid", data(200, "text/html", "part"), carried{added: all}, ""},
		{"markup of a type that is not said", func(c *gin.Context) { _, _ = c.Writer.WriteString("<p>") }, carried{trigger: all}, ""},
		{"302", redirect("/other"), carried{}, "[path][route][anywhere][own]"},
		{"HX-Redirect", withHeader("HX-Redirect", "/other", status(200)), carried{}, "[path][route][anywhere][own]"},
		{"HX-Location", withHeader("HX-Location", `{"path":"/other"}`, part(200)), carried{}, "[path][route][anywhere][own]"},
		{"HX-Refresh: true", withHeader("HX-Refresh", "true", part(200)), carried{}, "[path][route][anywhere][own]"},
		{"HX-Refresh: false", withHeader("HX-Refresh", "false", part(200)), carried{added: all}, ""},
		{"HX-Reswap: none", withHeader("HX-Reswap", "none", part(200)), carried{added: all}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, store flashgin.Store) {
				a := newParts(t, flashgin.Config{Store: store})
				a.POST("/save", add(t, test.answer, flashgin.Success("own")))
				a.leave(flashgin.Info("path").At("/orders/5"), flashgin.Info("route").At("/orders/:id"), flashgin.Info("anywhere"), flashgin.Info("elsewhere").At("/orders/6"))
				answer := a.visit(http.MethodPost, "/save", htmx()...)
				got := carriedIn(t, answer)
				got.behind = ""
				assert.Equal(t, test.want, got)
				eventually(t, test.left, func() string { return a.left("/orders/5", "/orders/:id", "/other") })
				assert.Contains(t, a.left("/orders/6"), "[elsewhere]")
				if test.want.added != nil || test.want.trigger != nil {
					assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
				}
				assert.Empty(t, a.failures.String())
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
		"302":                       {redirect("/other"), "/other"},
		"HX-Redirect":               {withHeader("HX-Redirect", "/other", status(200)), "/other"},
		"HX-Location":               {withHeader("HX-Location", "/other", status(200)), "/other"},
		"HX-Location with details":  {withHeader("HX-Location", `{"path":"/other","target":"#x"}`, status(200)), "/other"},
		"HX-Refresh":                {withHeader("HX-Refresh", "true", status(200)), "/orders/5"},
		"HX-Redirect to elsewhere":  {withHeader("HX-Redirect", "https://example.org/", status(200)), "/orders/5"},
		"a panic":                   {func(*gin.Context) { panic("of a handler") }, "/orders/5"},
		"HTML alone, in an event":   {status(204), "/orders/5"},
		"HTML alone, in a redirect": {redirect("/other"), "/other"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newParts(t, flashgin.Config{})
			a.POST("/save", gin.CustomRecovery(func(c *gin.Context, _ any) { c.AbortWithStatus(500) }), add(t, test.answer, flashgin.Message{HTML: "<b>own</b>"}))
			assert.NotContains(t, a.visit(http.MethodPost, "/save", htmx()...).Body.String(), "own")
			waiting, err := a.messenger.Peek(t.Context(), "alice", "/orders/5", "/other", "/save")
			assert.NoError(t, err)
			if assert.Len(t, waiting, 1) {
				assert.Equal(t, test.left, waiting[0].View)
			}
		})
	}
}

// Where htmx asks for a page, the page shows its messages itself. An answer that is none leaves the page on screen, and so does markup that htmx puts beside it.
func TestHTMXAsksForAPage(t *testing.T) {
	all := []string{"path", "route", "anywhere", "own"}
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		want   []string // in HX-Trigger
		left   string
	}{
		{"204", status(204), all, ""},
		{"422 without a body", status(422), all, ""},
		{"JSON", data(200, "application/json", "{}"), all, ""},
		{"a page that shows none", data(200, "text/html", "<!doctype html><p>page</p>"), nil, "[path][route][anywhere][own]"},
		{"part of a page", part(200), nil, "[path][route][anywhere][own]"},
		{"redirect", redirect("/other"), nil, "[path][route][anywhere][own]"},
	} {
		for name, value := range map[string]string{"HX-Boosted": "true", "HX-Request-Type": "full"} {
			t.Run(test.name+", "+name, func(t *testing.T) {
				a := newParts(t, flashgin.Config{})
				a.POST("/save", add(t, test.answer, flashgin.Success("own")))
				a.leave(flashgin.Info("path").At("/orders/5"), flashgin.Info("route").At("/orders/:id"), flashgin.Info("anywhere"))
				got := carriedIn(t, a.visit(http.MethodPost, "/save", htmx(name, value)...))
				assert.Equal(t, test.want, got.trigger)
				assert.Empty(t, got.added)
				assert.Equal(t, test.left, a.left("/orders/5", "/orders/:id", "/other"))
				assert.Empty(t, a.failures.String())
			})
		}
	}
	t.Run("a page that htmx opens reads nothing of the page on screen", func(t *testing.T) {
		a := newParts(t, flashgin.Config{})
		a.leave(flashgin.Info("there").At("/orders/5"), flashgin.Info("here").At("/other"))
		assert.Contains(t, a.visit(http.MethodGet, "/other", htmx("HX-Request-Type", "full", "Referer", screen)...).Body.String(), ">here<")
		assert.Equal(t, "[there]", a.left("/orders/5"))
	})
	t.Run("a page without messages has its own wait for it", func(t *testing.T) {
		a := newParts(t, flashgin.Config{})
		a.GET("/none", add(t, data(200, "text/html", "<!doctype html><p>page</p>"), flashgin.Success("own")))
		a.visit(http.MethodGet, "/none", htmx("HX-Boosted", "true")...)
		assert.Equal(t, "[own]", a.left("/none"))
	})
}
