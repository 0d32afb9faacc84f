package pages_test

import (
	"html/template"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// The ready-made markup has each field of a message, escaped for the place where it is printed.
func TestReadyMadeMarkup(t *testing.T) {
	for _, test := range []struct {
		name    string
		message flashgin.Message
		want    []string
		not     []string
	}{
		{"text", flashgin.Success("saved"), []string{`data-status="success"`, ">saved<"}, nil},
		{"no status is info", flashgin.Message{Text: "news"}, []string{`data-status="info"`}, nil},
		{"a status of your own", flashgin.Message{Status: `odd" onclick="x`, Text: "odd"},
			[]string{`data-status="odd&#34; onclick=&#34;x"`}, []string{`onclick="`}},
		{"title", flashgin.Message{Title: "Disk <full>", Text: "Remove something."},
			[]string{"Disk &lt;full&gt;", "Remove something."}, []string{"<full>"}},
		{"text is escaped", flashgin.Info(hostile), []string{"&lt;/script&gt;&lt;img "},
			[]string{"<img", "</script>"}},
		{"HTML as it is, instead of the text",
			flashgin.Message{Text: "plain", HTML: "<b>bold</b> & so on"},
			[]string{"<b>bold</b> & so on"}, []string{">plain<"}},
		{"link",
			flashgin.Message{Text: "sent",
				Link: &flashgin.Link{Label: "View <order>", URL: "/orders/7?a=b&c=d"}},
			[]string{`href="/orders/7?a=b&amp;c=d"`, "View &lt;order&gt;"}, nil},
		{"link that would run a script",
			flashgin.Message{Text: "sent",
				Link: &flashgin.Link{Label: "View", URL: "javascript:alert(1)"}},
			[]string{`href="#ZgotmplZ"`}, []string{"javascript:"}},
		{"link that breaks out",
			flashgin.Message{Text: "sent",
				Link: &flashgin.Link{Label: "View", URL: `/"><img src=x>`}},
			nil, []string{"<img"}},
		{"given ID", flashgin.Message{Text: "sent", ID: `7" onclick="x`},
			[]string{`id="flash-7&#34; onclick=&#34;x"`}, []string{`onclick="`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.Board(`{{flashes}}`)
			a.Leave(test.message)
			got := a.Shown("/")
			for _, want := range test.want {
				assert.Contains(t, got, want)
			}
			for _, not := range test.not {
				assert.NotContains(t, got, not)
			}
			assert.Equal(t, 1, strings.Count(got, "<li"), got)
			assert.NotContains(t, a.Shown("/"), "<li", "shown once")
		})
	}
}

// An application's template "flashgin/messages" is a template like any other.
func TestMarkupOfTheApplication(t *testing.T) {
	for _, test := range []struct{ name, templates, want string }{
		{"dot is the Messages", `{{len .}}{{range .ByStatus "error"}}[{{.Text}}]{{end}}`,
			"2[full]"},
		{"escapes", `{{range .}}{{.HTML}}{{.Title}}{{end}}`, "<b>1</b>&lt;b&gt;2&lt;/b&gt;"},
		{"uses other templates",
			`{{range .}}{{template "one" .}}{{end}}{{end}}{{define "one"}}({{.Text}})`,
			"(saved)(full)"},
		{"empty", ``, ""},
		// What it calls for itself is the list, never its own markup again.
		{"calls flashes", `{{range flashes}}[{{.Text}}]{{end}}`, "[saved][full]"},
		{"prints flashes", `<p>{{flashes}}</p>`, "<p>saved\n&lt;b&gt;2&lt;/b&gt;: full</p>"},
		{"prints flashes through another template",
			`<p>{{template "other" .}}</p>{{end}}{{define "other"}}{{flashes}}`,
			"<p>saved\n&lt;b&gt;2&lt;/b&gt;: full</p>"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.Board(`page {{flashes}}{{define "flashgin/messages"}}` + test.templates + `{{end}}`)
			a.Leave(flashgin.Message{Status: "success", Text: "saved", HTML: "<b>1</b>"},
				flashgin.Message{Status: "error", Text: "full", Title: "<b>2</b>"})
			assert.Equal(t, "page "+test.want, a.Shown("/"))
			assert.Empty(t, a.Left())
		})
	}
}

// If the application's template fails, so does the page, and the messages keep waiting.
func TestMarkupOfTheApplicationFails(t *testing.T) {
	a := apptest.NewBoard(t)
	a.Board(
		`half a page{{flashes}}{{define "flashgin/messages"}}{{range .}}{{.Nonsense}}{{end}}{{end}}`)
	assert.Equal(t, "half a page", a.Shown("/"))
	a.Leave(flashgin.Success("saved"))
	answer := a.Visit(http.MethodGet, "/")
	assert.Equal(t, http.StatusInternalServerError, answer.Code)
	assert.Empty(t, answer.Body.String())
	assert.Equal(t, "[saved]", a.Left())
}

// A template may be associated with a set before it has a text.
func TestMarkupThatWasNeverParsed(t *testing.T) {
	a := apptest.NewBoard(t)
	set := template.Must(template.New("page").Funcs(a.FuncMap).Parse(`{{flashes}}`))
	set.New("flashgin/messages")
	a.SetHTMLTemplate(set)
	a.GET("/", apptest.Page)
	a.Leave(flashgin.Success("saved"))
	assert.Contains(t, a.Shown("/"), ">saved<")
}

// What is there once a page is printed by its first {{flashes}}, and what a page without messages
// has is the same for all.
func TestMarkupOfPages(t *testing.T) {
	a := apptest.NewMounted(t, flashgin.Config{})
	a.Template("page", `{{flashes}}|{{flashes}}`)
	a.GET("/", apptest.Page)
	a.GET("/one",
		apptest.Add(t, apptest.Page, flashgin.Message{Text: "saved", AutoClose: true, Key: "k"}))
	a.GET("/stays", apptest.Add(t, apptest.Page,
		flashgin.Message{Text: "saved", AutoClose: true,
			Link: &flashgin.Link{Label: "View", URL: "/"}},
		flashgin.Message{Status: flashgin.StatusError, Text: "full", AutoClose: true},
		flashgin.Message{Status: flashgin.StatusWarning, Text: "full", AutoClose: true}))
	v := a.Visitor()
	for range 2 { // the second time from memory
		first, second, _ := strings.Cut(v.Get("/"), "|")
		for _, live := range []string{"polite", "assertive"} {
			voice := `<div class="flash__hidden" aria-live="` + live +
				`" aria-atomic="false"></div>`
			assert.Equal(t, 1, strings.Count(first, voice))
			assert.NotContains(t, second, voice, "a page has one of each")
		}
		assert.Equal(t, 4, strings.Count(first, " data-status="), "one blank of each status")
		assert.NotContains(t, first, ` id="`)
		assert.NotContains(t, first, "data-pull")
		assert.NotContains(t, second, "<template>")
	}
	first, second, _ := strings.Cut(v.Get("/one"), "|")
	assert.Contains(t, first, `aria-label="Messages"`)
	assert.Contains(t, second, `aria-label="Messages 2"`)
	assert.Contains(t, first, ` data-key="k" data-autoclose data-turbo-temporary>`)
	assert.NotContains(t, v.Get("/stays"), "data-autoclose")
}

// Each look has its own classes. Those of our style sheet are in no other.
func TestLooks(t *testing.T) {
	for look, want := range map[flashgin.Look][]string{
		flashgin.LookPlain: {`class="flash__item"`, `class="flash__hidden" aria-live="polite"`},
		flashgin.LookBootstrap: {`alert-danger"`, `alert-info"`,
			`class="visually-hidden" aria-live="polite"`, `class="btn-close d-print-none"`},
		flashgin.LookTailwind: {` bg-red-50 `, ` bg-blue-50 `,
			`class="sr-only" aria-live="polite"`},
	} {
		a := apptest.NewMounted(t, flashgin.Config{Look: look})
		a.GET("/", apptest.Add(t, apptest.Page, flashgin.Error("full"),
			flashgin.Message{Status: "odd", Text: "odd"}))
		got, _, _ := strings.Cut(a.Visitor().Get("/"), "<template>")
		for _, part := range want {
			assert.Contains(t, got, part)
		}
		if look != flashgin.LookPlain {
			assert.NotContains(t, got, "flash__")
		}
		assert.NotContains(t, got, `class=""`)
	}
}
