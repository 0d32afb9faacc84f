package flashgin_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// newParts is newBoard with all kinds of answers, for alice, who looks at /orders/5.
func newParts(t testing.TB, cfg flashgin.Config) *app {
	cfg.HTMX, cfg.Turbo, cfg.SessionKey = true, true, userOf
	cfg.Timeout, cfg.AddTimeout = cmp.Or(cfg.Timeout, time.Minute), cmp.Or(cfg.AddTimeout, time.Minute) // on a busy machine
	a := newAppWithoutSessions(t, cfg)
	a.template("page", `{{flashAssets}}{{flashes}}`)
	a.messenger.Mount(a)
	a.GET("/orders/:id", page)
	a.GET("/other", page)
	return a
}

const (
	screen    = "http://example.com/orders/5?q=1#x"
	addedHTMX = `<ul hx-swap-oob="beforeend:[data-flash-added]">`
)

// htmx are the headers of a request of htmx, turbo those of Turbo, and asks those of a script that asks for messages.
func htmx(more ...string) []string {
	return append([]string{"HX-Request", "true", "HX-Current-URL", screen}, more...)
}

func turbo(more ...string) []string {
	return append([]string{"Accept", "text/vnd.turbo-stream.html, text/html, application/xhtml+xml", "Referer", screen}, more...)
}

func asks(more ...string) []string {
	return append([]string{"X-Get-Flash", "1", "Referer", screen}, more...)
}

// part answers with part of a page.
func part(code int) gin.HandlerFunc { return data(code, "text/html; charset=utf-8", "<p>part</p>") }

func data(code int, contentType, body string) gin.HandlerFunc {
	return func(c *gin.Context) { c.Data(code, contentType, []byte(body)) }
}

// withHeader answers with a header besides.
func withHeader(name, value string, answer gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) { c.Header(name, value); answer(c) }
}

// carried is what an answer brings along.
type carried struct {
	behind  string // the body
	trigger []string
	notice  []string
	pull    string
	added   []string // the texts behind the body
}

// carriedBy reads what an answer brings along, and the body without it.
func carriedBy(t testing.TB, header http.Header, body string) (got carried) {
	t.Helper()
	body, added, _ := strings.Cut(body, addedHTMX)
	got.behind = body
	got.added = textsIn(added)
	if value := header.Get("HX-Trigger"); strings.HasPrefix(value, "{") {
		var triggers struct {
			Show struct{ Messages flashgin.Messages } `json:"flash:show"`
			Pull struct{ URL string }                 `json:"flash:pull"`
		}
		require.NoError(t, json.Unmarshal([]byte(value), &triggers), value)
		for _, msg := range triggers.Show.Messages {
			got.trigger = append(got.trigger, msg.Text)
		}
		got.pull = triggers.Pull.URL
	}
	if value := header.Get("Flash-Messages"); value != "" {
		var notice struct {
			Messages flashgin.Messages
			Pull     string
		}
		require.NoError(t, json.Unmarshal([]byte(value), &notice), value)
		for _, msg := range notice.Messages {
			got.notice = append(got.notice, msg.Text)
		}
		got.pull += notice.Pull
	}
	return got
}

// textsIn returns the texts of items.
func textsIn(markup string) (texts []string) {
	for _, item := range strings.Split(markup, `data-flash-text dir="auto">`)[1:] {
		if text, _, _ := strings.Cut(item, "</p>"); text != "" { // else a blank for the script
			texts = append(texts, text)
		}
	}
	return texts
}

func carriedIn(t testing.TB, answer *httptest.ResponseRecorder) carried {
	t.Helper()
	return carriedBy(t, answer.Result().Header, answer.Body.String())
}

// assertCarriesNothing checks that an answer has no messages, and may be cached as the handler said.
func assertCarriesNothing(t testing.TB, answer *httptest.ResponseRecorder) {
	t.Helper()
	got := carriedIn(t, answer)
	assert.Empty(t, got.added)
	assert.Empty(t, got.trigger)
	assert.Empty(t, got.notice)
	assert.Empty(t, got.pull)
	assert.Empty(t, answer.Header().Get("Cache-Control"), "an answer without messages is not ours to change")
	assert.NotContains(t, answer.Body.String(), "turbo-stream action")
}

// onBothStores runs a test with each store that comes with flashgin.
func onBothStores(t *testing.T, test func(t *testing.T, store flashgin.Store)) {
	t.Run("MemoryStore", func(t *testing.T) { test(t, new(flashgin.MemoryStore)) })
	t.Run("RedisStore", func(t *testing.T) {
		store := newRedisStore(t, startMiniredis(t))
		test(t, store)
	})
}

// Answers that nobody reads messages from take none, with all kinds of answers switched on.
func TestAnswersThatCarryNothing(t *testing.T) {
	tests := []struct {
		name   string
		method string
		answer gin.HandlerFunc
		header []string
	}{
		{"a polling endpoint", "GET", data(200, "application/json", `{"unread":3}`),
			[]string{"Accept", "application/json", "Sec-Fetch-Dest", "empty", "Sec-Fetch-Mode", "cors", "Referer", screen}},
		{"a background fetch of markup", "GET", part(200), []string{"Sec-Fetch-Dest", "empty", "Referer", screen}},
		{"an image", "GET", data(200, "image/png", "png"), []string{"Sec-Fetch-Dest", "image", "Referer", screen}},
		{"an image that htmx loads", "GET", data(200, "image/png", "png"), htmx("Sec-Fetch-Dest", "image")},
		{"a frame", "GET", part(200), []string{"Sec-Fetch-Dest", "iframe", "Referer", screen}},
		{"a frame of Turbo", "GET", part(200), turbo("Turbo-Frame", "cart")},
		{"a frame of Turbo with a template that shows messages", "GET", page, turbo("Turbo-Frame", "cart")},
		{"a frame of Turbo whose handler takes messages", "GET", jsonPage, turbo("Turbo-Frame", "cart")},
		{"a frame of Turbo that asks", "GET", data(200, "application/json", "{}"), turbo("Turbo-Frame", "cart", "X-Get-Flash", "1")},
		{"an API call that does not ask", "POST", data(200, "application/json", "{}"), []string{"Accept", "application/json", "Referer", screen}},
		{"a call without a body that does not ask", "DELETE", status(204), []string{"Referer", screen}},
		{"a page of another site that asks", "POST", data(200, "application/json", "{}"), asks("Sec-Fetch-Site", "cross-site")},
		{"a page of another host that asks", "POST", data(200, "application/json", "{}"), asks("Origin", "https://example.org")},
		{"htmx on a page of another host", "GET", part(200), []string{"HX-Request", "true", "HX-Current-URL", "https://example.org/orders/5"}},
		{"htmx in a document without an address", "GET", part(200), []string{"HX-Request", "true", "HX-Current-URL", "about:srcdoc", "Sec-Fetch-Site", "same-origin"}},
		{"htmx that does not name the page", "GET", part(200), []string{"HX-Request", "true"}},
		{"a link that htmx boosts", "GET", part(200), htmx("HX-Boosted", "true")},
		{"a page for htmx", "GET", part(200), htmx("HX-Request-Type", "full")},
		{"a page from the history of htmx", "GET", part(200), htmx("HX-History-Restore-Request", "true")},
		{"htmx ahead of time", "GET", part(200), htmx("HX-Preloaded", "true")},
		{"HEAD", "HEAD", part(200), htmx()},
		{"HEAD that asks", "HEAD", part(200), asks()},
		{"a redirect", "POST", redirect("/other"), htmx()},
		{"a redirect of one that asks", "POST", redirect("/other"), asks()},
		{"not modified", "GET", status(304), htmx()},
		{"HX-Redirect", "POST", withHeader("HX-Redirect", "/other", status(200)), htmx()},
		{"HX-Location", "POST", withHeader("HX-Location", `{"path":"/other"}`, part(200)), htmx()},
		{"HX-Refresh", "POST", withHeader("HX-Refresh", "true", part(200)), htmx()},
		{"500", "POST", part(500), htmx()},
		{"500 of a stream", "POST", data(500, turboStream, "<turbo-stream></turbo-stream>"), turbo()},
		{"503 of one that asks", "POST", data(503, "application/json", "{}"), asks()},
		{"a stream of events for htmx", "GET", data(200, "text/event-stream", "data: x\n\n"), htmx()},
		{"a stream of events for one that asks", "GET", data(200, "text/event-stream", "data: x\n\n"), asks()},
		{"a stream for Turbo ahead of time", "GET", data(200, turboStream, "<turbo-stream></turbo-stream>"), turbo("X-Sec-Purpose", "prefetch")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, store flashgin.Store) {
				a := newParts(t, flashgin.Config{Store: store})
				a.Handle(test.method, "/orders/:id/part", test.answer)
				a.leave(flashgin.Info("path").At("/orders/5"), flashgin.Info("route").At("/orders/:id"), flashgin.Info("anywhere"))
				assertCarriesNothing(t, a.visit(test.method, "/orders/5/part", test.header...))
				eventually(t, "[path][route][anywhere]", func() string { return a.left("/orders/5", "/orders/:id") })
				assert.Empty(t, a.failures.String())
			})
		})
	}
}

const turboStream = "text/vnd.turbo-stream.html; charset=utf-8"

// Whoever is no htmx, no Turbo and does not ask, pays nothing for those who are.
func TestAnswersThatCarryNothingCostNothing(t *testing.T) {
	if raceEnabled() {
		t.Skip("the race detector empties pools at random")
	}
	allocations := func(cfg flashgin.Config) float64 {
		cfg.SessionKey = func(*gin.Context) (string, error) { return "alice", nil }
		a := newAppWithoutSessions(t, cfg)
		a.messenger.Mount(a)
		a.GET("/part", part(200))
		request := httptest.NewRequest("GET", "/part", nil)
		request.Header.Set("Accept", "text/html")
		request.Header.Set("Referer", screen)
		w := discard{header: http.Header{}}
		return testing.AllocsPerRun(200, func() {
			clear(w.header)
			a.ServeHTTP(&w, request)
		})
	}
	assert.Equal(t, allocations(flashgin.Config{}), allocations(flashgin.Config{HTMX: true, Turbo: true}))
}
