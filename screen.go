package flashgin

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
)

// onScreen returns the page on screen where the answer is none of its own: the place that htmx names, or else the Referer's. If that is not known, the place
// has no path.
func (r *request) onScreen() place {
	if r.part.searched {
		return r.part.screen
	}
	page := ""
	switch header := r.http.Header; r.audience() {
	case forBrowser, forHTMXPage:
		return place{}
	case forHTMX:
		page = browser.Sent(header, "Hx-Current-Url")
	default:
		page = browser.Sent(header, "Referer")
	}
	r.part.searched = true
	if u, ok := browser.FromPage(&r.http, page); ok {
		u = &url.URL{Path: r.m.withoutPrefix(u.Path), RawPath: r.m.withoutPrefix(u.RawPath)}
		if u.Path == "" {
			u.Path = "/"
		}
		r.part.screen = place{r.in.routes.of(r.in.engine, u), u.Path, u.RawPath}
	}
	return r.part.screen
}

// readBy notes who reads the answer, where the answer itself tells, and forgets what followed from the request alone.
func (r *request) readBy(audience audience) {
	r.part.reads, r.part.searched, r.views, r.looked = audience, false, nil, false
}

// screenView returns the view of the page on screen, or "".
func (r *request) screenView() string {
	if screen := r.onScreen(); screen.path != "" {
		view, _ := r.in.viewOf(screen)
		return view
	}
	return ""
}

// routes finds the route by which an engine would serve a page. What the engine's own router finds is known only to the handlers that it calls, and the
// application's must not be called for that. So another engine has the same routes, those of the time when it is first asked, and handlers that do nothing.
//
// One thing it cannot know: an engine that serves lists a route with a colon that is no parameter ("/a\:b") without its backslash, so here it has one.
type routes struct {
	once   sync.Once
	shadow *gin.Engine
}

// routeHeader is where the shadow of an engine says which route it found.
const routeHeader = "Route"

// of returns the route of a GET request for u, or "" if there is none.
func (rs *routes) of(engine *gin.Engine, u *url.URL) string {
	return rs.ask(engine, u).Get(routeHeader)
}

// ask returns the header of what the router answers to a GET request for u: with the route that it
// found, or with the Location that it redirects to.
func (rs *routes) ask(engine *gin.Engine, u *url.URL) http.Header {
	rs.once.Do(func() { rs.shadow = shadowOf(engine) })
	found, asked := routeFound{}, *u // which a redirect writes into
	rs.shadow.ServeHTTP(found, &http.Request{Method: http.MethodGet, URL: &asked, Header: http.Header{}})
	return http.Header(found)
}

// shadowOf returns an engine with the GET routes of engine, whose handlers only say which of them was found.
func shadowOf(engine *gin.Engine) *gin.Engine {
	if gin.IsDebugging() {
		fmt.Fprintln(gin.DefaultWriter, "[flashgin] These are the routes once more, to tell which of them a page has:")
	}
	shadow := gin.New()
	shadow.RedirectTrailingSlash, shadow.RedirectFixedPath = engine.RedirectTrailingSlash, engine.RedirectFixedPath
	shadow.UseRawPath, shadow.UseEscapedPath = engine.UseRawPath, engine.UseEscapedPath
	shadow.UnescapePathValues, shadow.RemoveExtraSlash = engine.UnescapePathValues, engine.RemoveExtraSlash
	for _, route := range engine.Routes() {
		if route.Method == http.MethodGet {
			copyRoute(shadow, route.Path)
		}
	}
	return shadow
}

// copyRoute leaves out a route that Gin takes for one that is there already.
func copyRoute(shadow *gin.Engine, route string) {
	defer func() { _ = recover() }()
	shadow.GET(route, reportRoute)
}

func reportRoute(c *gin.Context) { c.Header(routeHeader, c.FullPath()) }

// routeFound is a response of which nothing is kept but the header.
type routeFound http.Header

func (f routeFound) Header() http.Header            { return http.Header(f) }
func (f routeFound) Write(data []byte) (int, error) { return len(data), nil }
func (f routeFound) WriteHeader(int)                {}
