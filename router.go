package flashgin

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
)

// What an engine's router makes of a path: which pages it tells apart, and where it redirects.

// place is a page that the request stands for: one, or two where HandleContext went on to another.
type place struct {
	route, path string
	raw         string // url.URL.RawPath
}

func placeOf(route string, request *http.Request) place {
	return place{route, request.URL.Path, request.URL.RawPath}
}

// viewOf returns the view of the path of a page. also is a second one, or "": the path as the browser
// sent it, if that has an encoded slash that the router takes for any other slash. A message
// of [Messenger.Add] may wait there, which knows no engine.
func (in *installation) viewOf(p place) (view, also string) {
	view = cleanPath(p.path)
	if p.raw == "" {
		return view, ""
	}
	if decoded, err := url.PathUnescape(p.raw); err != nil || decoded != p.path {
		return view, "" // the raw path is that of another one
	}
	kept := cleanEscaped(p.raw)
	switch {
	case !strings.Contains(kept, encodedSlash):
		return view, ""
	case in.byRawPath():
		return kept, ""
	}
	return view, kept
}

// byRawPath reports whether "/a%2Fb" and "/a/b" are two pages of the engine.
func (in *installation) byRawPath() bool { return in.engine.UseRawPath || in.engine.UseEscapedPath }

// readAt returns the view at which the engine's page reads what is meant for view.
func (in *installation) readAt(view string) string {
	if !strings.HasPrefix(view, "/") {
		return view
	}
	if !in.byRawPath() && strings.Contains(view, encodedSlash) {
		view = path.Clean(strings.ReplaceAll(view, encodedSlash, "/"))
	}
	if in.engine.RedirectFixedPath {
		view = in.routes.redirected(in.engine, view)
	}
	return view
}

// namedView returns the view that Config.View gives a request, or "".
func (in *installation) namedView(c *gin.Context) string {
	m := in.messenger
	if m.cfg.View == nil {
		return ""
	}
	return in.readAt(m.cleanView(m.cfg.View(c)))
}

// redirected returns the view of the page that a browser ends up at if it asks for that of view.
func (rs *routes) redirected(engine *gin.Engine, view string) string {
	asked := urlOf(view)
	location := rs.ask(engine, asked).Get("Location")
	if location == "" {
		return view
	}
	target, ok := browser.Resolve(asked, location)
	if !ok {
		return view
	}
	return cleanEscaped(target.EscapedPath())
}

// urlOf returns the URL that a server is asked for by whoever opens the page of a view.
func urlOf(view string) *url.URL {
	decode := func(s string) string {
		s, _ = url.PathUnescape(s) // which a clean view lets succeed
		return s
	}
	u := &url.URL{Path: decode(view)}
	if segments := strings.Split(view, encodedSlash); len(segments) > 1 {
		for i, segment := range segments {
			segments[i] = (&url.URL{Path: decode(segment)}).EscapedPath()
		}
		u.RawPath = strings.Join(segments, encodedSlash)
	}
	return u
}
