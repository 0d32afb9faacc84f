package router_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/router"
	"github.com/flashgin/flashgin/internal/viewpath"
)

// newRouter returns the Router of an engine with these routes, each a method and a path.
func newRouter(set func(*gin.Engine), routes ...string) *router.Router {
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	set(engine)
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		engine.Handle(method, path, func(*gin.Context) { panic("a handler was called") })
	}
	return router.New(engine)
}

// Which route serves a page is found out without the handlers of the application.
func TestRouteOfAPage(t *testing.T) {
	rt := newRouter(func(*gin.Engine) {}, "GET /", "GET /problems/:id", "POST /problems/:id/save",
		"GET /files/*path")
	for path, want := range map[string]string{
		"/": "/", "/problems/7": "/problems/:id", "/files/a/b": "/files/*path",
		"/problems/7/save": "", "/other": "",
	} {
		assert.Equal(t, want, rt.Route(&url.URL{Path: path}), path)
	}
}

// A form is shown again by the route that a GET of its path would have, whatever its parameters
// are called there.
func TestRouteThatOpensAPage(t *testing.T) {
	rt := newRouter(func(*gin.Engine) {}, "GET /problems/:number", "POST /problems/:id",
		"POST /save", "GET /a\\:b")
	for _, test := range []struct{ method, route, path, want string }{
		{"GET", "/problems/:number", "/problems/7", "/problems/:number"},
		{"HEAD", "/problems/:number", "/problems/7", "/problems/:number"},
		{"GET", "", "/any/page/", "/any/page"},
		{"POST", "/problems/:id", "/problems/7", "/problems/:number"},
		{"POST", "/a\\:b", "/a:b", "/a:b"},
		{"POST", "/save", "/save", ""},
		{"POST", "", "/other", ""},
	} {
		request := httptest.NewRequest(test.method, test.path, nil)
		got, ok := rt.Openable(test.route, request)
		assert.Equal(t, test.want, got, "%s %s", test.method, test.path)
		assert.Equal(t, test.want != "", ok)
	}
}

// A path that no page has is noticed, as long as that is looked for.
func TestPathWithoutAPage(t *testing.T) {
	rt := newRouter(func(*gin.Engine) {}, "GET /orders/:id")
	assert.True(t, rt.HasPage("/orders/5"))
	assert.False(t, rt.HasPage("/ordres/5"))
	for range 998 {
		rt.HasPage("/orders/6")
	}
	assert.True(t, rt.HasPage("/ordres/5"))
	assert.False(t, rt.HasPage("/ordres/:id"), "a route costs nothing")
}

// What is meant for a path waits where the engine's redirects lead.
func TestViewsAfterRedirects(t *testing.T) {
	fixed := newRouter(func(engine *gin.Engine) { engine.RedirectFixedPath = true }, "GET /Konto")
	assert.Equal(t, "/Konto", fixed.ReadAt("/konto"))
	assert.Equal(t, "/other", fixed.ReadAt("/other"))
	assert.Equal(t, "dashboard", fixed.ReadAt("dashboard"), "a name is no path")
	plain := newRouter(func(*gin.Engine) {}, "GET /Konto")
	assert.Equal(t, "/konto", plain.ReadAt("/konto"))
	assert.Equal(t, "/a/b", plain.ReadAt("/a%2Fb"))
}

// A page is found by its address, however that is spelled: as the browser sends it, and as a
// careful or a careless handler writes it.
func FuzzViewSpellings(f *testing.F) {
	for _, path := range []string{
		"/", "/a/b", "/a b/ü", "/%", "/100%25", "/a?b#c", "/a//b/../c/", "/:id", "/*", "/http://x",
		"//example.com", "/\xff", "/\x00\\", "/app", "/app/app/x", "/a;b=c,d&e+f@g$h",
	} {
		f.Add(path, "")
		f.Add(path, "/app")
		f.Add(path, "/a b/ü%")
	}
	f.Fuzz(func(t *testing.T, path, prefix string) {
		decodedPrefix := strings.TrimSuffix(viewpath.Path(prefix), "/")
		prefix = (&url.URL{Path: decodedPrefix}).EscapedPath() // written as in an href
		cleaned := viewpath.Prefix(prefix)
		want := viewpath.Path(path) // what a page at this path reads
		if !strings.HasPrefix(want, "/") || len(want) > 1 && strings.HasSuffix(want, "/") {
			t.Fatalf("%q is no clean path", want)
		}
		decoded, err := url.PathUnescape(want)
		if err != nil || viewpath.Path(decoded) != want {
			t.Errorf("%q is cleaned to %q, and that is not clean, %v", path, want, err)
		}
		escaped := (&url.URL{Path: decoded}).EscapedPath()
		everyByte := "/"
		for _, c := range []byte(decoded[1:]) {
			if c == '/' {
				everyByte += "/" // escaped, it would be part of a segment
			} else {
				everyByte += fmt.Sprintf("%%%02x", c)
			}
		}
		for _, spelling := range []string{
			escaped, everyByte, want, escaped + "/", escaped + "//", "/." + escaped,
			"/x/.." + escaped, escaped + "?a=/b", escaped + "#/b?c",
		} {
			below := prefix + spelling
			for _, view := range []string{below, "https://example.com" + below} {
				if got := viewpath.Clean(view, cleaned); got != want {
					t.Errorf("%q with the prefix %q is %q, not %q", view, prefix, got, want)
				}
			}
		}
		// An engine that goes by the raw path finds what was meant for an encoded slash, and only
		// that.
		oneSegment := "/" + strings.ReplaceAll(escaped[1:], "/", viewpath.EncodedSlash)
		byRaw := router.New(&gin.Engine{UseRawPath: true})
		page, _ := byRaw.View(decoded, oneSegment)
		view := byRaw.ReadAt(viewpath.Clean(prefix+oneSegment, cleaned))
		if page != view || (page == want) != (oneSegment == escaped) {
			t.Errorf("the page %q reads %q, what is for it is at %q", oneSegment, page, view)
		}
		byPath := router.New(&gin.Engine{})
		page, _ = byPath.View(decoded, oneSegment)
		view = byPath.ReadAt(viewpath.Clean(prefix+oneSegment, cleaned))
		if page != view || page != want {
			t.Errorf("the page %q reads %q, what is for it is at %q, not %q",
				oneSegment, page, view, want)
		}
	})
}
