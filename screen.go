package flashgin

import (
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// An audience is what reads the answer to a request. A browser that opens a page shows what the page shows. Others take the answer for the page that is
// on screen already, so that page is what messages are about and where they are seen.
type audience int

const (
	unknown    audience = iota
	forBrowser          // or for nobody that has told us
	forHTMX             // part of a page, which htmx puts into it
	forTurbo            // a stream of changes, by which Turbo alters the page
	forFrame            // a frame of Turbo, which throws away what is around it
	forScript           // data for a script that asks for messages besides
)

// audience returns what reads the answer, as far as the request says. That the answer is a stream for Turbo, it says itself.
func (r *request) audience() audience {
	if r.answers == unknown {
		r.answers = r.m.audienceOf(r.c.Request)
	}
	return r.answers
}

// The names of headers are spelled as Go keeps them: any other spelling costs an allocation each time.
func (m *Messenger) audienceOf(request *http.Request) audience {
	h := request.Header
	switch {
	case m.cfg.HTMX && wantsFragment(request):
		return forHTMX
	case m.cfg.Turbo && h.Get("Turbo-Frame") != "":
		return forFrame
	case h.Get(pullHeader) != "" && ofThisSite(request):
		return forScript
	}
	return forBrowser
}

// wantsFragment reports whether htmx asks for part of the page on screen, and not for a page to put in its place.
func wantsFragment(request *http.Request) bool {
	h := request.Header
	if h.Get("Hx-Request") != "true" || h.Get("Hx-Boosted") == "true" || h.Get("Hx-Request-Type") == "full" || h.Get("Hx-History-Restore-Request") == "true" {
		return false
	}
	_, ok := fromPage(request, h.Get("Hx-Current-Url"))
	return ok
}

// fromPage returns the URL of the page that a request says it comes from, if that is one of this host.
func fromPage(request *http.Request, page string) (*url.URL, bool) {
	if page == "" {
		return nil, false
	}
	if request.Header.Get("Sec-Fetch-Site") == "same-origin" { // browsers know better than proxies which host that is
		u, err := url.Parse(page)
		return u, err == nil
	}
	return onThisHost(request, page)
}

// onScreen returns the page on screen where the answer is none of its own: the place that htmx names, or else the Referer's. Without a path, it is not known.
func (r *request) onScreen() place {
	if r.searched {
		return r.screen
	}
	page := ""
	switch header := r.c.Request.Header; r.audience() {
	case forBrowser:
		return place{}
	case forHTMX:
		page = header.Get("Hx-Current-Url")
	default:
		page = header.Get("Referer")
	}
	r.searched = true
	if u, ok := fromPage(r.c.Request, page); ok {
		u = &url.URL{Path: r.m.withoutPrefix(u.Path), RawPath: r.m.withoutPrefix(u.RawPath)}
		if u.Path == "" {
			u.Path = "/"
		}
		r.screen = place{r.in.routes.of(r.in.engine, u), u.Path}
	}
	return r.screen
}

// screenView returns the view of the page on screen, or "".
func (r *request) screenView() string {
	if screen := r.onScreen(); screen.path != "" {
		return cleanPath(screen.path)
	}
	return ""
}

// routes finds the route by which an engine would serve a page. What the engine's own router finds is known only to the handlers that it calls, and the
// application's must not be called for that. So another engine has the same routes, and handlers that do nothing.
//
// Two things it cannot know, both of routes with a colon that is no parameter ("/a\:b"): the engine lists them without their backslash.
type routes struct {
	once   sync.Once
	shadow *gin.Engine
}

const routeHeader = "Route"

// of returns the route of a GET request for u, or "" if there is none.
func (rs *routes) of(engine *gin.Engine, u *url.URL) string {
	rs.once.Do(func() { rs.shadow = shadowOf(engine) })
	found := routeFound{}
	rs.shadow.ServeHTTP(found, &http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}})
	return http.Header(found).Get(routeHeader)
}

func shadowOf(engine *gin.Engine) *gin.Engine {
	shadow := gin.New()
	shadow.RedirectTrailingSlash = false // who was redirected, is on the page that it led to
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

// mayShow reports whether a page, or what else the handler answers with, will be seen with its messages.
func (r *request) mayShow() bool { return mayShow(r.c.Request) && r.audience() != forFrame }

// isStream reports whether an answer is a stream for Turbo.
func isStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/vnd.turbo-stream.html")
}
