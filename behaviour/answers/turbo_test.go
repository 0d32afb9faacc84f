package answers_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
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
		{"200", apptest.Data(200, turboStream, change), apptest.Turbo(), all, nil, ""},
		{"422", apptest.Data(422, turboStream, change), apptest.Turbo(), all, nil, ""},
		{"500", apptest.Data(500, turboStream, change), apptest.Turbo(), own, nil,
			"[path][route][anywhere]"},
		{"of a form in a frame", apptest.Data(200, turboStream, change),
			apptest.Turbo("Turbo-Frame", "cart"), all, nil, ""},
		{"without a page", apptest.Data(200, turboStream, change), []string{}, "[anywhere][own]",
			nil, "[path][route]"},
		{"without a body", apptest.WithHeader("Content-Type", turboStream, apptest.Status(200)),
			apptest.Turbo(), "", []string{"path", "route", "anywhere", "own"}, ""},
		{"compressed",
			apptest.WithHeader("Content-Encoding", "br", apptest.Data(200, turboStream, change)),
			apptest.Turbo(), "", []string{"path", "route", "anywhere", "own"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, store flashgin.Store) {
				a := apptest.NewParts(t, flashgin.Config{Store: store})
				a.POST("/lines", apptest.Add(t, test.answer, flashgin.Success("own")))
				a.Leave(flashgin.Info("path").At("/orders/5"),
					flashgin.Info("route").At("/orders/:id"), flashgin.Info("anywhere"))
				answer := a.Visit("POST", "/lines", test.header...)
				body := answer.Body.String()
				shown := ""
				if test.shown != "" {
					before, after, ok := strings.Cut(body,
						"\n<turbo-stream action=\"append\" targets=\"[data-flash-added]\"><template>")
					require.True(t, ok, body)
					assert.Equal(t, change, before)
					assert.True(t, strings.HasSuffix(after, "\n</template></turbo-stream>"), after)
					for _, text := range textsIn(after) {
						shown += "[" + text + "]"
					}
					assert.Equal(t, strings.Count(after, "<li "),
						strings.Count(after, ` id="flash-f-`),
						"stable IDs, by which Turbo tells them apart")
					assert.Equal(t, strings.Count(after, "<li "),
						strings.Count(after, ` data-turbo-temporary`))
				}
				assert.Equal(t, test.shown, shown)
				assert.Equal(t, test.notice, carriedIn(t, answer).notice)
				assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
				apptest.Eventually(t, test.left, func() string {
					return a.Left("/orders/5", "/orders/:id")
				})
				assert.Empty(t, a.Failures.String())
			})
		})
	}
}

// A form is answered with itself, or with a redirect: Turbo renders both as the pages that they
// are.
func TestTurboForms(t *testing.T) {
	a := apptest.NewParts(t, flashgin.Config{})
	a.POST("/orders/:id", apptest.Add(t, func(c *gin.Context) {
		c.HTML(http.StatusUnprocessableEntity, "page", nil)
	}, flashgin.Error("own")))
	a.POST("/done", apptest.Add(t, apptest.Redirect("/other"), flashgin.Success("done")))
	a.Leave(flashgin.Info("waiting").At("/orders/5"))
	assert.Equal(t, []string{"waiting", "own"},
		textsIn(a.Visit("POST", "/orders/5", apptest.Turbo()...).Body.String()))
	assertCarriesNothing(t, a.Visit("POST", "/done", apptest.Turbo()...))
	assert.Equal(t, []string{"done"},
		textsIn(a.Visit("GET", "/other", apptest.Turbo()...).Body.String()))
	assert.Empty(t, a.Left("/orders/5", "/other"))
}

// What a frame's request adds waits for the page around it, which stays, wherever the frame goes.
func TestTurboFrames(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		header []string
		left   string
	}{
		{"a frame", apptest.Part(200), apptest.Turbo("Turbo-Frame", "cart"), "/orders/5"},
		{"a form in a frame", apptest.Part(422), apptest.Turbo("Turbo-Frame", "cart"), "/orders/5"},
		{"a redirect", apptest.Redirect("/other"), apptest.Turbo("Turbo-Frame", "cart"),
			"/orders/5"},
		{"a redirect, without a page", apptest.Redirect("/other"), []string{"Turbo-Frame", "cart"},
			"/other"},
		{"without a page", apptest.Part(200), []string{"Turbo-Frame", "cart"}, "/cart"},
		{"a page of another host", apptest.Part(200),
			[]string{"Turbo-Frame", "cart", "Referer", "https://example.org/orders/5"}, "/cart"},
		{"a template that shows messages", apptest.Page, apptest.Turbo("Turbo-Frame", "cart"),
			"/orders/5"},
		{"a handler that takes messages", apptest.JSONPage, apptest.Turbo("Turbo-Frame", "cart"),
			"/orders/5"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewParts(t, flashgin.Config{})
			a.GET("/cart", apptest.Status(200))
			a.POST("/cart", apptest.Add(t, test.answer, flashgin.Success("own")))
			assertCarriesNothing(t, a.Visit("POST", "/cart", test.header...))
			waiting, err := a.Messenger.Peek(t.Context(), "alice", "/orders/5", "/other", "/cart")
			require.NoError(t, err)
			require.Len(t, waiting, 1)
			assert.Equal(t, test.left, waiting[0].View)
			assert.Empty(t, a.Failures.String())
		})
	}
}

// Off is off.
func TestWithoutHTMXAndTurbo(t *testing.T) {
	a := apptest.NewBoard(t)
	a.Messenger.Mount(a)
	a.Template("page", `{{flashes}}`)
	a.GET("/orders/:id", apptest.Page)
	a.GET("/cart", apptest.Page)
	a.POST("/cart", apptest.Add(t, apptest.Data(200, turboStream, "<turbo-stream></turbo-stream>"),
		flashgin.Success("own")))
	a.Leave(flashgin.Info("waiting").At("/orders/5"), flashgin.Info("anywhere"))
	assertCarriesNothing(t, a.Visit("POST", "/cart", apptest.Turbo()...))
	assertCarriesNothing(t, a.Visit("POST", "/cart", apptest.HTMX()...))
	assert.Equal(t, "[waiting][anywhere][own][own]", a.Left("/orders/5", "/cart"),
		"on the route, as of any other POST")
	frame := a.Visit("GET", "/cart", "Turbo-Frame", "cart").Body.String()
	assert.Empty(t, textsIn(frame), "Turbo throws away what is around a frame, whatever is on")
	page := a.Shown("/cart")
	assert.Equal(t, []string{"anywhere", "own"}, textsIn(page))
	assert.Contains(t, page, "×2", "equal messages are one")
}
