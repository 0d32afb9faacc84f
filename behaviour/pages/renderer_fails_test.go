package pages_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"html/template"
	"io"
	"iter"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/render"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

var errTemplate = errors.New("no such thing")

// Whatever fails in a template, the answer is a 500 without a body, and the messages keep waiting.
func TestTemplateFails(t *testing.T) {
	for _, test := range []struct{ name, page, want string }{
		{"a function's error", `half{{flashes}}{{fail}}`, "no such thing"},
		{"a function's panic", `half{{flashes}}{{boom}}`, "boom"},
		{"a missing field", `half{{flashes}}{{.Seven.Nothing}}`, "can't evaluate field Nothing"},
		{"an unknown sub-template", `half{{flashes}}{{template "unknown"}}`, `"unknown"`},
		{"what cannot be escaped", `half{{flashes}}<a href='{{if .Seven}}"{{end}}>`,
			"ends in a non-text context"},
		{"before the messages", `half{{fail}}{{flashes}}`, "no such thing"},
		{"in a loop over them", `half{{range flashes}}{{fail}}{{end}}`, "no such thing"},
		{"without end",
			`half{{flashes}}{{define "again"}}{{template "again"}}{{end}}{{template "again"}}`,
			"exceeded maximum template depth"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			var errs []*gin.Error
			broken := true
			a.Use(func(c *gin.Context) { c.Next(); errs = c.Errors })
			a.SetFuncMap(flashgin.FuncMap(template.FuncMap{
				"fail": func() (string, error) { return "", errTemplate },
				"boom": func() string { panic("boom") },
			}))
			a.SetHTMLTemplate(template.Must(template.New("page").Funcs(a.FuncMap).Parse(
				test.page + `{{define "good"}}{{range flashes}}[{{.Text}}]{{end}}{{end}}`)))
			a.GET("/", func(c *gin.Context) {
				c.Header("X-Handler", "was here")
				name := "good"
				if broken {
					name = "page"
				}
				c.HTML(http.StatusCreated, name, gin.H{"Seven": 7})
			})
			a.Leave(flashgin.Success("saved"))
			for range 2 { // the second page finds what the first has left behind
				answer := a.Visit(http.MethodGet, "/")
				assert.Equal(t, http.StatusInternalServerError, answer.Code)
				assert.Empty(t, answer.Body.String())
				assert.Empty(t, answer.Header().Get("Content-Type"))
				assert.Equal(t, "was here", answer.Header().Get("X-Handler"))
				require.Len(t, errs, 1)
				assert.ErrorContains(t, errs[0], test.want)
				assert.Equal(t, "[saved]", a.Left())
			}
			broken = false
			assert.Equal(t, "[saved]", a.Shown("/"))
			assert.Empty(t, a.Left())
			assert.Empty(t, a.Failures.String())
		})
	}
}

// What a handler added for the page that failed waits as well, also if its session is new.
func TestTemplateFailsWithAMessageOfItsOwn(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.SetHTMLTemplate(template.Must(template.New("bad").Funcs(a.FuncMap).Parse(
		`half{{flashes}}{{.Nothing.At.All}}{{define "page"}}{{range flashes}}[{{.Text}}]{{end}}{{end}}`)))
	a.GET("/bad", apptest.Add(t, func(c *gin.Context) { c.HTML(http.StatusOK, "bad", 7) },
		flashgin.Success("own").At(flashgin.Anywhere)))
	a.GET("/page", apptest.Page)
	b := a.Browser()
	answer := b.Do(http.MethodGet, "/bad")
	assert.Equal(t, http.StatusInternalServerError, answer.StatusCode)
	assert.Equal(t, 1, answer.CookieCount())
	assert.Equal(t, "[own]", b.Get("/page"))
	assert.Empty(t, a.Failures.String())
}

// A middleware may answer with a page of its own where the handler's failed, and that one shows the
// messages.
func TestErrorPageShowsTheMessages(t *testing.T) {
	a := apptest.NewBoard(t)
	a.SetHTMLTemplate(template.Must(template.New("page").Funcs(a.FuncMap).Parse(
		`half{{flashes}}{{.Nothing.At.All}}{{define "error"}}sorry{{range flashes}}[{{.Text}}]{{end}}{{end}}`)))
	a.Use(func(c *gin.Context) {
		c.Next()
		if len(c.Errors) > 0 && !c.Writer.Written() {
			c.HTML(http.StatusInternalServerError, "error", nil)
		}
	})
	a.GET("/", apptest.Add(t, func(c *gin.Context) { c.HTML(http.StatusOK, "page", 7) },
		flashgin.Error("own")))
	a.Leave(flashgin.Success("saved"))
	answer := a.Visit(http.MethodGet, "/")
	assert.Equal(t, http.StatusInternalServerError, answer.Code)
	assert.Equal(t, "sorry[saved][own]", answer.Body.String())
	assert.Equal(t, "text/html; charset=utf-8", answer.Header().Get("Content-Type"))
	assert.Empty(t, a.Left("/"))
}

// counting counts the calls by which a page is written.
type counting struct {
	gin.ResponseWriter
	writes *int
}

func (w counting) Write(data []byte) (int, error) {
	*w.writes++
	return w.ResponseWriter.Write(data)
}

// A page is written in one piece, with the status and the headers of its handler.
func TestPageIsWrittenAtOnce(t *testing.T) {
	a := apptest.NewBoard(t)
	writes := 0
	a.Use(func(c *gin.Context) { c.Writer = counting{c.Writer, &writes} })
	a.Template("page", `{{range .}}<p>{{.}}</p>{{end}}{{range flashes}}{{.Text}}{{end}}`)
	a.GET("/", func(c *gin.Context) {
		c.Header("X-Handler", "was here")
		c.HTML(http.StatusTeapot, "page", make([]int, 10_000))
	})
	a.GET("/xhtml", func(c *gin.Context) {
		c.Header("Content-Type", "application/xhtml+xml")
		c.HTML(http.StatusOK, "page", nil)
	})
	a.GET("/nothing", func(c *gin.Context) { c.HTML(http.StatusNoContent, "page", nil) })

	answer := a.Visit(http.MethodGet, "/")
	assert.Equal(t, 1, writes)
	assert.Equal(t, http.StatusTeapot, answer.Code)
	assert.Equal(t, 10_000*len("<p>0</p>"), answer.Body.Len())
	assert.Equal(t, "text/html; charset=utf-8", answer.Header().Get("Content-Type"))
	assert.Equal(t, "was here", answer.Header().Get("X-Handler"))
	assert.Equal(t, "application/xhtml+xml",
		a.Visit(http.MethodGet, "/xhtml").Header().Get("Content-Type"))

	a.Leave(flashgin.Success("saved"))
	assert.Empty(t, a.Shown("/nothing"), "Gin renders no page with this status")
	assert.Equal(t, "[saved]", a.Left())
}

// A template function may render another page of the same set.
func TestPageWithinAPage(t *testing.T) {
	a := apptest.NewBoard(t)
	a.SetFuncMap(flashgin.FuncMap(template.FuncMap{
		"inner": func(c *gin.Context) (template.HTML, error) {
			w := &inner{ResponseWriter: c.Writer}
			err := a.HTMLRender.Instance("inner", nil).Render(w)
			return template.HTML(w.String()), err
		},
	}))
	a.SetHTMLTemplate(template.Must(template.New("page").Funcs(a.FuncMap).Parse(
		`{{len flashes}}{{inner .}}{{len flashes}}{{define "inner"}}<i>{{range flashes}}{{.Text}}{{end}}</i>{{end}}`)))
	a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", c) })
	a.Leave(flashgin.Success("saved"))
	assert.Equal(t, "1<i>saved</i>1", a.Shown("/"))
	assert.Equal(t, "0<i></i>0", a.Shown("/"))
}

// inner takes down what is written.
type inner struct {
	gin.ResponseWriter
	strings.Builder
}

func (w *inner) Write(data []byte) (int, error)       { return w.Builder.Write(data) }
func (w *inner) WriteString(text string) (int, error) { return w.Builder.WriteString(text) }

// Where the template, or what it is written to, panics, the message of a visitor without a session
// key waits as well.
func TestTemplatePanics(t *testing.T) {
	a := apptest.NewAppBehind(t, flashgin.Config{}, gin.CustomRecoveryWithWriter(io.Discard,
		func(c *gin.Context, _ any) { c.AbortWithStatus(http.StatusInternalServerError) }))
	a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}{{range .}}{{.}}{{end}}`)
	broken := true
	a.GET("/", func(c *gin.Context) {
		if !broken {
			c.HTML(http.StatusOK, "page", nil)
			return
		}
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("saved")))
		// html/template does not recover what an iterator panics with.
		c.HTML(http.StatusOK, "page", iter.Seq[string](func(func(string) bool) { panic("boom") }))
	})
	v := a.Visitor()
	assert.Equal(t, http.StatusInternalServerError, v.Do(http.MethodGet, "/").Code)
	broken = false
	assert.Equal(t, "[saved]", v.Get("/"))
	assert.Empty(t, v.Get("/"))
}

// silentPage keeps a page until somebody decides what is sent. As most hand-written middleware, it
// does not tell what it keeps.
type silentPage struct {
	gin.ResponseWriter
	body   strings.Builder
	status int
}

func (w *silentPage) WriteHeader(status int)               { w.status = status }
func (w *silentPage) WriteHeaderNow()                      {}
func (w *silentPage) Write(data []byte) (int, error)       { return w.body.Write(data) }
func (w *silentPage) WriteString(text string) (int, error) { return w.body.WriteString(text) }

// keptPage tells what it keeps.
type keptPage struct{ silentPage }

func (w *keptPage) Status() int   { return w.status }
func (w *keptPage) Written() bool { return w.body.Len() > 0 }
func (w *keptPage) Size() int     { return w.body.Len() }

// Middleware keeps the page until its transaction is committed, and replaces it if that fails. The
// message of a visitor without a session key waits then.
func TestPageThatATransactionReplaces(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	broken := true
	a.Use(func(c *gin.Context) {
		w := &keptPage{silentPage{ResponseWriter: c.Writer, status: http.StatusOK}}
		c.Writer = w
		c.Next()
		c.Writer = w.ResponseWriter
		if broken {
			c.String(http.StatusInternalServerError, "not committed")
			return
		}
		c.String(w.status, "%s", w.body.String())
	})
	a.GET("/", func(c *gin.Context) {
		if broken {
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("saved")))
		}
		c.HTML(http.StatusOK, "page", nil)
	})
	v := a.Visitor()
	assert.Equal(t, "not committed", v.Get("/"))
	broken = false
	assert.Equal(t, "[saved]", v.Get("/"))
	assert.Empty(t, v.Get("/"))
	assert.Empty(t, a.Failures.String())
}

// The status of a page that middleware keeps may not be known before it leaves. The page has shown
// its messages if they are in what leaves, and has not if another answer has taken its place.
func TestPageWhoseStatusIsKept(t *testing.T) {
	for name, test := range map[string]struct {
		status   int
		packed   bool
		replaced bool
	}{
		"page":                {http.StatusOK, false, false},
		"form":                {http.StatusUnprocessableEntity, false, false},
		"form, packed":        {http.StatusUnprocessableEntity, true, false},
		"page, then conflict": {http.StatusOK, false, true},
		"form, then conflict": {http.StatusUnprocessableEntity, false, true},
	} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", visitor has a key: ", known), func(t *testing.T) {
				a := apptest.NewApp(t, flashgin.Config{})
				a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
				a.GET("/add", apptest.Add(t, apptest.Status(http.StatusOK),
					flashgin.Info("waits").At("/kept")))
				a.GET("/kept", apptest.Page)
				a.POST("/kept", func(c *gin.Context) {
					w := &silentPage{ResponseWriter: c.Writer}
					c.Writer = w
					assert.NoError(t, flashgin.AddFlash(c, flashgin.Error("wrong")))
					c.HTML(test.status, "page", nil)
					c.Writer = w.ResponseWriter
					switch body := w.body.String(); {
					case test.replaced:
						c.String(http.StatusConflict, "conflict")
					case test.packed:
						c.Header("Content-Encoding", "gzip")
						packed := gzip.NewWriter(c.Writer)
						c.Status(w.status)
						_, _ = io.WriteString(packed, body)
						assert.NoError(t, packed.Close())
					default:
						c.String(w.status, "%s", body)
					}
				})
				v, messages, want := a.Visitor(), "[wrong]", ""
				if known {
					messages = "[waits][wrong]"
					v.Get("/add")
				}
				answer := v.Post("/kept")
				if test.replaced {
					assert.Equal(t, "conflict", answer.Body.String())
					want = messages
				} else if assert.Equal(t, test.status, answer.Code); !test.packed {
					assert.Equal(t, messages, answer.Body.String())
				}
				assert.Equal(t, want, v.Get("/kept"))
				assert.Empty(t, v.Get("/kept"))
				assert.Empty(t, a.Failures.String())
			})
		}
	}
}

// reparses parses a set for each page, which has a function that names the set.
type reparses struct{ page string }

func (r reparses) Instance(name string, data any) render.Render {
	set := template.New("")
	include := func(name string) (template.HTML, error) {
		var part strings.Builder
		err := set.ExecuteTemplate(&part, name, nil)
		return template.HTML(part.String()), err
	}
	functions := flashgin.FuncMap(template.FuncMap{"include": include})
	template.Must(set.Funcs(functions).Parse(r.page))
	return render.HTML{Template: set, Name: name, Data: data}
}

func TestSetsThatAreParsedForEachPageAreFreed(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	part := `{{define "part"}}` + strings.Repeat("<p>part</p>{{.}}", 200) + `{{end}}`
	a.HTMLRender = reparses{`{{define "page"}}{{flashes}}{{include "part"}}{{end}}` + part}
	a.GET("/", apptest.Page)
	kilobytes := func(pages int) int {
		for range pages {
			a.Visit(http.MethodGet, "/")
		}
		runtime.GC()
		runtime.GC() // a sync.Pool keeps things until the second
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		return int(memory.HeapAlloc >> 10)
	}
	first := kilobytes(100)
	more := kilobytes(300) - first
	t.Logf("%d KB after 100 pages, %d KB more after another 300", first, more)
	assert.Less(t, more, first/2)
}
