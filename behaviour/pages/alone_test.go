package pages_test

import (
	"context"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	texttemplate "text/template"

	"github.com/gin-gonic/gin"
	"github.com/gin-gonic/gin/render"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

const (
	saysTemplate = "outside of the renderer that Install wraps"
	saysContext  = "was given a context that leads to no request"
	saysAdd      = "AddFlash has returned ErrNotInstalled"
)

// A pointerRenderer is a renderer of an application's own, whose pages nobody can look into.
type pointerRenderer struct{ set *template.Template }

func (p pointerRenderer) Instance(name string, data any) render.Render {
	return &pointerPage{render.HTML{Template: p.set, Name: name, Data: data}}
}

type pointerPage struct{ page render.HTML }

func (p *pointerPage) Render(w http.ResponseWriter) error { return p.page.Render(w) }

func (p *pointerPage) WriteContentType(w http.ResponseWriter) { p.page.WriteContentType(w) }

// twice visits a page of an application that serves it by handler. wire may be nil.
func twice(t *testing.T, logger *slog.Logger, handler gin.HandlerFunc, wire func(*gin.Engine)) {
	cfg := flashgin.Config{SessionKey: apptest.UserOf, Logger: logger}
	a := apptest.NewAppWithoutSessions(t, cfg)
	if wire != nil {
		wire(a.Engine)
	}
	a.GET("/", handler)
	a.Leave(flashgin.Success("saved"))
	for range 2 {
		a.Shown("/")
	}
}

func ownSet(text string) *template.Template {
	return template.Must(template.New("page").Funcs(flashgin.FuncMap()).Parse(text))
}

// A page that is rendered in a way that flashgin cannot see has no messages, and the log says so
// once.
func TestPagesThatCannotHaveMessagesAreLogged(t *testing.T) {
	byHand := func(text string) gin.HandlerFunc {
		set := ownSet(text)
		return func(c *gin.Context) { _ = set.Execute(c.Writer, nil) }
	}
	for _, test := range []struct {
		name    string
		handler gin.HandlerFunc
		wire    func(*gin.Engine)
		says    string
	}{
		{name: "by hand", handler: byHand(`{{flashes}}`), says: saysTemplate},
		{name: "peek", handler: byHand(`{{len peekFlashes}}`), says: saysTemplate},
		{name: "assets", handler: byHand(`{{flashAssets}}`), says: saysTemplate},
		{name: "render HTML", says: saysTemplate, handler: func(c *gin.Context) {
			c.Render(http.StatusOK, render.HTML{Template: ownSet(`{{flashes}}`)})
		}},
		{name: "a renderer of pointers", says: saysTemplate, handler: apptest.Page,
			wire: func(e *gin.Engine) { e.HTMLRender = pointerRenderer{ownSet(`{{flashes}}`)} }},
		{name: "another engine of templates", says: saysTemplate, handler: func(c *gin.Context) {
			funcs := texttemplate.FuncMap(flashgin.FuncMap())
			set := texttemplate.Must(texttemplate.New("").Funcs(funcs).Parse(`{{flashes}}`))
			_ = set.Execute(c.Writer, nil)
		}},
		{name: "Markup", says: saysContext, handler: func(c *gin.Context) {
			_, _ = io.WriteString(c.Writer, string(flashgin.Markup(context.Background())))
		}},
		{name: "Assets", says: saysContext, handler: func(*gin.Context) {
			flashgin.Assets(context.Background(), "")
		}},
		{name: "Flashes", says: saysContext, handler: func(*gin.Context) {
			flashgin.Flashes(context.Background())
		}},
		{name: "PeekFlashes", says: saysContext, handler: func(*gin.Context) {
			flashgin.PeekFlashes(context.Background())
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			log, ok := apptest.Alone(t, func() {
				twice(t, slog.Default(), test.handler, test.wire)
			})
			if ok {
				assert.Equal(t, 1, strings.Count(log, test.says), log)
			}
		})
	}
}

// Nothing is said while all is right: of pages of the renderer, and of templates and components
// that are tested without flashgin.
func TestPagesThatMayHaveMessagesAreNotLogged(t *testing.T) {
	log, ok := apptest.Alone(t, func() {
		_ = ownSet(`{{flashes}}{{peekFlashes}}{{flashAssets}}`).Execute(io.Discard, nil)
		flashgin.Markup(context.Background())
		flashgin.Flashes(context.Background())
		twice(t, slog.Default(), func(c *gin.Context) {
			_ = flashgin.AddFlash(c.Request.Context(), flashgin.Info("added"))
			flashgin.PeekFlashes(c.Request.Context())
			apptest.Page(c)
		}, nil)
	})
	if ok {
		assert.Empty(t, log)
	}
}

// What has no request is told to the log of the Messenger, if there is only one.
func TestTheOnlyMessengerLogsWhatHasNoRequest(t *testing.T) {
	var own apptest.LockedBuffer
	log, ok := apptest.Alone(t, func() {
		twice(t, apptest.LogTo(&own), markup, nil)
		assert.Equal(t, 1, strings.Count(own.String(), saysContext))
	})
	if ok {
		assert.Empty(t, log)
	}
}

// If there are several, it is told to the default log.
func TestTheDefaultLogsWhatHasNoRequest(t *testing.T) {
	var own apptest.LockedBuffer
	log, ok := apptest.Alone(t, func() {
		another := apptest.NewBoard(t)
		twice(t, apptest.LogTo(&own), markup, nil)
		assert.Empty(t, own.String())
		runtime.KeepAlive(another.Engine)
	})
	if ok {
		assert.Equal(t, 1, strings.Count(log, saysContext), log)
	}
}

func markup(*gin.Context) { flashgin.Markup(context.Background()) }

// A handler that ignores the error of AddFlash, on an engine on which nothing is installed, has a
// line in the log.
func TestAddOnAnotherEngineIsLogged(t *testing.T) {
	log, ok := apptest.Alone(t, func() {
		installed := apptest.NewAppWithoutSessions(t, flashgin.Config{Logger: slog.Default()})
		other := &apptest.App{Engine: gin.New(), T: t}
		other.POST("/", func(c *gin.Context) {
			_ = flashgin.RedirectFlash(c, "/", flashgin.Success("saved"))
		})
		for range 2 {
			other.Visit(http.MethodPost, "/")
		}
		runtime.KeepAlive(installed.Engine)
	})
	if ok {
		assert.Equal(t, 1, strings.Count(log, saysAdd), log)
	}
}

// A Messenger that is installed nowhere leaves pages without messages, and the log says so once.
func TestInstallForgottenIsLogged(t *testing.T) {
	for name, test := range map[string]struct {
		handler gin.HandlerFunc
		says    string
	}{
		"AddFlash": {
			func(c *gin.Context) { _ = flashgin.AddFlash(c, flashgin.Success("saved")) }, saysAdd,
		},
		"Flashes":      {func(c *gin.Context) { flashgin.Flashes(c) }, saysContext},
		"the template": {func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) }, saysTemplate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var own apptest.LockedBuffer
			log, ok := apptest.Alone(t, func() {
				messenger := apptest.NewMessenger(t, flashgin.Config{Logger: apptest.LogTo(&own)})
				a := &apptest.App{Engine: gin.New(), T: t}
				a.SetHTMLTemplate(ownSet(`{{flashes}}`))
				a.GET("/", test.handler)
				for range 2 {
					a.Shown("/")
				}
				runtime.KeepAlive(messenger)
				assert.Equal(t, 1, strings.Count(own.String(), test.says), own.String())
			})
			if ok {
				assert.Empty(t, log, "the Messenger's own log has it")
			}
		})
	}
}

// A program that forgets New and Install alike has a line in the default log.
func TestAddWithoutAMessengerIsLogged(t *testing.T) {
	log, ok := apptest.Alone(t, func() {
		for range 2 {
			assert.ErrorIs(t, flashgin.AddFlash(context.Background(), flashgin.Info("x")),
				flashgin.ErrNotInstalled)
		}
	})
	if ok {
		assert.Equal(t, 1, strings.Count(log, saysAdd), log)
	}
}
