package pages_test

import (
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// The ways to put an engine together, by the order of the calls.
func TestOrderOfCalls(t *testing.T) {
	const text = `[{{range flashes}}{{.Text}}{{end}}]`
	dir := t.TempDir()
	glob := filepath.Join(dir, "*.html")
	require.NoError(t,
		os.WriteFile(filepath.Join(dir, "page.html"), []byte(`{{upper "up"}}`+text), 0o600))
	mine := func() template.FuncMap { return template.FuncMap{"upper": strings.ToUpper} }
	for _, test := range []struct {
		name   string
		wire   func(engine *gin.Engine, install gin.OptionFunc)
		panics string // with what, in release mode; debug mode may parse later
		debug  string // with what, in debug mode
	}{
		{name: "SetFuncMap(FuncMap(mine)) after Install",
			wire: func(engine *gin.Engine, install gin.OptionFunc) {
				engine.With(install)
				engine.SetFuncMap(flashgin.FuncMap(mine()))
				engine.LoadHTMLGlob(glob)
			}},
		{name: "SetFuncMap(mine) before Install",
			wire: func(engine *gin.Engine, install gin.OptionFunc) {
				engine.SetFuncMap(mine())
				engine.With(install)
				engine.LoadHTMLGlob(glob)
			}},
		{name: "SetFuncMap(mine) after Install is a mistake, which shows at once",
			wire: func(engine *gin.Engine, install gin.OptionFunc) {
				engine.With(install)
				engine.SetFuncMap(mine())
				engine.LoadHTMLGlob(glob)
			}, panics: `function "flashes" not defined`, debug: `function "flashes" not defined`},
		// debug mode parses when the functions are there
		{name: "files named, SetFuncMap(mine) and Install later",
			wire: func(engine *gin.Engine, install gin.OptionFunc) {
				engine.SetFuncMap(mine())
				engine.LoadHTMLFiles(filepath.Join(dir, "page.html"))
				engine.With(install)
			}, panics: `function "flashes" not defined`},
		{name: "SetFuncMap(nil) before Install",
			wire: func(engine *gin.Engine, install gin.OptionFunc) {
				engine.SetFuncMap(nil)
				engine.With(install)
				engine.FuncMap["upper"] = strings.ToUpper
				engine.LoadHTMLGlob(glob)
			}},
		{name: "a template with stubs of its own",
			wire: func(engine *gin.Engine, install gin.OptionFunc) {
				engine.With(install)
				stub := template.FuncMap{
					"upper":   strings.ToUpper,
					"flashes": func(...string) []string { return []string{"stub"} },
				}
				engine.SetHTMLTemplate(template.Must(
					template.New("page.html").Funcs(stub).Parse(`{{upper "up"}}` + text)))
			}},
		{name: "a template with stubs of its own, before Install",
			wire: func(engine *gin.Engine, install gin.OptionFunc) {
				stub := template.FuncMap{
					"upper":   strings.ToUpper,
					"flashes": func(...string) []string { return []string{"stub"} },
				}
				engine.SetHTMLTemplate(template.Must(
					template.New("page.html").Funcs(stub).Parse(`{{upper "up"}}` + text)))
				engine.With(install)
			}},
		{name: "release mode after loading",
			wire: func(engine *gin.Engine, install gin.OptionFunc) {
				engine.SetFuncMap(mine())
				engine.With(install)
				engine.LoadHTMLGlob(glob)
				gin.SetMode(gin.ReleaseMode)
			}},
		{name: "Delims before loading",
			wire: func(engine *gin.Engine, install gin.OptionFunc) {
				engine.Delims("<<", ">>")
				engine.With(install)
				engine.SetHTMLTemplate(template.Must(template.New("page.html").Delims("<<", ">>").
					Funcs(engine.FuncMap).Parse(`UP[<<range flashes>><<.Text>><<end>>]`)))
			}},
	} {
		for _, mode := range modes {
			t.Run(test.name+", "+mode, func(t *testing.T) {
				inMode(t, mode)
				var a *apptest.App
				wire := func() { a = apptest.NewSite(t, io.Discard, test.wire) }
				panics := test.panics
				if mode == gin.DebugMode {
					panics = test.debug
				}
				if panics != "" {
					assert.Contains(t, panicText(wire), panics)
					return
				}
				wire()
				a.GET("/", pageHTML)
				a.Leave(flashgin.Success("saved"))
				assert.Equal(t, "UP[saved]", a.Shown("/"))
			})
		}
	}
}

// panicText returns what f panics with, as text.
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
		require.NoError(t,
			os.WriteFile(filepath.Join(dir, "page.html"), []byte(`{{upper "up"}}`), 0o600))
		a := apptest.NewSite(t, io.Discard, func(engine *gin.Engine, install gin.OptionFunc) {
			engine.SetFuncMap(mine)
			engine.LoadHTMLFiles(filepath.Join(dir, "page.html"))
			engine.With(install)
		})
		a.GET("/", pageHTML)
		require.Equal(t, "UP", a.Shown("/"))
		assert.Len(t, mine, 1)
		assert.Contains(t, a.FuncMap, "upper")
		assert.Contains(t, a.FuncMap, "flashes")
	}
}
