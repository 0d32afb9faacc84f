package views_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/router"
	"github.com/flashgin/flashgin/internal/views"
)

var errNoView = errors.New("no view")

// site returns a site with routes, behind a proxy that strips /app.
func site() *views.Site {
	engine := gin.New()
	for _, route := range []string{"/", "/problems/:id", "/problems/:id/edit", "/new"} {
		engine.GET(route, func(*gin.Context) {})
	}
	return &views.Site{Router: router.New(engine), Prefix: "/app", HTMX: true, AtMost: 64,
		ErrNoView: errNoView}
}

func request(method, path string, header ...string) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func viewsOf(r *http.Request, route string) *views.Views {
	v := new(views.Views)
	v.Start(site(), r, route)
	return v
}

func TestAPageReadsItsPathItsRouteAndAnywhere(t *testing.T) {
	v := viewsOf(request("GET", "/problems/108"), "/problems/:id")
	assert.Equal(t, []string{"/problems/108", "/problems/:id", views.Anywhere}, v.List())
	assert.Equal(t, "view=%2Fapp%2Fproblems%2F108&view=%2Fapp%2Fproblems%2F%3Aid&view=%2A",
		v.Query())
}

func TestAViewLongerThanAMessageIsNotRead(t *testing.T) {
	long := "/problems/1234567890123456789012345678901234567890123456789012345678901234567890"
	v := viewsOf(request("GET", long), "/problems/:id")
	assert.Equal(t, []string{"/problems/:id", views.Anywhere}, v.List())
}

func TestANameIsReadBesideThePath(t *testing.T) {
	v := viewsOf(request("GET", "/new"), "/new")
	assert.False(t, v.IsNamed())
	v.Name("dashboard")
	assert.True(t, v.IsNamed())
	assert.Equal(t, []string{"/new", "dashboard", views.Anywhere}, v.List())

	r := request("GET", "/new")
	v = viewsOf(r, "/new")
	first := v.List()
	r.URL.Path = "/"
	v.GoOn("/")
	assert.False(t, v.IsNamed(), "HandleContext has gone on to another page")
	assert.Equal(t, []string{"/new", views.Anywhere}, first, "the store may still read the list")
	assert.Equal(t, "/", v.Route())
}

func TestAPartOfAPageReadsWhatThatPageReads(t *testing.T) {
	v := viewsOf(request("GET", "/new", "HX-Request", "true",
		"HX-Current-URL", "http://example.com/app/problems/7"), "/new")
	assert.Equal(t, browser.ForHTMX, v.Reader())
	assert.Equal(t, []string{"/new", "/problems/7", "/problems/:id", views.Anywhere}, v.List())
	v.ReadBy(browser.ForBrowser)
	assert.Equal(t, []string{"/new", views.Anywhere}, v.List())
}

func TestDestination(t *testing.T) {
	for name, test := range map[string]struct {
		request *http.Request
		route   string
		status  int
		answer  http.Header
		named   string
		view    string
		why     string
	}{
		"a redirect": {request("POST", "/problems/7/edit"), "/problems/:id/edit",
			303, http.Header{"Location": {"/app/problems/7"}}, "dashboard", "/problems/7", ""},
		"to another host": {request("POST", "/new"), "/new",
			303, http.Header{"Location": {"https://example.org/"}}, "", "/new", "another host"},
		"a name": {request("POST", "/new"), "/new", 200, nil, "dashboard", "dashboard", ""},
		"the page on screen": {request("POST", "/new", "HX-Request", "true",
			"HX-Current-URL", "http://example.com/app/problems/7"), "/new",
			200, nil, "", "/problems/7", ""},
		"the page that stays": {request("POST", "/new",
			"Referer", "http://example.com/app/problems/7"), "/new",
			204, nil, "", "/problems/7", ""},
		"the route": {request("POST", "/new"), "/new", 200, nil, "", "/new", ""},
		"nowhere": {request("POST", "/gone"), "/gone", 200, nil, "", "",
			"no GET route has that path"},
		"a page of no host": {request("POST", "/gone"), "/gone", 204, nil, "", "",
			"the browser stays on the page that it has"},
	} {
		t.Run(name, func(t *testing.T) {
			view, err := viewsOf(test.request, test.route).
				Destination(test.named, test.route, test.status, test.answer)
			assert.Equal(t, test.view, view)
			if test.why == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorIs(t, err, errNoView)
			assert.ErrorContains(t, err, test.why)
		})
	}
}

func TestMayPrint(t *testing.T) {
	page := viewsOf(request("GET", "/new"), "/new")
	assert.True(t, page.MayPrint(200, false))
	assert.True(t, page.MayPrint(200, true))
	script := viewsOf(request("GET", "/new", browser.AskHeader, "true"), "/new")
	assert.False(t, script.MayPrint(200, false), "it reads a header, and maybe nothing else")
	assert.False(t, viewsOf(request("GET", "/new", "Sec-Fetch-Dest", "image"), "/new").MayShow(nil))
}
