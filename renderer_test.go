package flashgin_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	gzipped "github.com/gin-contrib/gzip"
	"github.com/gin-contrib/multitemplate"
	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/render"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// inMode runs the rest of the test in a mode of Gin's, which is global: such a test must not be parallel.
func inMode(t *testing.T, mode string) {
	t.Helper()
	was, out := gin.Mode(), gin.DefaultWriter
	gin.DefaultWriter = io.Discard // debug mode talks
	gin.SetMode(mode)
	t.Cleanup(func() {
		gin.SetMode(was)
		gin.DefaultWriter = out
	})
}

var modes = []string{gin.DebugMode, gin.ReleaseMode}

// loader is a way to give an engine its templates, from the files of dir. The page is called "page.html".
type loader struct {
	name string
	load func(engine *gin.Engine, dir string)
}

// oneByOne serves no two pages at once: multitemplate writes to the set for each.
const oneByOne = "multitemplate dynamic, ready-made set"

var loaders = []loader{
	{"LoadHTMLGlob", func(engine *gin.Engine, dir string) { engine.LoadHTMLGlob(filepath.Join(dir, "*.html")) }},
	{"LoadHTMLFiles", func(engine *gin.Engine, dir string) { engine.LoadHTMLFiles(files(dir)...) }},
	{"LoadHTMLFS", func(engine *gin.Engine, dir string) { engine.LoadHTMLFS(http.Dir(dir), "*.html") }},
	{"SetHTMLTemplate", func(engine *gin.Engine, dir string) {
		engine.SetHTMLTemplate(template.Must(template.New("").Funcs(engine.FuncMap).ParseFiles(files(dir)...)))
	}},
	{"multitemplate static", func(engine *gin.Engine, dir string) {
		renderer := multitemplate.New()
		renderer.AddFromFilesFuncs("page.html", flashgin.FuncMap(), files(dir)...)
		engine.HTMLRender = renderer
	}},
	{"multitemplate dynamic", func(engine *gin.Engine, dir string) {
		renderer := multitemplate.NewDynamic()
		renderer.AddFromFilesFuncs("page.html", flashgin.FuncMap(), files(dir)...)
		engine.HTMLRender = renderer
	}},
	{oneByOne, func(engine *gin.Engine, dir string) {
		renderer := multitemplate.NewDynamic()
		renderer.Add("page.html", template.Must(template.New("page.html").Funcs(flashgin.FuncMap()).ParseFiles(files(dir)...)))
		engine.HTMLRender = renderer
	}},
}

func files(dir string) []string {
	return []string{filepath.Join(dir, "page.html"), filepath.Join(dir, "top.html")}
}

// eachLoader runs a test for every loader in both modes.
func eachLoader(t *testing.T, test func(t *testing.T, name string, load func(*gin.Engine))) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"page.html": `<h1>{{.}}</h1>{{template "top.html"}}{{range flashes "error"}}({{.Text}}){{end}}<hr>`,
		"top.html":  `{{flashes}}{{define "flashgin/messages"}}<ul>{{range .}}<li>{{.Text}}</li>{{end}}</ul>{{end}}`,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for _, loader := range loaders {
		for _, mode := range modes {
			t.Run(loader.name+", "+mode, func(t *testing.T) {
				inMode(t, mode)
				test(t, loader.name, func(engine *gin.Engine) { loader.load(engine, dir) })
			})
		}
	}
}

// newSite is an application of which wire decides in what order it is put together; install is Messenger.Install.
func newSite(t *testing.T, log io.Writer, wire func(engine *gin.Engine, install gin.OptionFunc)) *app {
	t.Helper()
	failures := new(failures)
	messenger, err := flashgin.New(flashgin.Config{
		SessionKey: userOf, OnError: failures.add, Logger: slog.New(slog.NewTextHandler(log, nil)),
	})
	require.NoError(t, err)
	a := &app{Engine: gin.New(), t: t, messenger: messenger, failures: failures}
	wire(a.Engine, messenger.Install)
	return a
}

func whole(title, list, errors string) string {
	return fmt.Sprintf("<h1>%s</h1><ul>%s</ul>%s<hr>", title, list, errors)
}

func pageHTML(c *gin.Context) { c.HTML(http.StatusOK, "page.html", "title") }

func TestLoaders(t *testing.T) {
	for _, order := range []struct {
		name string
		wire func(engine *gin.Engine, install gin.OptionFunc, load func(*gin.Engine))
	}{
		{"install, load", func(engine *gin.Engine, install gin.OptionFunc, load func(*gin.Engine)) {
			engine.With(install)
			load(engine)
		}},
		{"load, install", func(engine *gin.Engine, install gin.OptionFunc, load func(*gin.Engine)) {
			engine.SetFuncMap(flashgin.FuncMap())
			load(engine)
			engine.With(install)
		}},
		{"install, load, install", func(engine *gin.Engine, install gin.OptionFunc, load func(*gin.Engine)) {
			engine.With(install)
			load(engine)
			engine.With(install)
		}},
		{"install, load, load again", func(engine *gin.Engine, install gin.OptionFunc, load func(*gin.Engine)) {
			engine.With(install)
			load(engine)
			load(engine)
		}},
	} {
		t.Run(order.name, func(t *testing.T) {
			eachLoader(t, func(t *testing.T, _ string, load func(*gin.Engine)) {
				var log lockedBuffer
				a := newSite(t, &log, func(engine *gin.Engine, install gin.OptionFunc) { order.wire(engine, install, load) })
				a.GET("/", pageHTML)
				for range 2 {
					assert.Equal(t, whole("title", "", ""), a.shown("/"))
					a.leave(flashgin.Success("saved"), flashgin.Error("full"))
					assert.Equal(t, whole("title", "<li>saved</li><li>full</li>", "(full)"), a.shown("/"))
				}
				assert.Empty(t, log.String())
			})
		})
	}
}

// No page ever shows another user's messages, however templates are loaded and whatever lies between the page and the writer.
func TestNobodySeesAnothersMessages(t *testing.T) {
	const users, pages = 8, 50
	eachLoader(t, func(t *testing.T, name string, load func(*gin.Engine)) {
		if name == oneByOne {
			return
		}
		for _, compress := range []bool{false, true} {
			a := newSite(t, io.Discard, func(engine *gin.Engine, install gin.OptionFunc) {
				engine.With(install)
				load(engine)
			})
			if compress {
				a.Use(gzipped.Gzip(gzipped.BestSpeed))
			}
			a.GET("/", pageHTML)
			var all sync.WaitGroup
			for user := range users {
				all.Go(func() {
					name := fmt.Sprintf("user%d", user)
					for i := range pages {
						text := fmt.Sprintf("%s-%d", name, i)
						assert.NoError(t, a.messenger.Add(context.Background(), name, flashgin.Error(text).At("/")))
						want := whole("title", "<li>"+text+"</li>", "("+text+")")
						if got := readBody(t, a.visit(http.MethodGet, "/", "User", name, "Accept-Encoding", "gzip")); got != want {
							t.Errorf("gzip %v: %s got %q, want %q", compress, name, got, want)
						}
					}
				})
			}
			all.Wait()
		}
	})
}

func readBody(t *testing.T, w *httptest.ResponseRecorder) string {
	var body io.Reader = w.Body
	if w.Header().Get("Content-Encoding") == "gzip" {
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			t.Errorf("gzip: %v", err)
			return ""
		}
		body = unzipped
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Errorf("body: %v", err)
	}
	return string(text)
}

// The first pages of a set that does not name our functions are Gin's own affair, also while others look at it.
func TestFirstPagesAtOnce(t *testing.T) {
	for _, text := range []string{`<p title="{{.}}">{{.}}</p>`, `<p title="{{.}}">{{.}}</p>{{if flashes}}{{end}}`} {
		for range 20 {
			a := newBoard(t)
			// It takes a while to look through a large set.
			a.template("page", text+strings.Repeat(`{{if .Nothing}}<p title="{{.}}">{{.}}</p>{{end}}`, 500))
			a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", first{}) })
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { assert.Equal(t, `<p title="a">a</p>`, a.shown("/")) })
			}
			all.Wait()
		}
	}
}

type first struct{}

func (first) Nothing() bool  { return false }
func (first) String() string { return "a" }

// The ways to put an engine together, by the order of the calls.
func TestOrderOfCalls(t *testing.T) {
	const text = `[{{range flashes}}{{.Text}}{{end}}]`
	dir := t.TempDir()
	glob := filepath.Join(dir, "*.html")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "page.html"), []byte(`{{upper "up"}}`+text), 0o600))
	mine := func() template.FuncMap { return template.FuncMap{"upper": strings.ToUpper} }
	for _, test := range []struct {
		name   string
		wire   func(engine *gin.Engine, install gin.OptionFunc)
		panics string // in release mode; debug mode may parse later
		debug  string
	}{
		{name: "SetFuncMap(FuncMap(mine)) after Install", wire: func(engine *gin.Engine, install gin.OptionFunc) {
			engine.With(install)
			engine.SetFuncMap(flashgin.FuncMap(mine()))
			engine.LoadHTMLGlob(glob)
		}},
		{name: "SetFuncMap(mine) before Install", wire: func(engine *gin.Engine, install gin.OptionFunc) {
			engine.SetFuncMap(mine())
			engine.With(install)
			engine.LoadHTMLGlob(glob)
		}},
		{name: "SetFuncMap(mine) after Install is a mistake, which shows at once", wire: func(engine *gin.Engine, install gin.OptionFunc) {
			engine.With(install)
			engine.SetFuncMap(mine())
			engine.LoadHTMLGlob(glob)
		}, panics: `function "flashes" not defined`, debug: `function "flashes" not defined`},
		{name: "files named, SetFuncMap(mine) and Install later", wire: func(engine *gin.Engine, install gin.OptionFunc) {
			engine.SetFuncMap(mine())
			engine.LoadHTMLFiles(filepath.Join(dir, "page.html"))
			engine.With(install)
		}, panics: `function "flashes" not defined`}, // debug mode parses when the functions are there
		{name: "SetFuncMap(nil) before Install", wire: func(engine *gin.Engine, install gin.OptionFunc) {
			engine.SetFuncMap(nil)
			engine.With(install)
			engine.FuncMap["upper"] = strings.ToUpper
			engine.LoadHTMLGlob(glob)
		}},
		{name: "a template with stubs of its own", wire: func(engine *gin.Engine, install gin.OptionFunc) {
			engine.With(install)
			stub := template.FuncMap{"upper": strings.ToUpper, "flashes": func(...string) []string { return []string{"stub"} }}
			engine.SetHTMLTemplate(template.Must(template.New("page.html").Funcs(stub).Parse(`{{upper "up"}}` + text)))
		}},
		{name: "a template with stubs of its own, before Install", wire: func(engine *gin.Engine, install gin.OptionFunc) {
			stub := template.FuncMap{"upper": strings.ToUpper, "flashes": func(...string) []string { return []string{"stub"} }}
			engine.SetHTMLTemplate(template.Must(template.New("page.html").Funcs(stub).Parse(`{{upper "up"}}` + text)))
			engine.With(install)
		}},
		{name: "release mode after loading", wire: func(engine *gin.Engine, install gin.OptionFunc) {
			engine.SetFuncMap(mine())
			engine.With(install)
			engine.LoadHTMLGlob(glob)
			gin.SetMode(gin.ReleaseMode)
		}},
		{name: "Delims before loading", wire: func(engine *gin.Engine, install gin.OptionFunc) {
			engine.Delims("<<", ">>")
			engine.With(install)
			engine.SetHTMLTemplate(template.Must(template.New("page.html").Delims("<<", ">>").Funcs(engine.FuncMap).Parse(
				`UP[<<range flashes>><<.Text>><<end>>]`)))
		}},
	} {
		for _, mode := range modes {
			t.Run(test.name+", "+mode, func(t *testing.T) {
				inMode(t, mode)
				var a *app
				wire := func() { a = newSite(t, io.Discard, test.wire) }
				panics := test.panics
				if mode == gin.DebugMode {
					panics = test.debug
				}
				if panics != "" {
					require.PanicsWithError(t, panicText(wire), wire)
					assert.Contains(t, panicText(wire), panics)
					return
				}
				wire()
				a.GET("/", pageHTML)
				a.leave(flashgin.Success("saved"))
				assert.Equal(t, "UP[saved]", a.shown("/"))
			})
		}
	}
}

func panicText(f func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	f()
	return ""
}

func TestYourFuncMapIsNotWrittenTo(t *testing.T) {
	for _, mode := range modes {
		inMode(t, mode)
		mine := template.FuncMap{"upper": strings.ToUpper}
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "page.html"), []byte(`{{upper "up"}}`), 0o600))
		a := newSite(t, io.Discard, func(engine *gin.Engine, install gin.OptionFunc) {
			engine.SetFuncMap(mine)
			engine.LoadHTMLFiles(filepath.Join(dir, "page.html"))
			engine.With(install)
		})
		a.GET("/", pageHTML)
		require.Equal(t, "UP", a.shown("/"))
		assert.Len(t, mine, 1)
		assert.Contains(t, a.FuncMap, "upper")
		assert.Contains(t, a.FuncMap, "flashes")
	}
}

// Pages that have nothing to do with messages stay Gin's.
func TestOtherRenderersPassThrough(t *testing.T) {
	set := func(text string) *template.Template {
		return template.Must(template.New("page").Funcs(flashgin.FuncMap()).Parse(text))
	}
	for _, test := range []struct {
		name     string
		renderer render.HTMLRender
		want     any
		body     string
	}{
		{"set without our functions", render.HTMLProduction{Template: set(`a{{"flashes"}}{{/* flashes */}}{{.flashes}}`)}, render.HTML{}, "aflashes"},
		{"set without our functions, multitemplate", multitemplate.Render{"page": set(`a`)}, render.HTML{}, "a"},
		{"not html/template", textRenderer{}, render.String{}, "text of page"},
		{"a renderer's own page", ownRenderer{set(`a`)}, &ownPage{}, "own a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newBoard(t)
			a.HTMLRender = test.renderer
			a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", gin.H{"flashes": ""}) })
			a.leave(flashgin.Success("saved"))
			assert.Equal(t, test.body, a.shown("/"))
			assert.IsType(t, test.want, a.HTMLRender.Instance("page", nil))
			assert.Equal(t, "[saved]", a.left())
		})
	}
}

type textRenderer struct{}

func (textRenderer) Instance(name string, _ any) render.Render {
	return render.String{Format: "text of %s", Data: []any{name}}
}

type ownRenderer struct{ *template.Template }

func (r ownRenderer) Instance(string, any) render.Render {
	return &ownPage{render.HTML{Template: r.Template}}
}

type ownPage struct{ render.HTML }

func (p *ownPage) Render(w http.ResponseWriter) error {
	_, _ = io.WriteString(w, "own ")
	return p.HTML.Render(w)
}

// multitemplate answers an unknown name with a page that has no template. Gin panics over it, with us or without.
func TestUnknownNames(t *testing.T) {
	for name, renderer := range map[string]render.HTMLRender{
		"multitemplate": multitemplate.Render{},
		"html/template": render.HTMLProduction{Template: template.Must(template.New("page").Funcs(flashgin.FuncMap()).Parse(`{{flashes}}`))},
	} {
		t.Run(name, func(t *testing.T) {
			a := newBoard(t)
			a.HTMLRender = renderer
			a.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) { c.Status(http.StatusInternalServerError) }))
			a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "unknown", nil) })
			a.leave(flashgin.Success("saved"))
			answer := a.visit(http.MethodGet, "/")
			assert.Equal(t, http.StatusInternalServerError, answer.Code)
			assert.Empty(t, answer.Body.String())
			assert.Equal(t, "[saved]", a.left())
			assert.NotPanics(t, func() { a.HTMLRender.Instance("unknown", nil) })
		})
	}
}

// An application may execute its own templates, for a mail say. Before the first page that costs the messages, and after it nothing.
func TestSetExecutedByTheApplication(t *testing.T) {
	const text = `{{define "mail"}}mail{{end}}{{define "page"}}page[{{flashes}}]{{end}}{{define "flashgin/messages"}}{{range .}}{{.Text}}{{end}}{{end}}`
	var log lockedBuffer
	set := template.Must(template.New("").Funcs(flashgin.FuncMap()).Parse(text))
	a := newSite(t, &log, func(engine *gin.Engine, install gin.OptionFunc) {
		engine.With(install)
		engine.SetHTMLTemplate(set)
	})
	a.GET("/", page)

	t.Run("after the first page", func(t *testing.T) {
		assert.Equal(t, "page[]", a.shown("/"))
		require.NoError(t, set.ExecuteTemplate(io.Discard, "mail", nil))
		require.NoError(t, set.ExecuteTemplate(io.Discard, "page", nil))
		a.leave(flashgin.Success("saved"))
		assert.Equal(t, "page[saved]", a.shown("/"))
		assert.Empty(t, log.String())
	})
	t.Run("before it", func(t *testing.T) {
		set = template.Must(template.New("").Funcs(flashgin.FuncMap()).Parse(text))
		require.NoError(t, set.ExecuteTemplate(io.Discard, "mail", nil))
		a.SetHTMLTemplate(set)
		a := newSite(t, &log, func(engine *gin.Engine, install gin.OptionFunc) {
			engine.With(install)
			engine.SetHTMLTemplate(set)
		})
		a.GET("/", page)
		a.leave(flashgin.Success("saved"))
		for range 3 {
			assert.Equal(t, "page[]", a.shown("/"), "never empty")
		}
		assert.Equal(t, "[saved]", a.left())
		assert.Contains(t, log.String(), "a template set was executed before its first page")
		assert.Equal(t, 1, strings.Count(log.String(), "\n"), "said once")
	})
}

// Routes from before Install do not pass through it. Their pages show no messages, are complete, and do no harm to the others.
func TestRoutesFromBeforeInstall(t *testing.T) {
	var log lockedBuffer
	a := newSite(t, &log, func(engine *gin.Engine, install gin.OptionFunc) {
		engine.SetHTMLTemplate(template.Must(template.New("page").Funcs(flashgin.FuncMap()).Parse(
			`page[{{flashes}}{{len peekFlashes}}]{{define "flashgin/messages"}}{{range .}}{{.Text}}{{end}}{{end}}`)))
		engine.GET("/early", page)
		engine.With(install)
		engine.GET("/late", page)
	})
	assert.Contains(t, log.String(), "GET /early")
	a.leave(flashgin.Success("saved"))
	for range 3 {
		assert.Equal(t, "page[0]", a.shown("/early"))
	}
	assert.Equal(t, "[saved]", a.left())
	assert.Equal(t, "page[saved1]", a.shown("/late"))
	assert.Equal(t, "page[0]", a.shown("/early"))
}

// The options and functions of the application's set are those of its clones.
func TestSetKeepsItsOptions(t *testing.T) {
	a := newBoard(t)
	a.SetHTMLTemplate(template.Must(template.New("page").Option("missingkey=error").Funcs(a.FuncMap).Parse(`{{flashes}}{{.Missing}}`)))
	a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", map[string]string{}) })
	assert.Equal(t, http.StatusInternalServerError, a.visit(http.MethodGet, "/").Code)
}

var errTemplate = errors.New("no such thing")

func TestTemplateFails(t *testing.T) {
	for _, test := range []struct{ name, page, want string }{
		{"a function's error", `half{{flashes}}{{fail}}`, "no such thing"},
		{"a function's panic", `half{{flashes}}{{boom}}`, "boom"},
		{"a missing field", `half{{flashes}}{{.Seven.Nothing}}`, "can't evaluate field Nothing"},
		{"an unknown sub-template", `half{{flashes}}{{template "unknown"}}`, `"unknown"`},
		{"what cannot be escaped", `half{{flashes}}<a href='{{if .Seven}}"{{end}}>`, "ends in a non-text context"},
		{"before the messages", `half{{fail}}{{flashes}}`, "no such thing"},
		{"in a loop over them", `half{{range flashes}}{{fail}}{{end}}`, "no such thing"},
		{"without end", `half{{flashes}}{{define "again"}}{{template "again"}}{{end}}{{template "again"}}`, "exceeded maximum template depth"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newBoard(t)
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
			a.leave(flashgin.Success("saved"))
			for range 2 { // the second page finds what the first has left behind
				answer := a.visit(http.MethodGet, "/")
				assert.Equal(t, http.StatusInternalServerError, answer.Code)
				assert.Empty(t, answer.Body.String())
				assert.Empty(t, answer.Header().Get("Content-Type"))
				assert.Equal(t, "was here", answer.Header().Get("X-Handler"))
				require.Len(t, errs, 1)
				assert.ErrorContains(t, errs[0], test.want)
				assert.Equal(t, "[saved]", a.left())
			}
			broken = false
			assert.Equal(t, "[saved]", a.shown("/"))
			assert.Empty(t, a.left())
			assert.Empty(t, a.failures.String())
		})
	}
}

// What a handler added for the page that failed waits as well, also if its session is new.
func TestTemplateFailsWithAMessageOfItsOwn(t *testing.T) {
	a := newApp(t, flashgin.Config{})
	a.SetHTMLTemplate(template.Must(template.New("bad").Funcs(a.FuncMap).Parse(
		`half{{flashes}}{{.Nothing.At.All}}{{define "page"}}{{range flashes}}[{{.Text}}]{{end}}{{end}}`)))
	a.GET("/bad", add(t, func(c *gin.Context) { c.HTML(http.StatusOK, "bad", 7) },
		flashgin.Success("own").At(flashgin.Anywhere)))
	a.GET("/page", page)
	b := a.browser()
	answer := b.do(http.MethodGet, "/bad")
	assert.Equal(t, http.StatusInternalServerError, answer.StatusCode)
	assert.Equal(t, 1, answer.cookies())
	assert.Equal(t, "[own]", b.get("/page"))
	assert.Empty(t, a.failures.String())
}

// A middleware may answer with a page of its own where the handler's failed, and that one shows the messages.
func TestErrorPageShowsTheMessages(t *testing.T) {
	a := newBoard(t)
	a.SetHTMLTemplate(template.Must(template.New("page").Funcs(a.FuncMap).Parse(
		`half{{flashes}}{{.Nothing.At.All}}{{define "error"}}sorry{{range flashes}}[{{.Text}}]{{end}}{{end}}`)))
	a.Use(func(c *gin.Context) {
		c.Next()
		if len(c.Errors) > 0 && !c.Writer.Written() {
			c.HTML(http.StatusInternalServerError, "error", nil)
		}
	})
	a.GET("/", add(t, func(c *gin.Context) { c.HTML(http.StatusOK, "page", 7) }, flashgin.Error("own")))
	a.leave(flashgin.Success("saved"))
	answer := a.visit(http.MethodGet, "/")
	assert.Equal(t, http.StatusInternalServerError, answer.Code)
	assert.Equal(t, "sorry[saved][own]", answer.Body.String())
	assert.Equal(t, "text/html; charset=utf-8", answer.Header().Get("Content-Type"))
	assert.Empty(t, a.left("/"))
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

func TestPageIsWrittenAtOnce(t *testing.T) {
	a := newBoard(t)
	writes := 0
	a.Use(func(c *gin.Context) { c.Writer = counting{c.Writer, &writes} })
	a.template("page", `{{range .}}<p>{{.}}</p>{{end}}{{range flashes}}{{.Text}}{{end}}`)
	a.GET("/", func(c *gin.Context) {
		c.Header("X-Handler", "was here")
		c.HTML(http.StatusTeapot, "page", make([]int, 10_000))
	})
	a.GET("/xhtml", func(c *gin.Context) {
		c.Header("Content-Type", "application/xhtml+xml")
		c.HTML(http.StatusOK, "page", nil)
	})
	a.GET("/nothing", func(c *gin.Context) { c.HTML(http.StatusNoContent, "page", nil) })

	answer := a.visit(http.MethodGet, "/")
	assert.Equal(t, 1, writes)
	assert.Equal(t, http.StatusTeapot, answer.Code)
	assert.Equal(t, 10_000*len("<p>0</p>"), answer.Body.Len())
	assert.Equal(t, "text/html; charset=utf-8", answer.Header().Get("Content-Type"))
	assert.Equal(t, "was here", answer.Header().Get("X-Handler"))
	assert.Equal(t, "application/xhtml+xml", a.visit(http.MethodGet, "/xhtml").Header().Get("Content-Type"))

	a.leave(flashgin.Success("saved"))
	assert.Empty(t, a.shown("/nothing"), "Gin renders no page with this status")
	assert.Equal(t, "[saved]", a.left())
}

// A template function may render another page of the same set.
func TestPageWithinAPage(t *testing.T) {
	a := newBoard(t)
	a.SetFuncMap(flashgin.FuncMap(template.FuncMap{"inner": func(c *gin.Context) (template.HTML, error) {
		w := &inner{ResponseWriter: c.Writer}
		err := a.HTMLRender.Instance("inner", nil).Render(w)
		return template.HTML(w.String()), err
	}}))
	a.SetHTMLTemplate(template.Must(template.New("page").Funcs(a.FuncMap).Parse(
		`{{len flashes}}{{inner .}}{{len flashes}}{{define "inner"}}<i>{{range flashes}}{{.Text}}{{end}}</i>{{end}}`)))
	a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", c) })
	a.leave(flashgin.Success("saved"))
	assert.Equal(t, "1<i>saved</i>1", a.shown("/"))
	assert.Equal(t, "0<i></i>0", a.shown("/"))
}

// inner takes down what is written.
type inner struct {
	gin.ResponseWriter
	strings.Builder
}

func (w *inner) Write(data []byte) (int, error)       { return w.Builder.Write(data) }
func (w *inner) WriteString(text string) (int, error) { return w.Builder.WriteString(text) }

// Renderers that parse for every page make a new set each time, of which nothing may be kept.
func TestReparsingDoesNotGrow(t *testing.T) {
	some, many := 500, 10_000
	if raceEnabled() {
		many = 2_000 // it is slow, and looks for something else
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	require.NoError(t, os.WriteFile(file, []byte(`page{{flashes}}{{define "flashgin/messages"}}{{range .}}{{.Text}}{{end}}{{end}}`), 0o600))
	for _, test := range []struct {
		name string
		load func(engine *gin.Engine)
	}{
		{"debug mode", func(engine *gin.Engine) { engine.LoadHTMLFiles(file) }},
		{"multitemplate dynamic", func(engine *gin.Engine) {
			renderer := multitemplate.NewDynamic()
			renderer.AddFromFilesFuncs("page.html", flashgin.FuncMap(), file)
			engine.HTMLRender = renderer
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			inMode(t, gin.DebugMode)
			a := newSite(t, io.Discard, func(engine *gin.Engine, install gin.OptionFunc) {
				engine.With(install)
				test.load(engine)
			})
			a.GET("/", pageHTML)
			visit := func(n int) {
				for range n {
					require.Equal(t, "page", a.shown("/"))
				}
			}
			visit(some)
			goroutines, before := runtime.NumGoroutine(), objects()
			visit(many)
			// Less than one object for ten pages. What a set holds is let go some time after the garbage collector has found it.
			assert.Eventually(t, func() bool { return objects() < before+uint64(many/10) }, 30*time.Second, time.Millisecond)
			assert.LessOrEqual(t, runtime.NumGoroutine(), goroutines+1, "assert.Eventually has one")
			runtime.KeepAlive(a)
		})
	}
}

// objects returns how many objects the heap holds.
func objects() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapObjects
}
