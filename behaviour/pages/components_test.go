package pages_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/render"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// component is what templ generates: something that renders itself with a context.
type component func(ctx context.Context, w io.Writer) error

func (c component) Render(ctx context.Context, w io.Writer) error { return c(ctx, w) }

// printed is a page with nothing but messages.
var printed component = func(ctx context.Context, w io.Writer) error {
	_, err := fmt.Fprint(w, flashgin.Assets(ctx, "n0nce"), flashgin.Markup(ctx))
	return err
}

// What a component prints is what a template prints, byte by byte.
func TestMarkupIsThatOfTemplates(t *testing.T) {
	german := func(*gin.Context) flashgin.Labels {
		return flashgin.Labels{Region: "Meldungen", Close: "Schließen"}
	}
	for _, test := range []struct {
		name   string
		cfg    flashgin.Config
		mount  bool
		header []string
	}{
		{"plain", flashgin.Config{}, false, nil},
		{"with script and stream", flashgin.Config{}, true, nil},
		{"Bootstrap, in German, behind a proxy",
			flashgin.Config{Look: flashgin.LookBootstrap, Labels: german, Prefix: "/app"},
			true, nil},
		{"loaded ahead of time", flashgin.Config{}, true, []string{"Sec-Purpose", "prefetch"}},
		{"of a visitor without a session", flashgin.Config{}, true, []string{"User", ""}},
	} {
		for _, messages := range [][]flashgin.Message{nil, {
			{ID: "1", Status: "success", Text: "saved <", View: "/"},
			{ID: "2", Status: "error", Title: "Disk", HTML: "<b>full</b>", View: "/"},
		}} {
			t.Run(fmt.Sprint(test.name, len(messages)), func(t *testing.T) {
				bodies := []string{}
				for _, page := range []gin.HandlerFunc{
					func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) },
					func(c *gin.Context) { _ = printed.Render(c.Request.Context(), c.Writer) },
				} {
					test.cfg.SessionKey = apptest.UserOf
					a := apptest.NewAppWithoutSessions(t, test.cfg)
					a.Template("page", `{{flashAssets "n0nce"}}{{flashes}}`)
					if test.mount {
						a.Messenger.Mount(a)
					}
					a.GET("/", page)
					a.Leave(messages...)
					answer := a.Visit(http.MethodGet, "/", test.header...)
					bodies = append(bodies,
						answer.Body.String()+answer.Header().Get("Cache-Control"))
				}
				// each application has its own
				created := regexp.MustCompile(` data-created="[^"]+"`)
				assert.Equal(t, created.ReplaceAllString(bodies[0], ""),
					created.ReplaceAllString(bodies[1], ""))
				assert.Contains(t, bodies[1], "flash-messages")
			})
		}
	}
}

// Markup prints the messages of the statuses that it is given. The others keep waiting.
func TestMarkupChooses(t *testing.T) {
	a := apptest.NewBoard(t)
	a.GET("/", func(c *gin.Context) {
		c.String(http.StatusOK, "%s", flashgin.Markup(c, flashgin.StatusError, "reminder"))
	})
	a.Leave(flashgin.Info("news"), flashgin.Error("full"),
		flashgin.Message{Status: "reminder", Text: "drink"})
	shown := a.Shown("/")
	assert.Contains(t, shown, ">full<")
	assert.Contains(t, shown, ">drink<")
	assert.NotContains(t, shown, "news")
	assert.Equal(t, "[news]", a.Left())
}

// What is unique in a page is printed once, though a page that failed had it before.
func TestMarkupTwice(t *testing.T) {
	a := apptest.NewBoard(t)
	a.Messenger.Mount(a)
	a.Leave(flashgin.Info("news"))
	a.GET("/", func(c *gin.Context) {
		var failed, page bytes.Buffer
		assert.NoError(t, printed(c, &failed))
		for range 2 {
			first, second, ok := strings.Cut(string(flashgin.Assets(c, ""))+
				string(flashgin.Markup(c))+"|"+string(flashgin.Markup(c)), "|")
			assert.True(t, ok)
			assert.Equal(t, 1, strings.Count(first, `aria-live="polite"`))
			assert.Equal(t, 1, strings.Count(first, `data-stream`))
			assert.Contains(t, first, `aria-label="Messages"`)
			assert.NotContains(t, second, `aria-live="polite"`)
			assert.NotContains(t, second, `data-stream`)
			assert.Contains(t, second, `aria-label="Messages 2"`)
			page.WriteString(first)
		}
		c.Data(http.StatusOK, "text/html", page.Bytes())
	})
	assert.Contains(t, a.Shown("/"), ">news<")
	assert.Empty(t, a.Left())
}

// A message that a component printed was shown if its page has left, and waits if another answer
// took the page's place.
func TestMarkupThatCameToNothing(t *testing.T) {
	buffered := func(c *gin.Context) { assert.NoError(t, printed(c, io.Discard)) }
	for _, test := range []struct {
		name string
		page gin.HandlerFunc
		left string
	}{
		{"page", func(c *gin.Context) { c.String(http.StatusOK, "%s", flashgin.Markup(c)) }, ""},
		{"page, form with errors", func(c *gin.Context) {
			var page bytes.Buffer
			assert.NoError(t, printed(c, &page))
			c.Data(http.StatusUnprocessableEntity, "text/html", page.Bytes())
		}, ""},
		{"no page", func(c *gin.Context) { buffered(c); c.Status(http.StatusOK) }, "[waits][own]"},
		{"error page", func(c *gin.Context) {
			c.Status(http.StatusInternalServerError)
			_ = printed(c, c.Writer)
		}, ""},
		{"page that failed in a buffer", func(c *gin.Context) {
			buffered(c)
			c.String(http.StatusInternalServerError, "sorry")
		}, "[waits][own]"},
		{"error page that failed in a buffer, too", func(c *gin.Context) {
			c.Status(http.StatusInternalServerError)
			buffered(c)
			c.String(http.StatusBadGateway, "sorry")
		}, "[waits][own]"},
		{"redirect", func(c *gin.Context) {
			buffered(c)
			c.Redirect(http.StatusSeeOther, "/login")
		}, "[waits][own]"},
		{"panic before a byte", func(c *gin.Context) { buffered(c); panic("oh") }, "[waits][own]"},
		{"panic half-way", func(c *gin.Context) { _ = printed(c, c.Writer); panic("oh") }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.GET("/page", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Info("own").At("/page")))
				test.page(c)
			})
			a.Leave(flashgin.Info("waits").At("/page"))
			func() {
				defer func() { _ = recover() }()
				a.Visit(http.MethodGet, "/page")
			}()
			assert.Equal(t, test.left, a.Left("/page"))
		})
	}
}

// Where there is no request of ours, the list is empty and there is nothing to load.
func TestMarkupWithoutInstall(t *testing.T) {
	assert.Contains(t, flashgin.Markup(t.Context()),
		`<flash-messages class="flash" data-label="Messages">`)
	assert.Empty(t, flashgin.Assets(t.Context(), "n0nce"))
}

// components is a renderer like that of templ's example for Gin: it renders what it is given as
// data, with a context that knows nothing.
type components struct{ others render.HTMLRender }

func (r components) Instance(name string, data any) render.Render {
	if c, ok := data.(interface {
		Render(ctx context.Context, w io.Writer) error
	}); ok {
		return componentPage{c.Render}
	}
	return r.others.Instance(name, data)
}

type componentPage struct{ component }

func (p componentPage) Render(w http.ResponseWriter) error {
	return p.component(context.Background(), w)
}
func (componentPage) WriteContentType(http.ResponseWriter) {}

// A renderer of components that knows no context finds the request by the writer, beside ours or
// around it.
func TestComponentsFindTheirRequest(t *testing.T) {
	for name, wrap := range map[string]func(*apptest.App){
		"alone": func(a *apptest.App) { a.HTMLRender = components{} },
		"around ours": func(a *apptest.App) {
			a.Messenger.Install(a.Engine)
			a.HTMLRender = components{a.HTMLRender}
		},
		"within one of another app": func(a *apptest.App) {
			a.HTMLRender = components{components{a.HTMLRender}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
			wrap(a)
			a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "", printed) })
			a.GET("/template", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
			a.Leave(flashgin.Success("saved"))
			assert.Contains(t, a.Shown("/"), ">saved<")
			assert.Empty(t, a.Left())
			if name != "alone" {
				a.Leave(flashgin.Success("saved"))
				assert.Equal(t, "[saved]", a.Shown("/template"))
			}
		})
	}
}

// A page's data may happen to have the method of a component.
type renderable struct{ Name string }

func (renderable) Render(context.Context, io.Writer) error { return nil }

func TestDataWithTheMethodOfAComponent(t *testing.T) {
	a := apptest.NewBoard(t)
	a.Template("page", `{{.Name}}{{range flashes}}[{{.Text}}]{{end}}`)
	a.HTMLRender = multiRender{a.HTMLRender}
	a.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", renderable{"Ada"}) })
	a.Leave(flashgin.Success("saved"))
	assert.Equal(t, "Ada[saved]", a.Shown("/"))
}

// multiRender hides what kind of renderer it is, as multitemplate's are.
type multiRender struct{ render.HTMLRender }
