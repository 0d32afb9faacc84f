package pages_test

import (
	"errors"
	"html/template"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin/render"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/pages"
)

// words is a list that pages print.
type words []string

func (w words) String() string { return strings.Join(w, "\n") }

// A site has one template set, whose {{flashes}} returns the words of the answer's header
// "Words".
type site struct {
	*pages.Renderer[words]
	live template.HTML // the live part
	done []error       // what became of its pages
}

func newSite(t *testing.T, text string) *site {
	t.Helper()
	s := new(site)
	unbound := template.FuncMap{
		pages.Flashes:     func(...any) (words, error) { return nil, nil },
		pages.PeekFlashes: func() words { return nil },
		pages.FlashAssets: func() string { return "" },
	}
	set := template.Must(template.New("page").Funcs(unbound).Parse(text))
	s.Renderer = pages.New(render.HTMLProduction{Template: set}, pages.Options[words]{
		Functions: s.functions,
		FuncMap: func(yours ...template.FuncMap) template.FuncMap {
			merged := maps.Clone(unbound)
			for _, funcs := range yours {
				maps.Copy(merged, funcs)
			}
			return merged
		},
		Warn: func(mistake string) { t.Error(mistake) },
	})
	return s
}

func (s *site) functions() pages.Functions[words] {
	var w http.ResponseWriter
	list := func(...any) (words, error) { return words(w.Header()["Words"]), nil }
	return pages.Functions[words]{
		Map:  template.FuncMap{pages.Flashes: list},
		Bind: func(answer http.ResponseWriter) { w = answer },
		List: list,
		Markup: func(list words, nth int) (template.HTML, error) {
			return template.HTML(strings.Repeat("<hr>", nth) +
				template.HTMLEscapeString(list.String())), nil
		},
		Live: func() (template.HTML, error) { return s.live, nil },
		Done: func(answer http.ResponseWriter, err error) {
			if answer != w {
				err = errors.New("another answer than Bind was given")
			}
			w, s.done = nil, append(s.done, err)
		},
	}
}

// page renders the page for an answer with these words.
func (s *site) page(list ...string) (body string, status int, err error) {
	w := httptest.NewRecorder()
	w.Header()["Words"] = list
	err = s.Instance("page", nil).Render(w)
	return w.Body.String(), w.Code, err
}

// A bare print is markup, which only text between tags takes as it is. Clones render more than
// one page: the second page is like the first.
func TestBarePrintOutsideOfText(t *testing.T) {
	for _, test := range []struct{ name, page, want string }{
		{"text", `<div>{{flashes}}</div>`, `<div><b>1 &lt;2&gt;</b></div>`},
		{"filtered text", `<div>{{flashes "info"}}</div>`, `<div><b>1 &lt;2&gt;</b></div>`},
		{"attribute", `<div title="{{flashes}}">`, `<div title="1 &lt;2&gt;">`},
		{"attribute without quotes", `<div title={{flashes}}>`, `<div title=1&#32;&lt;2&gt;>`},
		{"textarea", `<textarea>{{flashes}}</textarea>`,
			`<textarea>&lt;b&gt;1 &lt;2&gt;&lt;/b&gt;</textarea>`},
		{"script", `<script>a = {{flashes}}</script>`,
			`<script>a = "\u003cb\u003e1 \u0026lt;2\u0026gt;\u003c/b\u003e"</script>`},
		{"string in a script", `<script>a = "{{flashes}}"</script>`,
			`<script>a = "\u003cb\u003e1 \u0026lt;2\u0026gt;\u003c\/b\u003e"</script>`},
		{"URL", `<a href="/?q={{flashes}}">`,
			`<a href="/?q=%3cb%3e1%20%26lt%3b2%26gt%3b%3c%2fb%3e">`},
		{"style", `<style>a{color:{{flashes}}}</style>`, `<style>a{color:ZgotmplZ}</style>`},
		{"comment", `<p><!-- {{flashes}} --></p>`, `<p></p>`},
		{"text and attribute by one sub-template",
			`{{define "both"}}{{flashes}}{{end}}` +
				`<p title="{{template "both"}}">{{template "both"}}</p>`,
			`<p title="1 &lt;2&gt;"><b>1 &lt;2&gt;</b></p>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, test.page+
				`{{define "flashgin/messages"}}{{range .}}<b>{{.}}</b>{{end}}{{end}}`)
			for range 3 {
				got, status, err := s.page("1 <2>")
				require.NoError(t, err)
				assert.Equal(t, http.StatusOK, status)
				assert.Equal(t, test.want, got)
			}
			assert.Equal(t, []error{nil, nil, nil}, s.done)
		})
	}
}

// The first bare print of a page has the live part, whoever made the markup. In code, flashes is
// the list.
func TestBarePrintsOfOnePage(t *testing.T) {
	s := newSite(t, `{{flashes}}|{{flashes "info"}}|{{range flashes}}[{{.}}]{{end}}`)
	for range 2 {
		got, _, err := s.page("a", "<b>")
		require.NoError(t, err)
		assert.Equal(t, "<hr>a\n&lt;b&gt;|<hr><hr>a\n&lt;b&gt;|[a][&lt;b&gt;]", got)
	}
	s = newSite(t, `{{flashes}}|{{flashes}}{{define "flashgin/messages"}}{{len .}}{{end}}`)
	s.live = "<live>"
	got, _, err := s.page("a", "b")
	require.NoError(t, err)
	assert.Equal(t, "2<live>|2", got)
}

// A page that fails writes nothing, and its clone never serves again.
func TestFailedPageIsNotWritten(t *testing.T) {
	s := newSite(t, `half{{range flashes}}{{index . 7}}{{end}}`)
	got, status, err := s.page("short")
	require.Error(t, err)
	assert.Empty(t, got)
	assert.Equal(t, http.StatusInternalServerError, status)
	got, status, err = s.page("ooooooooo")
	require.NoError(t, err)
	assert.Equal(t, "half111", got)
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, []error{err}, s.done[1:])
	assert.Error(t, s.done[0])
}

// What the templates use is known before the first page. Sets that do not name the functions are
// left to the renderer that was wrapped.
func TestUseOfTemplates(t *testing.T) {
	own := `{{define "flashgin/messages"}}{{end}}`
	assert.Equal(t, pages.Use{Bare: true}, newSite(t, `<p>{{flashes}}`).Use())
	assert.Equal(t, pages.Use{Own: true}, newSite(t, `{{range flashes}}{{end}}`+own).Use())
	assert.Equal(t, pages.Use{}, newSite(t, `{{range flashes}}{{end}}`).Use())
	assert.IsType(t, render.HTML{}, newSite(t, `no {{len "name"}}`).Instance("page", nil))
	assert.NotEqual(t, render.HTML{}, newSite(t, `{{flashAssets}}`).Instance("page", nil))
}
