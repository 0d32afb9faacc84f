// Package answers_test holds flashgin to what answers other than ordinary pages carry, and to which
// answers show messages at all.
package answers_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

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
	body, added, _ := strings.Cut(body, apptest.AddedHTMX)
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

// assertCarriesNothing checks that an answer has no messages, and may be cached as the handler
// said.
func assertCarriesNothing(t testing.TB, answer *httptest.ResponseRecorder) {
	t.Helper()
	got := carriedIn(t, answer)
	assert.Empty(t, got.added)
	assert.Empty(t, got.trigger)
	assert.Empty(t, got.notice)
	assert.Empty(t, got.pull)
	assert.Empty(t, answer.Header().Get("Cache-Control"),
		"an answer without messages is not ours to change")
	assert.NotContains(t, answer.Body.String(), "turbo-stream action")
}

// onBothStores runs a test with each store that comes with flashgin.
func onBothStores(t *testing.T, test func(t *testing.T, store flashgin.Store)) {
	t.Run("MemoryStore", func(t *testing.T) { test(t, new(flashgin.MemoryStore)) })
	t.Run("RedisStore", func(t *testing.T) {
		store := apptest.NewRedisStore(t, apptest.StartMiniredis(t))
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
		{"a polling endpoint", "GET", apptest.Data(200, "application/json", `{"unread":3}`),
			[]string{"Accept", "application/json", "Sec-Fetch-Dest", "empty",
				"Sec-Fetch-Mode", "cors", "Referer", apptest.Screen}},
		{"a background fetch of markup", "GET", apptest.Part(200),
			[]string{"Sec-Fetch-Dest", "empty", "Referer", apptest.Screen}},
		{"an image", "GET", apptest.Data(200, "image/png", "png"),
			[]string{"Sec-Fetch-Dest", "image", "Referer", apptest.Screen}},
		{"an image that htmx loads", "GET", apptest.Data(200, "image/png", "png"),
			apptest.HTMX("Sec-Fetch-Dest", "image")},
		{"a frame", "GET", apptest.Part(200),
			[]string{"Sec-Fetch-Dest", "iframe", "Referer", apptest.Screen}},
		{"a frame of Turbo", "GET", apptest.Part(200), apptest.Turbo("Turbo-Frame", "cart")},
		{"a frame of Turbo with a template that shows messages", "GET", apptest.Page,
			apptest.Turbo("Turbo-Frame", "cart")},
		{"a frame of Turbo whose handler takes messages", "GET", apptest.JSONPage,
			apptest.Turbo("Turbo-Frame", "cart")},
		{"a frame of Turbo that asks", "GET", apptest.Data(200, "application/json", "{}"),
			apptest.Turbo("Turbo-Frame", "cart", "X-Get-Flash", "1")},
		{"an API call that does not ask", "POST", apptest.Data(200, "application/json", "{}"),
			[]string{"Accept", "application/json", "Referer", apptest.Screen}},
		{"a call without a body that does not ask", "DELETE", apptest.Status(204),
			[]string{"Referer", apptest.Screen}},
		{"a page of another site that asks", "POST", apptest.Data(200, "application/json", "{}"),
			apptest.Asks("Sec-Fetch-Site", "cross-site")},
		{"a page of another host that asks", "POST", apptest.Data(200, "application/json", "{}"),
			apptest.Asks("Origin", "https://example.org")},
		{"htmx on a page of another host", "GET", apptest.Part(200),
			[]string{"HX-Request", "true", "HX-Current-URL", "https://example.org/orders/5"}},
		{"htmx in a document without an address", "GET", apptest.Part(200),
			[]string{"HX-Request", "true", "HX-Current-URL", "about:srcdoc",
				"Sec-Fetch-Site", "same-origin"}},
		{"htmx that does not name the page", "GET", apptest.Part(200),
			[]string{"HX-Request", "true"}},
		{"a link that htmx boosts", "GET", apptest.Part(200), apptest.HTMX("HX-Boosted", "true")},
		{"a page for htmx", "GET", apptest.Part(200), apptest.HTMX("HX-Request-Type", "full")},
		{"a page from the history of htmx", "GET", apptest.Part(200),
			apptest.HTMX("HX-History-Restore-Request", "true")},
		{"htmx ahead of time", "GET", apptest.Part(200), apptest.HTMX("HX-Preloaded", "true")},
		{"HEAD", "HEAD", apptest.Part(200), apptest.HTMX()},
		{"HEAD that asks", "HEAD", apptest.Part(200), apptest.Asks()},
		{"a redirect", "POST", apptest.Redirect("/other"), apptest.HTMX()},
		{"a redirect of one that asks", "POST", apptest.Redirect("/other"), apptest.Asks()},
		{"not modified", "GET", apptest.Status(304), apptest.HTMX()},
		{"HX-Redirect", "POST", apptest.WithHeader("HX-Redirect", "/other", apptest.Status(200)),
			apptest.HTMX()},
		{"HX-Location", "POST",
			apptest.WithHeader("HX-Location", `{"path":"/other"}`, apptest.Part(200)),
			apptest.HTMX()},
		{"HX-Refresh", "POST", apptest.WithHeader("HX-Refresh", "true", apptest.Part(200)),
			apptest.HTMX()},
		{"500", "POST", apptest.Part(500), apptest.HTMX()},
		{"500 of a stream", "POST", apptest.Data(500, turboStream, "<turbo-stream></turbo-stream>"),
			apptest.Turbo()},
		{"503 of one that asks", "POST", apptest.Data(503, "application/json", "{}"),
			apptest.Asks()},
		{"a stream of events for htmx", "GET",
			apptest.Data(200, "text/event-stream", "data: x\n\n"), apptest.HTMX()},
		{"a stream of events for one that asks", "GET",
			apptest.Data(200, "text/event-stream", "data: x\n\n"), apptest.Asks()},
		{"a stream for Turbo ahead of time", "GET",
			apptest.Data(200, turboStream, "<turbo-stream></turbo-stream>"),
			apptest.Turbo("X-Sec-Purpose", "prefetch")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			onBothStores(t, func(t *testing.T, store flashgin.Store) {
				a := apptest.NewParts(t, flashgin.Config{Store: store})
				a.Handle(test.method, "/orders/:id/part", test.answer)
				a.Leave(flashgin.Info("path").At("/orders/5"),
					flashgin.Info("route").At("/orders/:id"), flashgin.Info("anywhere"))
				assertCarriesNothing(t, a.Visit(test.method, "/orders/5/part", test.header...))
				apptest.Eventually(t, "[path][route][anywhere]",
					func() string { return a.Left("/orders/5", "/orders/:id") })
				assert.Empty(t, a.Failures.String())
			})
		})
	}
}

const turboStream = "text/vnd.turbo-stream.html; charset=utf-8"

// Whoever is no htmx, no Turbo and does not ask, pays nothing for those who are.
func TestAnswersThatCarryNothingCostNothing(t *testing.T) {
	if apptest.RaceEnabled() {
		t.Skip("the race detector empties pools at random")
	}
	allocations := func(cfg flashgin.Config) float64 {
		cfg.SessionKey = func(*gin.Context) (string, error) { return "alice", nil }
		a := apptest.NewAppWithoutSessions(t, cfg)
		a.Messenger.Mount(a)
		a.GET("/part", apptest.Part(200))
		request := httptest.NewRequest("GET", "/part", nil)
		request.Header.Set("Accept", "text/html")
		request.Header.Set("Referer", apptest.Screen)
		w := apptest.Discard{Sent: http.Header{}}
		return testing.AllocsPerRun(200, func() {
			clear(w.Sent)
			a.ServeHTTP(&w, request)
		})
	}
	assert.Equal(t, allocations(flashgin.Config{}),
		allocations(flashgin.Config{HTMX: true, Turbo: true}))
}
