package flashgin

import (
	"context"
	"strings"
	"sync"
	"weak"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/answer"
	"github.com/flashgin/flashgin/internal/pages"
	"github.com/flashgin/flashgin/internal/request"
	"github.com/flashgin/flashgin/internal/router"
	"github.com/flashgin/flashgin/internal/views"
)

// Install makes the engine show messages. It is a gin.OptionFunc, for gin.New(m.Install),
// gin.Default(m.Install) or engine.With(m.Install). It adds the template functions to
// engine.FuncMap, uses a middleware and wraps the renderer. Load templates that use the functions
// afterwards.
//
// Call it before you register routes, and before the engine serves: routes that exist already do
// not pass through the middleware, and a warning names them. SetFuncMap replaces the functions, so
// after Install give it [FuncMap](yours). Installing the same Messenger twice does nothing.
//
// Install panics if another Messenger is installed on the engine: one Messenger shows all messages.
func (m *Messenger) Install(engine *gin.Engine) {
	switch is, first := router.Install(engine, weak.Make(m)); {
	case is != weak.Make(m):
		panic("flashgin: another Messenger is installed on this engine: install one, and share it")
	case !first:
		return
	}
	if pages := router.Pages(engine.Routes()); pages != "" {
		m.errs.Warn("these routes were registered before Install and will show no messages; " +
			"install first: " + pages)
	}
	// FuncMap returns a new map: the application's own is never written to.
	engine.FuncMap = FuncMap(engine.FuncMap)
	in := &installation{messenger: m, engine: engine}
	in.site.Config = &m.answers
	in.site.PrintsReadyMade = in.printsReadyMade
	in.site.Addressed = func(view string) { m.strays.Addressed(&in.site.Views, view) }
	in.site.Views = views.Site{
		Router: router.New(engine),
		Prefix: m.cfg.Prefix,
		HTMX:   m.cfg.HTMX,
		AtMost: m.cfg.MaxBytes,
		View:   m.cfg.View, ErrNoView: ErrNoView,
	}
	if engine.HTMLRender != nil {
		in.wrapRenderer()
	}
	engine.Use(in.handle)
}

// installation is a Messenger on an engine.
type installation struct {
	messenger *Messenger
	engine    *gin.Engine
	once      sync.Once
	site      answer.Site[Message]
}

// wrapRenderer wraps the engine's renderer, unless that is done.
func (in *installation) wrapRenderer() {
	if in.engine.HTMLRender == nil {
		return
	}
	if _, ours := in.engine.HTMLRender.(*pages.Renderer[Messages]); ours {
		return
	}
	in.engine.HTMLRender = in.messenger.newRenderer(in.engine.HTMLRender)
}

func (in *installation) handle(c *gin.Context) {
	// Every request passes here before it can render, so no request sees the renderer change.
	in.once.Do(in.wrapRenderer)
	renderer := in.engine.HTMLRender
	if _, ours := renderer.(*pages.Renderer[Messages]); !ours && renderer != nil {
		in.messenger.errs.Warn("the engine's HTMLRender was replaced after the first request, " +
			"so pages show no messages: load templates before serving")
	}
	outer := answer.Around[Message](c.Request.Context())
	completed := false
	if outer != nil && outer.GoOn(c) {
		defer func() { outer.HandlersEnded(completed, true) }()
	} else {
		r := answer.New(&in.site, c, outer)
		defer func() { r.Leave(completed) }()
	}
	c.Next()
	completed = true
	in.messenger.routes.NoteVisit(c)
}

// A reply is what flashgin knows of the answer to one request.
type reply = answer.Answer[Message]

// requestOf finds the request that ctx belongs to, or returns nil.
func requestOf(ctx context.Context) *reply { return answer.Of[Message](ctx) }

// requestFor is requestOf for the functions that handlers call. The error says why they must not
// use the request, which may be nil.
func requestFor(ctx context.Context, to request.Use) (*reply, error) {
	r := requestOf(ctx)
	if r == nil {
		return nil, ErrNotInstalled
	}
	err := r.MayUse(ctx, to, messengerOf(r).cfg.SessionKey != nil)
	switch err {
	case request.ErrEnded:
		err = ErrTooLate
	case request.ErrAfterHandlers:
		err = errAfterHandlers
	}
	return r, err
}

// errAfterHandlers is what ErrAfterHandlers means to callers.
var errAfterHandlers error = request.Refusal{
	Kind: ErrTooLate, Text: request.ErrAfterHandlers.Error(),
}

// messengerOf returns the Messenger whose answer r is.
func messengerOf(r *reply) *Messenger { return r.Messenger().(*Messenger) }

// warnOfRefusal logs once why flashgin refuses a call that returns no error.
func warnOfRefusal(r *reply, refused error) {
	switch refused {
	case request.ErrStray, request.ErrAsksFirst, errAfterHandlers:
		m := messengerOf(r)
		m.errs.WarnOnce(&m.strayed, strings.TrimPrefix(refused.Error(), "flashgin: "))
	}
}
