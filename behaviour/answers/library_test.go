package answers_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A page that htmx or Turbo asks for has its messages in a header, too: the library may leave them
// out, or throw the page away.
func TestPageForALibrary(t *testing.T) {
	const page = "/orders/5"
	boosted := apptest.HTMX("HX-Boosted", "true")
	turbo := []string{"X-Turbo-Request-Id", "1", "Accept", "text/html, application/xhtml+xml"}
	message := flashgin.Info("one").At(page)
	for _, test := range []struct {
		name    string
		header  []string
		message flashgin.Message
		page    string // a template of the test's own
		want    string
	}{
		{"a browser opens it", nil, message, "", ""},
		{"Turbo", turbo, message, "", `"text":"one"`},
		{"htmx", boosted, message, "", `"text":"one"`},
		{"a preload", append([]string{"X-Sec-Purpose", "prefetch"}, turbo...), message, "", ""},
		{"no text", turbo, flashgin.Message{HTML: "<b>one</b>", View: page}, "", ""},
		{"too large", turbo, flashgin.Info(strings.Repeat("x", 5000)).At(page), "", ""},
		{"markup of its own", turbo, message,
			`{{flashAssets}}{{range flashes}}[{{.Text}}]{{end}}`, ""},
		{"a list that is looked at before", turbo, message,
			`{{if flashes}}{{flashes}}{{end}}`, `"text":"one"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewParts(t, flashgin.Config{})
			if test.page != "" {
				a.Template("page", test.page)
			}
			a.Leave(test.message)
			header := a.Visit(http.MethodGet, page, test.header...).Header().Get("Flash-Messages")
			if test.want == "" {
				assert.Empty(t, header)
				return
			}
			assert.True(t, strings.HasPrefix(header, `{"printed":[`), header)
			assert.Contains(t, header, test.want)
		})
	}
}

// The page shows equal messages as one. The script must not miss the others.
func TestPageForALibraryWithEqualMessages(t *testing.T) {
	const page = "/orders/5"
	a := apptest.NewParts(t, flashgin.Config{})
	one, keyed := flashgin.Info("one").At(page), flashgin.Message{Text: "key", View: page}
	another := keyed
	keyed.Key, another.Key = "1", "2"
	a.Leave(one, keyed, one, flashgin.Error("one").At(page), another)
	answer := a.Visit(http.MethodGet, page, "X-Turbo-Request-Id", "1")
	header, body := answer.Header().Get("Flash-Messages"), answer.Body.String()
	assert.Equal(t, 2, strings.Count(header, `"text":"one"`), "with two statuses")
	assert.Equal(t, 2, strings.Count(header, `"text":"key"`))
	for _, id := range regexp.MustCompile(`"id":"([^"]*)"`).FindAllStringSubmatch(header, -1) {
		assert.Contains(t, body, `id="flash-`+id[1]+`"`)
	}
}
