package live_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// listensTo returns the address at which a page listens, as its markup says.
func listensTo(page string) string {
	found := regexp.MustCompile(`data-stream="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

// A page says where to listen: at the views that it reads itself, whatever their names.
func TestMarkupOfStream(t *testing.T) {
	a := apptest.NewLiveApp(t,
		flashgin.Config{View: func(c *gin.Context) string { return c.Query("view") }})
	a.Template("page", `<main>{{flashes}}{{flashes}}</main>`)
	a.GET("/problems/:id", apptest.Page)
	v := a.Visitor()
	assert.Empty(t, listensTo(v.Get("/problems/5")), "there is no session to listen for")
	key := v.Get("/key")
	const path = "/problems/a&b\"<>+%2525é"
	for range 2 { // with a message, and without
		text := v.Get(path + "?view=d%26ash")
		require.Equal(t, 1, strings.Count(text, "data-stream"), text)
		u, err := url.Parse(listensTo(text))
		require.NoError(t, err)
		assert.Equal(t, "/_flash/stream", u.Path)
		assert.Equal(t, []string{"/problems/a&b\"<>+%2525é", "/problems/:id", "d&ash", "*"},
			u.Query()["view"])
		a.Job(key, flashgin.Info("text").At("d&ash"))
	}
	// What the page reads is what the stream hands over.
	page := v.Listen(listensTo(v.Get("/problems/5")))
	a.Job(key, flashgin.Info("route").At("/problems/:id"), flashgin.Info("path").At("/problems/5"),
		flashgin.Info("other").At("/problems/6"))
	want := func() bool { return len(apptest.TextsOf(t, page.Events())) >= 2 }
	require.Eventually(t, want, 30*time.Second, time.Millisecond)
	assert.Equal(t, []string{"route", "path"}, apptest.TextsOf(t, page.Events()))

	assert.NotEmpty(t, listensTo(v.Get("/a", "Sec-Purpose", "prefetch")),
		"for the time when it is opened")
	assert.Empty(t, listensTo(v.Get("/problems/"+strings.Repeat("%C3%A9", 3000))),
		"longer than a stream takes")
}

// Pages of users share markup, but not what they listen to.
func TestMarkupOfStreamIsNotShared(t *testing.T) {
	a := apptest.NewMounted(t, flashgin.Config{Prefix: "/app", MountPath: "/live"})
	a.GET("/key", func(c *gin.Context) { _, _ = a.Messenger.SessionKey(c) })
	a.GET("/", apptest.Page)
	known, unknown := a.Visitor(), a.Visitor()
	known.Do(http.MethodGet, "/key")
	for range 2 {
		assert.Equal(t, "/app/live/stream?at=%2F&at=%2A", listensTo(known.Get("/")))
		assert.Empty(t, listensTo(unknown.Get("/")))
	}
}

// Pages with markup of the application's own listen, too: what the script needs follows that
// markup, once a page, and holds none of its messages.
func TestLivePartBesideOwnMarkup(t *testing.T) {
	const own = `{{define "flashgin/messages"}}<ul>{{range .}}<li>{{.Text}}</li>{{end}}</ul>{{end}}`
	for _, test := range []struct{ name, page, before, after string }{
		{"bare", `<main>{{flashes}}</main>` + own,
			"<main><ul><li>text</li></ul>", "</main>"},
		{"bare, twice", `{{flashes "info"}}{{flashes}}` + own,
			"<ul><li>text</li></ul>", "<ul><li>text</li></ul>"},
		{"a range, and a template that prints nothing",
			`{{range flashes}}[{{.Text}}]{{end}}<footer>{{flashes}}</footer>{{define "flashgin/messages"}}{{end}}`,
			"[text]<footer>", "</footer>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewLiveApp(t, flashgin.Config{Labels: func(*gin.Context) flashgin.Labels {
				return flashgin.Labels{Region: "Meldungen"}
			}})
			a.Template("page", test.page)
			v := a.Visitor()
			a.Job(v.Get("/key"), flashgin.Info("text").At("/a"))
			text := v.Get("/a")
			before, live, ok := strings.Cut(text, "<flash-messages ")
			require.True(t, ok, text)
			live, after, _ := strings.Cut(live, "</flash-messages>")
			assert.Equal(t, test.before, before)
			assert.Equal(t, test.after, strings.TrimSpace(after))
			assert.Equal(t, "/_flash/stream?view=%2Fa&view=%2A", listensTo(live))
			assert.Contains(t, live, ` data-label="Meldungen">`)
			assert.Equal(t, 2, strings.Count(live, " aria-live="), "the announcers")
			assert.Equal(t, 4, strings.Count(live, " data-status="),
				"one of each status, in the template")
			assert.NotContains(t, live, "text</")

			// A page that is loaded ahead of time says where its messages are.
			assert.Regexp(t, ` data-pull="/_flash/messages\?view=%2Fa&(amp|#38);view=%2A"`,
				v.Get("/a", "Sec-Purpose", "prefetch"))
		})
	}
}

// A page that wants none of that prints the template, and not {{flashes}}.
func TestOwnMarkupAlone(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	a.Template("page",
		`{{template "flashgin/messages" flashes}}{{define "flashgin/messages"}}<ul>{{range .}}<li>{{.Text}}</li>{{end}}</ul>{{end}}`)
	v := a.Visitor()
	a.Job(v.Get("/key"), flashgin.Info("text").At("/a"))
	assert.Equal(t, "<ul><li>text</li></ul>", v.Get("/a"))
}

// Who has no key yet may get one by an answer to htmx or Turbo. Their pages know where to listen
// then, and do not ask before.
func TestMarkupOfAnIdleStream(t *testing.T) {
	for _, test := range []struct {
		name string
		cfg  flashgin.Config
		idle bool
	}{
		{"htmx", flashgin.Config{HTMX: true}, true},
		{"Turbo", flashgin.Config{Turbo: true}, true},
		{"neither", flashgin.Config{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewMounted(t, test.cfg)
			a.GET("/key", func(c *gin.Context) { _, _ = a.Messenger.SessionKey(c) })
			a.GET("/", apptest.Page)
			v := a.Visitor()
			text := v.Get("/")
			if !test.idle {
				assert.NotContains(t, text, "data-stream")
			} else {
				assert.Contains(t, text,
					` data-stream="/_flash/stream?view=%2F&amp;view=%2A" data-stream-idle data-label=`)
			}
			v.Do(http.MethodGet, "/key")
			text = v.Get("/")
			assert.Equal(t, "/_flash/stream?view=%2F&view=%2A", listensTo(text))
			assert.NotContains(t, text, "data-stream-idle")
		})
	}
	t.Run("without sessions", func(t *testing.T) {
		a := apptest.NewAppWithoutSessions(t, flashgin.Config{HTMX: true})
		a.Messenger.Mount(a)
		a.Template("page", `{{flashes}}`)
		a.GET("/", apptest.Page)
		assert.NotContains(t, a.Visitor().Get("/"), "data-stream")
	})
}
