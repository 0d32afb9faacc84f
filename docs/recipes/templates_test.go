package recipes_test

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	texttemplate "text/template"

	"github.com/CloudyKit/jet/v6"
	"github.com/flosch/pongo2/v6"
	"github.com/gin-contrib/multitemplate"
	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/render"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/docs/recipes"
	"github.com/flashgin/flashgin/flashtest"
)

// ownRenderer is an HTMLRender of an application's own. Instance returns a render.HTML.
type ownRenderer struct{ set *template.Template }

func (r ownRenderer) Instance(name string, data any) render.Render {
	return render.HTML{Template: r.set, Name: name, Data: data}
}

// otherEngine stands for an engine that knows no functions of ours: it gets the markup as data.
func otherEngine(c *gin.Context) {
	var page bytes.Buffer
	set := texttemplate.Must(texttemplate.New("page").Parse(`<main>{{.messages}}</main>`))
	_ = set.Execute(&page, gin.H{"messages": flashgin.Markup(c)})
	c.Data(http.StatusOK, "text/html; charset=utf-8", page.Bytes())
}

// Each way of docs/templates.md to print a page shows its messages.
func TestEveryWayToPrintAPage(t *testing.T) {
	const text = `<main>{{flashes}}</main>`
	file := filepath.Join(t.TempDir(), "page.html")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	parsed := func() *template.Template {
		return template.Must(template.New("page.html").Funcs(flashgin.FuncMap()).Parse(text))
	}
	loader := jet.NewInMemLoader()
	loader.Set("/page", `<main>{{ raw: messages }}</main>`)
	inJet, err := jet.NewSet(loader).GetTemplate("/page")
	require.NoError(t, err)
	inPongo2, err := pongo2.FromString(`<main>{{ messages|safe }}</main>`)
	require.NoError(t, err)
	byName := func(c *gin.Context) { c.HTML(http.StatusOK, "page.html", nil) }
	for name, test := range map[string]struct {
		load    func(*gin.Engine)
		handler gin.HandlerFunc
	}{
		"LoadHTMLGlob": {func(e *gin.Engine) {
			e.LoadHTMLGlob(filepath.Dir(file) + "/*")
		}, byName},
		"LoadHTMLFiles": {func(e *gin.Engine) { e.LoadHTMLFiles(file) }, byName},
		"LoadHTMLFS": {func(e *gin.Engine) {
			e.LoadHTMLFS(http.FS(fstest.MapFS{"page.html": {Data: []byte(text)}}), "page.html")
		}, byName},
		"SetHTMLTemplate": {func(e *gin.Engine) { e.SetHTMLTemplate(parsed()) }, byName},
		"multitemplate": {func(e *gin.Engine) {
			pages := multitemplate.NewRenderer()
			pages.AddFromFilesFuncs("page.html", flashgin.FuncMap(), file)
			e.HTMLRender = pages
		}, byName},
		"own HTMLRender": {func(e *gin.Engine) { e.HTMLRender = ownRenderer{parsed()} }, byName},
		"pongo2": {func(*gin.Engine) {}, func(c *gin.Context) {
			recipes.ByPongo2(c, inPongo2)
		}},
		"jet": {func(*gin.Engine) {}, func(c *gin.Context) {
			recipes.ByJet(c, inJet)
		}},
		"gomponents":     {func(*gin.Engine) {}, recipes.ByGomponents},
		"another engine": {func(*gin.Engine) {}, otherEngine},
		"a context's page": {func(*gin.Engine) {}, func(c *gin.Context) {
			component(c.Request.Context(), c.Writer)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			messages, err := flashgin.New(flashgin.Config{
				SessionKey: func(*gin.Context) (string, error) { return "the test's", nil },
			})
			require.NoError(t, err)
			router := gin.New(messages.Install)
			test.load(router)
			router.GET("/", test.handler)
			for range 2 {
				request := flashtest.Seed(httptest.NewRequest(http.MethodGet, "/", nil),
					flashgin.Info("1 < 2"))
				answer := httptest.NewRecorder()
				router.ServeHTTP(answer, request)
				assert.Regexp(t, `(?s)<main>.*1 &lt; 2.*</main>`, answer.Body.String())
			}
		})
	}
}

// component prints as templ and gomponents do: it has a context, and writes.
func component(ctx context.Context, w http.ResponseWriter) {
	_, _ = w.Write([]byte("<main>" + string(flashgin.Markup(ctx)) + "</main>"))
}
