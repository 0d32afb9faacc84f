package pages_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// inGerman is a Config.Translate. It tries to change what tells messages apart.
func inGerman(c *gin.Context, m flashgin.Message) flashgin.Message {
	if c.GetHeader("Accept-Language") == "de" && m.Data["key"] == "imported" {
		m.Text = m.Data["count"] + " Kontakte importiert."
		m.View, m.ID, m.Key, m.Created = "/elsewhere", "another", "another", m.Created.Add(1)
	}
	return m
}

var imported = flashgin.Message{
	View: "/orders/5", ID: "import-7", Key: "import", Text: "312 contacts were imported.",
	Data: map[string]string{"key": "imported", "count": "312"},
}

// A job knows no language. Whoever is shown its message reads it in a language of their own,
// whichever way it comes, and once.
func TestTranslate(t *testing.T) {
	const german, english = "312 Kontakte importiert.", "312 contacts were imported."
	const screen = "/orders/5"
	pull := "/_flash/messages?view=" + screen
	for name, test := range map[string]struct {
		path   string
		header []string
		inHead bool
	}{
		"flashes":             {path: screen},
		"Markup":              {path: "/markup"},
		"Flashes":             {path: "/data"},
		"htmx, markup":        {path: "/part", header: apptest.HTMX()},
		"htmx, header":        {path: "/none", header: apptest.HTMX(), inHead: true},
		"Turbo":               {path: "/stream", header: apptest.Turbo()},
		"a script, in header": {path: "/json", header: apptest.Asks(), inHead: true},
		"pull":                {path: pull, header: apptest.Asks("Sec-Fetch-Site", "same-origin")},
		"pull, with tickets": {
			path: pull, header: []string{"X-Get-Flash", "tickets", "Sec-Fetch-Site", "same-origin"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for language, want := range map[string]string{"de": german, "en": english} {
				a := newTranslated(t)
				m := imported
				if test.path == "/markup" || test.path == "/data" {
					m.View = test.path
				}
				a.Leave(m)
				answer := a.Visit(http.MethodGet, test.path,
					append(test.header, "Accept-Language", language)...)
				got := answer.Body.String()
				if test.inHead {
					got = fmt.Sprint(answer.Header())
				}
				assert.Contains(t, got, want)
				assert.NotContains(t, got, "another")
				assert.Equal(t, 1, strings.Count(got, want))
				if name != "pull, with tickets" {
					assert.Empty(t, a.Left(m.View), "it was shown")
				}
			}
		})
	}
}

// newTranslated has all kinds of answers.
func newTranslated(t *testing.T) *apptest.App {
	a := apptest.NewParts(t, flashgin.Config{Translate: inGerman})
	a.GET("/markup", func(c *gin.Context) {
		c.Data(http.StatusOK, "text/html", []byte(flashgin.Markup(c)))
	})
	a.GET("/data", apptest.JSONPage)
	a.GET("/part", apptest.Part(http.StatusOK))
	a.GET("/none", apptest.Status(http.StatusNoContent))
	a.GET("/json", apptest.Data(http.StatusOK, "application/json", `{}`))
	a.GET("/stream", apptest.Data(http.StatusOK, "text/vnd.turbo-stream.html", "<turbo-stream/>"))
	return a
}

// An open page has its own language, too.
func TestTranslateOnAnOpenPage(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{Translate: inGerman})
	b := a.Browser()
	key := b.Get("/key")
	l := b.Listen(apptest.StreamPath("/a"), nil, "Accept-Language", "de")
	m := imported
	m.View = "/a"
	a.Job(key, m)
	l.Hears("312 Kontakte importiert.")
	handed := apptest.HandedOver(t, l.All())
	assert.Equal(t, "import-7", handed[0].Messages[0].ID)
	b.Acknowledge(apptest.AckBody("shown", handed...))
	assert.Empty(t, b.Get("/a"))
}

// Who peeks reads what the page would have, and a job what was added.
func TestTranslatePeeks(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		Translate: inGerman, SessionKey: apptest.UserOf,
	})
	a.Template("page", `{{range peekFlashes}}[{{.Text}}]{{end}}`)
	a.GET("/orders/5", apptest.Page)
	a.Leave(imported)
	for range 2 {
		got := a.Visit(http.MethodGet, "/orders/5", "Accept-Language", "de").Body.String()
		assert.Equal(t, "[312 Kontakte importiert.]", got)
	}
	assert.Equal(t, "[312 contacts were imported.]", a.Left("/orders/5"))
}

// What waits again waits as it was added: the next page may be read in another language.
func TestTranslateLeavesWhatWaitsAgain(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		Translate: inGerman, SessionKey: apptest.UserOf,
	})
	a.GET("/orders/5", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, imported))
		assert.Equal(t, []string{"312 Kontakte importiert."}, apptest.Texts(flashgin.Flashes(c)))
		c.Status(http.StatusInternalServerError)
	})
	a.Visit(http.MethodGet, "/orders/5", "Accept-Language", "de")
	assert.Equal(t, "[312 contacts were imported.]", a.Left("/orders/5"))
}

// If the handler panics after it has written the translated text, the message was shown.
func TestTranslatedTextIsFoundInThePage(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		Translate: inGerman, SessionKey: apptest.UserOf,
	})
	a.Use(gin.CustomRecoveryWithWriter(io.Discard, func(*gin.Context, any) {}))
	a.GET("/orders/5", func(c *gin.Context) {
		c.String(http.StatusOK, flashgin.Flashes(c).String())
		panic("broken")
	})
	a.Leave(imported)
	body := a.Visit(http.MethodGet, "/orders/5", "Accept-Language", "de").Body.Bytes()
	assert.True(t, bytes.Contains(body, []byte("312 Kontakte importiert.")))
	assert.Empty(t, a.Left("/orders/5"))
}

// If Translate panics, the message is shown as it was added, and the failure is told.
func TestTranslateThatPanics(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: apptest.UserOf,
		Translate: func(_ *gin.Context, m flashgin.Message) flashgin.Message {
			m.Text = "half"
			panic("broken: Translate")
		},
	})
	a.GET("/orders/5", apptest.Page)
	a.Leave(imported)
	assert.Equal(t, "[312 contacts were imported.]", a.Shown("/orders/5"))
	assert.Contains(t, a.Failures.String(), "Config.Translate panicked: broken: Translate")
}
