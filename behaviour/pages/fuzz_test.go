package pages_test

import (
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
	rewriting "github.com/flashgin/flashgin/internal/pages"
)

// A template is rewritten so that a bare {{flashes}} prints markup. Whatever a template says:
// nothing panics; where no print is bare, the page is what html/template alone would make of it; a
// clone that serves again makes the same page; and the text of a message is never markup.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		`<p>{{flashes}}</p>`, `{{flashes "info"}}`, `<p title="{{flashes}}">`,
		`<script>a = {{flashes}}</script>`,
		`<script>a = "{{flashes}}"; b = {{peekFlashes}}</script>`, `<a href="/?q={{flashes}}">`,
		`<style>a{color:{{flashes}}}</style>`, `<!-- {{flashes}} -->`,
		`<textarea>{{flashes}}</textarea>`,
		`{{range flashes}}<p class="{{.Status}}">{{.Title}}{{.Text}}</p>{{else}}none{{end}}`,
		`{{with flashes "error" "info"}}{{len .}}{{range .}}{{.Text}}{{end}}{{end}}`,
		`{{if flashes}}{{len flashes}}{{end}}{{len peekFlashes}}`,
		`{{$list := flashes}}{{range $i, $m := $list}}{{$i}}{{$m.Text}}{{break}}{{end}}`,
		`{{define "a"}}{{flashes}}{{end}}<p title="{{template "a"}}">{{template "a" .}}</p>`,
		`{{block "a" flashes}}{{.}}{{end}}`,
		`{{flashes | len}}{{flashes | print}}{{(flashes)}}{{(index flashes 0).Text}}{{print (flashes).JSON}}`,
		`{{flashes | html}}`, `{{flashes}}{{flashes}}`,
		`{{define "flashgin/messages"}}{{range .}}<b>{{.Text}}</b>{{end}}{{flashes}}{{end}}{{flashes}}`,
		`{{flashAssets "nonce"}}{{flashAssets}}`, `{{.Name}}{{range .List}}{{.}}{{end}}`,
		`{{template "missing"}}`, `{{flashes 1}}`, `{{"flashes"}}{{.flashes}}{{/* flashes */}}`,
		`<p>{{- flashes -}} </p>`, `{{define "page"}}{{end}}`, "{{`",
		`{{if 1}}{{with $x := 2}}{{$x}}{{end}}{{end}}`, "<script>`${ {{flashes}} }`</script>",
		`<a href="{{flashes}}" onclick="f({{flashes}})">`,
		`{{range $m := flashes}}{{$m.Text}}{{continue}}{{end}}`, `{{break}}`,
		`{{html flashes}}{{js .Name}}{{urlquery .Name}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, err := template.New("page").Funcs(flashgin.FuncMap()).Parse(text)
		if err != nil || endlessTemplate(text) {
			return
		}
		var use rewriting.Use
		use.Add(set)
		bare := use.Bare
		var want string
		var wantErr error
		if !bare {
			want, wantErr = renderAlone(t, set)
		}
		page := templatePage(t, set)
		for i := range 3 {
			got, err := page()
			if bare && i == 0 {
				want, wantErr = got, err
			}
			if (err != nil) != (wantErr != nil) || err == nil && got != want {
				t.Fatalf("page %d is %q, %v, not %q, %v", i, got, err, want, wantErr)
			}
			if strings.Contains(got, fuzzMessage.Text) && !strings.Contains(text, "markup") {
				t.Fatalf("the text of a message is markup in %q", got)
			}
		}
	})
}

var (
	fuzzMessage = flashgin.Message{
		View: "/", ID: "1", Status: flashgin.StatusInfo, Title: "title", Text: `<markup>'"&`,
		Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
	fuzzData = struct {
		Name string
		List []int
	}{"<name>", []int{1, 2}}
)

// templatePage returns a function that renders a clone of set, for a session for which the message
// waits.
func templatePage(t *testing.T, set *template.Template) func() (string, error) {
	sessions := 0
	session := func(*gin.Context) (string, error) { return strconv.Itoa(sessions), nil }
	store := new(flashgin.MemoryStore)
	m, err := flashgin.New(flashgin.Config{
		Store: store, SessionKey: session, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	clone, err := set.Clone()
	if err != nil {
		t.Fatal(err)
	}
	engine := gin.New(m.Install)
	engine.SetHTMLTemplate(clone)
	var failed error
	engine.GET("/", func(c *gin.Context) {
		c.HTML(http.StatusOK, "page", fuzzData)
		failed = nil
		if err := c.Errors.Last(); err != nil {
			failed = err
		}
	})
	return func() (string, error) {
		sessions++
		if err := store.Add(t.Context(), strconv.Itoa(sessions), fuzzMessage); err != nil {
			t.Fatal(err)
		}
		answer := httptest.NewRecorder()
		engine.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/", nil))
		return answer.Body.String(), failed
	}
}

// renderAlone is what html/template makes of set with functions that return the message.
func renderAlone(t *testing.T, set *template.Template) (string, error) {
	alone, err := set.Clone()
	if err != nil {
		t.Fatal(err)
	}
	list := func(filter ...any) (flashgin.Messages, error) {
		var statuses []flashgin.Status
		for _, arg := range filter {
			status := reflect.ValueOf(arg)
			if status.Kind() != reflect.String {
				return nil, fmt.Errorf("%T is no status", arg)
			}
			statuses = append(statuses, flashgin.Status(status.String()))
		}
		return flashgin.Messages{fuzzMessage}.ByStatus(statuses...), nil
	}
	alone.Funcs(template.FuncMap{rewriting.Flashes: list, rewriting.PeekFlashes: list})
	var page strings.Builder
	err = alone.ExecuteTemplate(&page, "page", fuzzData)
	return page.String(), err
}

// large matches numbers above 100, however they are written, and some others.
var large = regexp.MustCompile(`\d{3}|\d[_xXbBoOeEpP]|'`)

// endlessTemplate reports whether a template might print for a long time.
func endlessTemplate(text string) bool {
	return strings.Contains(text, "printf") || strings.Count(text, "range") > 3 ||
		strings.Count(text, "template") > 3 || large.MatchString(text)
}
