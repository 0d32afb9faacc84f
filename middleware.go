package flashgin

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"weak"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/pages"
	"github.com/flashgin/flashgin/internal/router"
	"github.com/flashgin/flashgin/internal/views"
)

// Install makes the engine show messages. It is a gin.OptionFunc, for gin.New(m.Install),
// gin.Default(m.Install) or engine.With(m.Install). It adds the template functions to
// engine.FuncMap, uses a middleware and wraps the renderer, whether you load templates before or
// after.
//
// Call it before you register routes, and before the engine serves: routes that exist already do
// not pass through the middleware, and a warning names them. SetFuncMap replaces the functions, so
// after Install give it [FuncMap](yours). Installing the same Messenger twice does nothing.
//
// Install panics if another Messenger is installed on the engine: one Messenger shows all messages.
func (m *Messenger) Install(engine *gin.Engine) {
	if !claimEngine(engine, m) {
		return
	}
	if routes := pagesAmong(engine.Routes()); len(routes) > 0 {
		m.errs.Warn("these routes were registered before Install and will show no messages; " +
			"install first: " + names(routes))
	}
	// FuncMap returns a new map: the application's own is never written to.
	engine.FuncMap = FuncMap(engine.FuncMap)
	in := &installation{messenger: m, engine: engine}
	in.site = views.Site{
		Router: router.New(engine),
		Prefix: m.cfg.Prefix,
		HTMX:   m.cfg.HTMX,
		AtMost: m.cfg.MaxBytes,
	}
	if engine.HTMLRender != nil {
		in.wrapRenderer()
	}
	engine.Use(in.handle)
}

// engines remembers which Messenger is installed on which engine, and keeps neither alive.
var engines sync.Map // weak.Pointer[gin.Engine] → weak.Pointer[Messenger]

// claimEngine notes that m is installed on the engine, and reports whether it was not before.
func claimEngine(engine *gin.Engine, m *Messenger) bool {
	key := weak.Make(engine)
	installed, exists := engines.LoadOrStore(key, weak.Make(m))
	if exists && installed != weak.Make(m) {
		panic("flashgin: another Messenger is installed on this engine: install one, and share it")
	}
	if !exists {
		runtime.AddCleanup(engine, func(key weak.Pointer[gin.Engine]) { engines.Delete(key) }, key)
	}
	return !exists
}

// isShared reports whether m is installed on several engines.
func (m *Messenger) isShared() bool {
	n := 0
	engines.Range(func(_, messenger any) bool {
		if messenger == weak.Make(m) {
			n++
		}
		return n < 2
	})
	return n > 1
}

// ginsOwn matches the handlers that Gin makes: of files, and by WrapF and WrapH of handlers that
// know no Gin, as those of pprof and of metrics. What stands before is Gin, or who called it: the
// compiler names a function that it has inlined after its caller.
var ginsOwn = regexp.MustCompile(
	`\.(WrapF|WrapH|\(\*RouterGroup\)\.(StaticFile|StaticFileFS|createStaticHandler))\.(func)?\d+$`)

// pagesAmong leaves out the routes that show no page of the application.
func pagesAmong(routes gin.RoutesInfo) (pages gin.RoutesInfo) {
	for _, route := range routes {
		if !ginsOwn.MatchString(route.Handler) {
			pages = append(pages, route)
		}
	}
	return pages
}

// names lists the first few routes, and says how many more there are.
func names(routes gin.RoutesInfo) string {
	const most = 10
	var list []string
	for i, route := range routes {
		if i == most {
			list = append(list, fmt.Sprintf("and %d more", len(routes)-most))
			break
		}
		list = append(list, route.Method+" "+route.Path)
	}
	return strings.Join(list, ", ")
}

// installation is a Messenger on an engine.
type installation struct {
	messenger *Messenger
	engine    *gin.Engine
	once      sync.Once
	site      views.Site
}

// warnOfPath warns of a path or a route that no page has.
func (in *installation) warnOfPath(view string) {
	m := in.messenger
	if m.cfg.View != nil || !strings.HasPrefix(view, "/") || in.site.Router.HasPage(view) ||
		m.isShared() || !m.unread.isNew(view) {
		return
	}
	m.errs.Warn(fmt.Sprintf("a handler has addressed a message to %q, and no GET route of the engine "+
		"has it, so no page shows the message: write the path as in an href, or the route as it is "+
		"registered; if Take or a script reads what waits there, all is well", view))
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
	outer, _ := c.Request.Context().Value(requestKey{}).(*request)
	completed := false
	if outer != nil && outer.reenter(c) {
		defer func() {
			outer.handlersEnded(completed)
			outer.commit(headersAlone) // HandleContext sends the headers after this
		}()
	} else {
		r := newRequest(in, c, outer)
		defer func() { r.leave(completed) }()
	}
	c.Next()
	completed = true
}
