package flashgin_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// newParts is an application whose page is /orders/5, with handlers that answer to htmx, Turbo and scripts.
func newParts(t testing.TB, cfg flashgin.Config) *app {
	cfg.HTMX, cfg.Turbo = true, true
	a := newMounted(t, cfg)
	a.GET("/orders/:id", page)
	a.GET("/other", page)
	a.GET("/key", func(c *gin.Context) {
		key, err := a.messenger.SessionKey(c)
		require.NoError(t, err)
		c.String(http.StatusOK, key)
	})
	return a
}

// fromHTMX are the headers of a request of htmx on the page /orders/5.
func fromHTMX(b *browser, more ...string) []string {
	return append([]string{"HX-Request", "true", "HX-Current-URL", b.url + "/orders/5?q=1#x"}, more...)
}

// part answers with part of a page.
func part(code int, text string) gin.HandlerFunc {
	return func(c *gin.Context) { c.Data(code, "text/html; charset=utf-8", []byte(text)) }
}

// triggered returns the texts of the messages in HX-Trigger.
func triggered(t testing.TB, h http.Header) []string {
	value := h.Get("HX-Trigger")
	if !strings.HasPrefix(value, "{") {
		return nil
	}
	var triggers map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(value), &triggers), value)
	var detail struct{ Messages flashgin.Messages }
	if triggers["flash:show"] == nil {
		return nil
	}
	require.NoError(t, json.Unmarshal(triggers["flash:show"], &detail), value)
	return texts(detail.Messages)
}

func TestHTMX(t *testing.T) {
	const list = `<ul hx-swap-oob="beforeend:[data-flash-added]">`
	location := func(name, value string) gin.HandlerFunc {
		return func(c *gin.Context) { c.Header(name, value); part(http.StatusOK, "<p>part</p>")(c) }
	}
	for _, test := range []struct {
		name    string
		answer  gin.HandlerFunc
		body    bool   // the messages follow the body
		trigger bool   // they are in HX-Trigger
		left    string // what waits, "own" at the page to which the answer leads
	}{
		{"200", part(http.StatusOK, "<p>part</p>"), true, false, ""},
		{"201", part(http.StatusCreated, "<p>part</p>"), true, false, ""},
		{"286, which ends polling", part(286, "<p>part</p>"), true, false, ""},
		{"200 without a body", status(http.StatusOK), false, true, ""},
		{"204", status(http.StatusNoContent), false, true, ""},
		{"404", part(http.StatusNotFound, "<p>part</p>"), false, true, ""},
		{"422", part(http.StatusUnprocessableEntity, "<p>part</p>"), false, true, ""},
		{"JSON", func(c *gin.Context) { c.JSON(http.StatusOK, "part") }, false, true, ""},
		{"302", redirect("/other"), false, false, "/other"},
		{"HX-Redirect", location("HX-Redirect", "/other"), false, false, "/other"},
		{"HX-Location", location("HX-Location", "/other"), false, false, "/other"},
		{"HX-Refresh", location("HX-Refresh", "true"), false, false, "/orders/5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newParts(t, flashgin.Config{})
			a.POST("/save", add(t, test.answer, flashgin.Success("own")))
			b := a.browser()
			key := b.get("/key")
			require.NoError(t, a.messenger.Add(t.Context(), key,
				flashgin.Info("path").At("/orders/5"), flashgin.Info("route").At("/orders/:id"), flashgin.Info("anywhere").At(flashgin.Anywhere), flashgin.Info("elsewhere").At("/orders/6")))
			got := b.post("/save", fromHTMX(b)...)
			want := []string{"path", "route", "anywhere", "own"}
			switch {
			case test.body:
				before, after, ok := strings.Cut(got.body, list)
				require.True(t, ok, got.body)
				assert.Equal(t, "<p>part</p>\n", before)
				assert.Equal(t, len(want), strings.Count(after, "<li "))
				assert.Empty(t, got.Header.Get("HX-Trigger"))
			case test.trigger:
				assert.Equal(t, want, triggered(t, got.Header))
				assert.NotContains(t, got.body, list)
			default:
				assert.Empty(t, got.Header.Get("HX-Trigger"))
				assert.NotContains(t, got.body, list)
			}
			left, err := a.messenger.Peek(t.Context(), key, "/orders/5", "/orders/:id", "/orders/6", "/other", flashgin.Anywhere)
			require.NoError(t, err)
			if test.left == "" {
				assert.Equal(t, []string{"elsewhere"}, texts(left))
				assert.Equal(t, "private, no-store", got.Header.Get("Cache-Control"))
			} else {
				assert.Equal(t, []string{"path", "route", "anywhere", "elsewhere", "own"}, texts(left))
				assert.Equal(t, test.left, left[4].View)
			}
			assert.Empty(t, a.failures.all())
		})
	}
}
