package flashgin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// A stream brings along what waits for the page that it alters, as one more change.
func TestTurboStream(t *testing.T) {
	const change = `<turbo-stream action="remove" target="line-3"></turbo-stream>`
	all, own := "[path][route][anywhere][own]", "[own]"
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		header []string
		shown  string
		notice []string
		left   string
	}{
		{"200", data(200, turboStream, change), turbo(), all, nil, ""},
		{"422", data(422, turboStream, change), turbo(), all, nil, ""},
		{"500", data(500, turboStream, change), turbo(), own, nil, "[path][route][anywhere]"},
		{"of a form in a frame", data(200, turboStream, change), turbo("Turbo-Frame", "cart"), all, nil, ""},
		{"without a page", data(200, turboStream, change), []string{}, "[anywhere][own]", nil, "[path][route]"},
		{"without a body", withHeader("Content-Type", turboStream, status(200)), turbo(), "", []string{"path", "route", "anywhere", "own"}, ""},
		{"compressed", withHeader("Content-Encoding", "br", data(200, turboStream, change)), turbo(), "", []string{"path", "route", "anywhere", "own"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, store flashgin.Store) {
				a := newParts(t, flashgin.Config{Store: store})
				a.POST("/lines", add(t, test.answer, flashgin.Success("own")))
				a.leave(flashgin.Info("path").At("/orders/5"), flashgin.Info("route").At("/orders/:id"), flashgin.Info("anywhere"))
				answer := a.visit("POST", "/lines", test.header...)
				body := answer.Body.String()
				shown := ""
				if test.shown != "" {
					before, after, ok := strings.Cut(body, "\n<turbo-stream action=\"append\" targets=\"[data-flash-added]\"><template>")
					require.True(t, ok, body)
					assert.Equal(t, change, before)
					assert.True(t, strings.HasSuffix(after, "\n</template></turbo-stream>"), after)
					for _, text := range textsIn(after) {
						shown += "[" + text + "]"
					}
					assert.Equal(t, strings.Count(after, "<li "), strings.Count(after, ` id="flash-f-`), "stable IDs, by which Turbo tells them apart")
					assert.Equal(t, strings.Count(after, "<li "), strings.Count(after, ` data-turbo-temporary`))
				}
				assert.Equal(t, test.shown, shown)
				assert.Equal(t, test.notice, carriedIn(t, answer).notice)
				assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
				eventually(t, test.left, func() string { return a.left("/orders/5", "/orders/:id") })
				assert.Empty(t, a.failures.String())
			})
		})
	}
}

// A form is answered with itself, or with a redirect: Turbo renders both as the pages that they are.
func TestTurboForms(t *testing.T) {
	a := newParts(t, flashgin.Config{})
	a.POST("/orders/:id", add(t, func(c *gin.Context) { c.HTML(http.StatusUnprocessableEntity, "page", nil) }, flashgin.Error("own")))
	a.POST("/done", add(t, redirect("/other"), flashgin.Success("done")))
	a.leave(flashgin.Info("waiting").At("/orders/5"))
	assert.Equal(t, []string{"waiting", "own"}, textsIn(a.visit("POST", "/orders/5", turbo()...).Body.String()))
	assertCarriesNothing(t, a.visit("POST", "/done", turbo()...))
	assert.Equal(t, []string{"done"}, textsIn(a.visit("GET", "/other", turbo()...).Body.String()))
	assert.Empty(t, a.left("/orders/5", "/other"))
}

// What a frame's request adds waits for the page around it, which stays, wherever the frame goes.
func TestTurboFrames(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		header []string
		left   string
	}{
		{"a frame", part(200), turbo("Turbo-Frame", "cart"), "/orders/5"},
		{"a form in a frame", part(422), turbo("Turbo-Frame", "cart"), "/orders/5"},
		{"a redirect", redirect("/other"), turbo("Turbo-Frame", "cart"), "/orders/5"},
		{"a redirect, without a page", redirect("/other"), []string{"Turbo-Frame", "cart"}, "/other"},
		{"without a page", part(200), []string{"Turbo-Frame", "cart"}, "/cart"},
		{"a page of another host", part(200), []string{"Turbo-Frame", "cart", "Referer", "https://example.org/orders/5"}, "/cart"},
		{"a template that shows messages", page, turbo("Turbo-Frame", "cart"), "/orders/5"},
		{"a handler that takes messages", jsonPage, turbo("Turbo-Frame", "cart"), "/orders/5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newParts(t, flashgin.Config{})
			a.GET("/cart", status(200))
			a.POST("/cart", add(t, test.answer, flashgin.Success("own")))
			assertCarriesNothing(t, a.visit("POST", "/cart", test.header...))
			waiting, err := a.messenger.Peek(t.Context(), "alice", "/orders/5", "/other", "/cart")
			require.NoError(t, err)
			require.Len(t, waiting, 1)
			assert.Equal(t, test.left, waiting[0].View)
			assert.Empty(t, a.failures.String())
		})
	}
}

// Off is off.
func TestWithoutHTMXAndTurbo(t *testing.T) {
	a := newBoard(t)
	a.messenger.Mount(a)
	a.template("page", `{{flashes}}`)
	a.GET("/orders/:id", page)
	a.GET("/cart", page)
	a.POST("/cart", add(t, data(200, turboStream, "<turbo-stream></turbo-stream>"), flashgin.Success("own")))
	a.leave(flashgin.Info("waiting").At("/orders/5"), flashgin.Info("anywhere"))
	assertCarriesNothing(t, a.visit("POST", "/cart", turbo()...))
	assertCarriesNothing(t, a.visit("POST", "/cart", htmx()...))
	assert.Equal(t, "[waiting][anywhere][own][own]", a.left("/orders/5", "/cart"), "on the route, as of any other POST")
	assert.Equal(t, []string{"anywhere", "own", "own"}, textsIn(a.visit("GET", "/cart", "Turbo-Frame", "cart").Body.String()))
}
