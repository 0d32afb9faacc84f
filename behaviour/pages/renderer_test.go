// Package pages_test holds flashgin to how templates show messages, and how they look.
package pages_test

import (
	"context"
	"fmt"
	"html/template"
	"io"
	"net/http"
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
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/testrun"
)

// inMode runs the rest of the test in a mode of Gin's, which is global: such a test must not be
// parallel.
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

// loader is a way to give an engine its templates, from the files of dir. The page is called
// "page.html".
type loader struct {
	name string
	load func(engine *gin.Engine, dir string)
}

// oneByOne serves no two pages at once: multitemplate writes to the set for each.
const oneByOne = "multitemplate dynamic, ready-made set"

var loaders = []loader{
	{"LoadHTMLGlob", func(engine *gin.Engine, dir string) {
		engine.LoadHTMLGlob(filepath.Join(dir, "*.html"))
	}},
	{"LoadHTMLFiles", func(engine *gin.Engine, dir string) { engine.LoadHTMLFiles(files(dir)...) }},
	{"LoadHTMLFS", func(engine *gin.Engine, dir string) {
		engine.LoadHTMLFS(http.Dir(dir), "*.html")
	}},
	{"SetHTMLTemplate", func(engine *gin.Engine, dir string) {
		engine.SetHTMLTemplate(
			template.Must(template.New("").Funcs(engine.FuncMap).ParseFiles(files(dir)...)))
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
		renderer.Add("page.html", template.Must(
			template.New("page.html").Funcs(flashgin.FuncMap()).ParseFiles(files(dir)...)))
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

func whole(title, list, errors string) string {
	return fmt.Sprintf("<h1>%s</h1><ul>%s</ul>%s<hr>", title, list, errors)
}

func pageHTML(c *gin.Context) { c.HTML(http.StatusOK, "page.html", "title") }

// Pages show messages however their templates are loaded, before Install or after it.
func TestLoaders(t *testing.T) {
	for _, order := range []struct {
		name string
		wire func(engine *gin.Engine, install gin.OptionFunc, load func(*gin.Engine))
	}{
		{"install, load",
			func(engine *gin.Engine, install gin.OptionFunc, load func(*gin.Engine)) {
				engine.With(install)
				load(engine)
			}},
		{"load, install",
			func(engine *gin.Engine, install gin.OptionFunc, load func(*gin.Engine)) {
				engine.SetFuncMap(flashgin.FuncMap())
				load(engine)
				engine.With(install)
			}},
		{"install, load, install",
			func(engine *gin.Engine, install gin.OptionFunc, load func(*gin.Engine)) {
				engine.With(install)
				load(engine)
				engine.With(install)
			}},
		{"install, load, load again",
			func(engine *gin.Engine, install gin.OptionFunc, load func(*gin.Engine)) {
				engine.With(install)
				load(engine)
				load(engine)
			}},
	} {
		t.Run(order.name, func(t *testing.T) {
			eachLoader(t, func(t *testing.T, _ string, load func(*gin.Engine)) {
				var log apptest.LockedBuffer
				a := apptest.NewSite(t, &log, func(engine *gin.Engine, install gin.OptionFunc) {
					order.wire(engine, install, load)
				})
				a.GET("/", pageHTML)
				for range 2 {
					assert.Equal(t, whole("title", "", ""), a.Shown("/"))
					a.Leave(flashgin.Success("saved"), flashgin.Error("full"))
					assert.Equal(t, whole("title", "<li>saved</li><li>full</li>", "(full)"),
						a.Shown("/"))
				}
				assert.Empty(t, log.String())
			})
		})
	}
}

// No page ever shows another user's messages, however templates are loaded and whatever lies
// between the page and the writer.
func TestNobodySeesAnothersMessages(t *testing.T) {
	const users = 8
	pages := 20
	if testrun.Soaking() {
		pages = 100
	}
	eachLoader(t, func(t *testing.T, name string, load func(*gin.Engine)) {
		if name == oneByOne {
			return
		}
		for _, compress := range []bool{false, true} {
			a := apptest.NewSite(t, io.Discard, func(engine *gin.Engine, install gin.OptionFunc) {
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
						assert.NoError(t, a.Messenger.Add(context.Background(), name,
							flashgin.Error(text).At("/")))
						want := whole("title", "<li>"+text+"</li>", "("+text+")")
						if got := apptest.ReadBody(t, a.Visit(http.MethodGet, "/", "User", name,
							"Accept-Encoding", "gzip")); got != want {
							t.Errorf("gzip %v: %s got %q, want %q", compress, name, got, want)
						}
					}
				})
			}
			all.Wait()
		}
	})
}

// The first pages of a set that does not name our functions are Gin's own affair, also while others
// look at it.
func TestFirstPagesAtOnce(t *testing.T) {
	rounds := 5
	if testrun.Soaking() {
		rounds = 20
	}
	for _, text := range []string{
		`<p title="{{.}}">{{.}}</p>`, `<p title="{{.}}">{{.}}</p>{{if flashes}}{{end}}`,
	} {
		for range rounds {
			a := apptest.NewBoard(t)
			// It takes a while to look through a large set.
			a.Template("page",
				text+strings.Repeat(`{{if .Nothing}}<p title="{{.}}">{{.}}</p>{{end}}`, 500))
			a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", first{}) })
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() { assert.Equal(t, `<p title="a">a</p>`, a.Shown("/")) })
			}
			all.Wait()
		}
	}
}

type first struct{}

func (first) Nothing() bool  { return false }
func (first) String() string { return "a" }

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
		{"set without our functions",
			render.HTMLProduction{Template: set(`a{{"flashes"}}{{/* flashes */}}{{.flashes}}`)},
			render.HTML{}, "aflashes"},
		{"set without our functions, multitemplate", multitemplate.Render{"page": set(`a`)},
			render.HTML{}, "a"},
		{"not html/template", textRenderer{}, render.String{}, "text of page"},
		{"a renderer's own page", ownRenderer{set(`a`)}, &ownPage{}, "own a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.HTMLRender = test.renderer
			a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", gin.H{"flashes": ""}) })
			a.Leave(flashgin.Success("saved"))
			assert.Equal(t, test.body, a.Shown("/"))
			assert.IsType(t, test.want, a.HTMLRender.Instance("page", nil))
			assert.Equal(t, "[saved]", a.Left())
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

// multitemplate answers an unknown name with a page that has no template. Gin panics over it, with
// us or without.
func TestUnknownNames(t *testing.T) {
	for name, renderer := range map[string]render.HTMLRender{
		"multitemplate": multitemplate.Render{},
		"html/template": render.HTMLProduction{Template: template.Must(
			template.New("page").Funcs(flashgin.FuncMap()).Parse(`{{flashes}}`))},
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.HTMLRender = renderer
			a.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
				c.Status(http.StatusInternalServerError)
			}))
			a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "unknown", nil) })
			a.Leave(flashgin.Success("saved"))
			answer := a.Visit(http.MethodGet, "/")
			assert.Equal(t, http.StatusInternalServerError, answer.Code)
			assert.Empty(t, answer.Body.String())
			assert.Equal(t, "[saved]", a.Left())
			assert.NotPanics(t, func() { a.HTMLRender.Instance("unknown", nil) })
		})
	}
}

// An application may execute its own templates, for a mail say. Before the first page that costs
// the messages, and after it nothing.
func TestSetExecutedByTheApplication(t *testing.T) {
	const text = `{{define "mail"}}mail{{end}}{{define "page"}}page[{{flashes}}]{{end}}{{define "flashgin/messages"}}{{range .}}{{.Text}}{{end}}{{end}}`
	var log apptest.LockedBuffer
	set := template.Must(template.New("").Funcs(flashgin.FuncMap()).Parse(text))
	a := apptest.NewSite(t, &log, func(engine *gin.Engine, install gin.OptionFunc) {
		engine.With(install)
		engine.SetHTMLTemplate(set)
	})
	a.GET("/", apptest.Page)

	t.Run("after the first page", func(t *testing.T) {
		assert.Equal(t, "page[]", a.Shown("/"))
		require.NoError(t, set.ExecuteTemplate(io.Discard, "mail", nil))
		require.NoError(t, set.ExecuteTemplate(io.Discard, "page", nil))
		a.Leave(flashgin.Success("saved"))
		assert.Equal(t, "page[saved]", a.Shown("/"))
		assert.Empty(t, log.String())
	})
	t.Run("before it", func(t *testing.T) {
		set = template.Must(template.New("").Funcs(flashgin.FuncMap()).Parse(text))
		require.NoError(t, set.ExecuteTemplate(io.Discard, "mail", nil))
		a.SetHTMLTemplate(set)
		a := apptest.NewSite(t, &log, func(engine *gin.Engine, install gin.OptionFunc) {
			engine.With(install)
			engine.SetHTMLTemplate(set)
		})
		a.GET("/", apptest.Page)
		a.Leave(flashgin.Success("saved"))
		for range 3 {
			assert.Equal(t, "page[]", a.Shown("/"), "never empty")
		}
		assert.Equal(t, "[saved]", a.Left())
		assert.Contains(t, log.String(), "a template set was executed before its first page")
		assert.Equal(t, 1, strings.Count(log.String(), "\n"), "said once")
	})
}

// Routes from before Install do not pass through it. Their pages show no messages, are complete,
// and do no harm to the others.
func TestPagesOfRoutesBeforeInstall(t *testing.T) {
	var log apptest.LockedBuffer
	a := apptest.NewSite(t, &log, func(engine *gin.Engine, install gin.OptionFunc) {
		engine.SetHTMLTemplate(template.Must(template.New("page").Funcs(flashgin.FuncMap()).Parse(
			`page[{{flashes}}{{len peekFlashes}}]{{define "flashgin/messages"}}{{range .}}{{.Text}}{{end}}{{end}}`)))
		engine.GET("/early", apptest.Page)
		engine.With(install)
		engine.GET("/late", apptest.Page)
	})
	assert.Contains(t, log.String(), "GET /early")
	a.Leave(flashgin.Success("saved"))
	for range 3 {
		assert.Equal(t, "page[0]", a.Shown("/early"))
	}
	assert.Equal(t, "[saved]", a.Left())
	assert.Equal(t, "page[saved1]", a.Shown("/late"))
	assert.Equal(t, "page[0]", a.Shown("/early"))
}

// The options and functions of the application's set are those of its clones.
func TestSetKeepsItsOptions(t *testing.T) {
	a := apptest.NewBoard(t)
	a.SetHTMLTemplate(template.Must(template.New("page").Option("missingkey=error").
		Funcs(a.FuncMap).Parse(`{{flashes}}{{.Missing}}`)))
	a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", map[string]string{}) })
	assert.Equal(t, http.StatusInternalServerError, a.Visit(http.MethodGet, "/").Code)
}

// The application may execute its set, for a mail, at the moment of the first page. The race
// detector watches.
func TestExecutingTheSetDuringTheFirstPage(t *testing.T) {
	text := `{{define "page"}}page{{flashes}}{{end}}{{define "mail"}}mail{{flashes}}{{end}}`
	for i := range 100 { // looking at them all takes a while
		text += fmt.Sprintf(`{{define "part %d"}}{{.}}{{end}}`, i)
	}
	for name, load := range map[string]func(a *apptest.App, set *template.Template){
		"a set": func(a *apptest.App, set *template.Template) { a.SetHTMLTemplate(set) },
		"multitemplate": func(a *apptest.App, set *template.Template) {
			renderer := multitemplate.New()
			renderer.Add("page", set.Lookup("page"))
			a.HTMLRender = renderer
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				a := apptest.NewApp(t, flashgin.Config{SessionKey: apptest.UserOf})
				set := template.Must(template.New("").Funcs(a.FuncMap).Parse(text))
				load(a, set)
				a.GET("/", apptest.Page)
				var mail sync.WaitGroup
				mail.Go(func() { assert.NoError(t, set.ExecuteTemplate(io.Discard, "mail", nil)) })
				assert.True(t,
					strings.HasPrefix(a.Visit(http.MethodGet, "/").Body.String(), "page"))
				mail.Wait()
			}
		})
	}
}

// Renderers that parse for every page make a new set each time, of which nothing may be kept.
func TestReparsingDoesNotGrow(t *testing.T) {
	testrun.Soak(t)
	some, many := 500, 10_000
	if apptest.RaceEnabled() {
		many = 2_000 // it is slow, and looks for something else
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "page.html")
	require.NoError(t, os.WriteFile(file,
		[]byte(`page{{flashes}}{{define "flashgin/messages"}}{{range .}}{{.Text}}{{end}}{{end}}`),
		0o600))
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
			a := apptest.NewSite(t, io.Discard, func(engine *gin.Engine, install gin.OptionFunc) {
				engine.With(install)
				test.load(engine)
			})
			a.GET("/", pageHTML)
			visit := func(n int) {
				for range n {
					require.Equal(t, "page", a.Shown("/"))
				}
			}
			visit(some)
			goroutines, before := runtime.NumGoroutine(), objects()
			visit(many)
			// Less than one object for ten pages. What a set holds is let go some time after the
			// garbage collector has found it.
			assert.Eventually(t, func() bool { return objects() < before+uint64(many/10) },
				30*time.Second, time.Millisecond)
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
