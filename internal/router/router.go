// Package router says what the router of an engine does with a path: which pages it tells apart, to
// which route they belong, and where it redirects.
package router

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/viewpath"
)

// A Router knows the routes that its engine has when Route or ReadAt is first called. It is safe
// for concurrent use by multiple goroutines.
type Router struct {
	engine *gin.Engine
	once   sync.Once
	shadow *gin.Engine
	routes map[string]bool // the views of the GET routes
	open   bool            // NoRoute may answer any path with a page
	asked  atomic.Int64    // how often HasPage has wanted to ask the shadow
}

// New returns the Router of an engine.
func New(engine *gin.Engine) *Router { return &Router{engine: engine} }

// View returns the view of the path of a page. raw is the RawPath of its URL. also is a second
// view, or "": the path as the browser sent it, if it has an encoded slash and the router treats
// that like any other slash. A message of a job, which knows no engine, may wait there.
func (rt *Router) View(path, raw string) (view, also string) {
	view = viewpath.Path(path)
	if raw == "" {
		return view, ""
	}
	if decoded, err := url.PathUnescape(raw); err != nil || decoded != path {
		return view, "" // somebody has changed path, but not raw
	}
	kept := viewpath.Escaped(raw)
	switch {
	case !strings.Contains(kept, viewpath.EncodedSlash):
		return view, ""
	case rt.byRawPath():
		return kept, ""
	}
	return view, kept
}

// byRawPath reports whether "/a%2Fb" and "/a/b" are two pages of the engine.
func (rt *Router) byRawPath() bool { return rt.engine.UseRawPath || rt.engine.UseEscapedPath }

// ReadAt returns the view at which the engine's page reads a message for view.
func (rt *Router) ReadAt(view string) string {
	if !strings.HasPrefix(view, "/") {
		return view
	}
	if !rt.byRawPath() && strings.Contains(view, viewpath.EncodedSlash) {
		view = path.Clean(strings.ReplaceAll(view, viewpath.EncodedSlash, "/"))
	}
	if rt.engine.RedirectFixedPath {
		view = rt.redirected(view)
	}
	return view
}

// asksAtMost bounds how often HasPage asks which route a path has. That costs some percent of a
// form and its page, and mistakes show themselves early: a handler is tried while it is written.
const asksAtMost = 1000

// HasPage reports whether a page of the engine may read view, which is a path or a route. If
// NoRoute has handlers, that is so for any; and after a while it is taken for granted of paths.
func (rt *Router) HasPage(view string) bool {
	rt.know()
	if rt.open || rt.routes[view] {
		return true
	}
	if strings.Contains(view, "/:") || strings.Contains(view, "/*") {
		return false
	}
	if rt.asked.Add(1) > asksAtMost {
		return true
	}
	answer := rt.ask(urlOf(view))
	return answer.Get(routeHeader) != "" || answer.Get("Location") != ""
}

// Openable returns the view of the route by which a GET opens the page of a request. route is the
// route of the request; the parameters of the two may have different names.
func (rt *Router) Openable(route string, request *http.Request) (view string, ok bool) {
	if request.Method == http.MethodGet || request.Method == http.MethodHead {
		if route == "" { // NoRoute, such as the one page of a single-page application
			view, _ = rt.View(request.URL.Path, request.URL.RawPath)
			return view, true
		}
		return viewpath.Path(route), true
	}
	if route == "" {
		return "", false
	}
	for _, r := range rt.engine.Routes() {
		if r.Method == http.MethodGet && shape(r.Path) == shape(route) {
			return viewOf(r.Path), true
		}
	}
	return "", false
}

// viewOf returns the view of a route.
func viewOf(route string) string { return viewpath.Path(strings.ReplaceAll(route, `\:`, ":")) }

// shape returns a route without the names of its parameters.
func shape(route string) string {
	segments := strings.Split(viewpath.Path(route), "/")
	for i, segment := range segments {
		// An escaped colon is not a parameter.
		segment = strings.ReplaceAll(segment, `\:`, "\x00")
		if before, _, ok := strings.Cut(segment, ":"); ok {
			segment = before + ":"
		}
		if strings.HasPrefix(segment, "*") {
			segment = "*"
		}
		segments[i] = strings.ReplaceAll(segment, "\x00", ":")
	}
	return strings.Join(segments, "/")
}

// redirected returns the view of the page to which the router redirects a browser that asks for the
// page of view.
func (rt *Router) redirected(view string) string {
	asked := urlOf(view)
	location := rt.ask(asked).Get("Location")
	if location == "" {
		return view
	}
	target, ok := browser.Resolve(asked, location)
	if !ok {
		return view
	}
	return viewpath.Escaped(target.EscapedPath())
}

// urlOf returns the URL of the page of a view, as a server gets it.
func urlOf(view string) *url.URL {
	decode := func(s string) string {
		s, _ = url.PathUnescape(s) // does not fail, because view is clean
		return s
	}
	u := &url.URL{Path: decode(view)}
	if segments := strings.Split(view, viewpath.EncodedSlash); len(segments) > 1 {
		for i, segment := range segments {
			segments[i] = (&url.URL{Path: decode(segment)}).EscapedPath()
		}
		u.RawPath = strings.Join(segments, viewpath.EncodedSlash)
	}
	return u
}
