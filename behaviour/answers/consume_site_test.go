package answers_test

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// What a page of another origin asks for takes messages only if the user will see the answer: as
// the page of the tab, in a frame of the same site, or by a script that may read it.
func TestRequestsOfOtherOrigins(t *testing.T) {
	const origin, other = "https://spa.example", "https://evil.example"
	fetch := func(site, mode, dest string, more ...string) []string {
		return append([]string{"Sec-Fetch-Site", site, "Sec-Fetch-Mode", mode,
			"Sec-Fetch-Dest", dest}, more...)
	}
	for _, test := range []struct {
		name   string
		header []string
		shows  bool
	}{
		{"a link", fetch("cross-site", "navigate", "document"), true},
		{"a link, by a service worker", fetch("cross-site", "navigate", "empty"), true},
		{"a link on another host of the site", fetch("same-site", "navigate", "document"), true},
		{"a form", fetch("cross-site", "navigate", "document", "Origin", other), true},
		{"fetch, no-cors", fetch("cross-site", "no-cors", "empty"), false},
		{"fetch, no-cors, of the same site", fetch("same-site", "no-cors", "empty"), false},
		{"fetch, cors", fetch("cross-site", "cors", "empty", "Origin", other), false},
		{"fetch, cors, of the same site",
			fetch("same-site", "cors", "empty", "Origin", other), false},
		{"fetch, cors, of an origin that is allowed",
			fetch("cross-site", "cors", "empty", "Origin", origin), true},
		{"fetch, no-cors, of an origin that is allowed",
			fetch("cross-site", "no-cors", "empty", "Origin", origin), false},
		{"a sandbox", fetch("cross-site", "cors", "empty", "Origin", "null"), false},
		{"iframe", fetch("cross-site", "navigate", "iframe"), false},
		{"frame", fetch("cross-site", "navigate", "frame"), false},
		{"fenced frame", fetch("cross-site", "navigate", "fencedframe"), false},
		{"iframe of the same site", fetch("same-site", "navigate", "iframe"), true},
		{"no more than the site", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"an unknown site", fetch("far-away", "cors", "empty"), false},
		{"this origin", fetch("same-origin", "cors", "empty"), true},
		{"this origin, by a beacon or ahead of time",
			fetch("same-origin", "no-cors", "empty"), false},
		{"this origin, by a service worker", fetch("same-origin", "same-origin", "empty"), true},
		{"the address bar", fetch("none", "navigate", "document"), true},
		{"fetch, by an old browser", []string{"Origin", other}, false},
		{"fetch of an origin that is allowed, by an old browser", []string{"Origin", origin}, true},
		{"this origin, by an old browser", []string{"Origin", "http://example.com"}, true},
		{"a sandbox, by an old browser", []string{"Origin", "null"}, false},
	} {
		for name, handler := range map[string]gin.HandlerFunc{
			"template": apptest.Page,
			"Flashes": func(c *gin.Context) {
				for _, m := range flashgin.Flashes(c) {
					c.String(http.StatusOK, "["+m.Text+"]")
				}
			},
		} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				a := apptest.NewApp(t, flashgin.Config{})
				a.Use(func(c *gin.Context) {
					if c.GetHeader("Origin") == origin {
						c.Header("Access-Control-Allow-Origin", origin)
						c.Header("Access-Control-Allow-Credentials", "true")
					}
				})
				a.GET("/", handler)
				a.POST("/",
					apptest.Add(t, apptest.Status(http.StatusNoContent), flashgin.Info("text")))
				v := a.Visitor()
				v.Post("/")
				shown, rest := "", "[text]"
				if test.shows {
					shown, rest = rest, shown
				}
				assert.Equal(t, shown, v.Get("/", test.header...))
				assert.Equal(t, rest, v.Get("/"), "what is not shown waits")
			})
		}
	}
}

// An origin that may ask, but not with cookies, reads nothing that is somebody's.
func TestAnOriginWithoutCredentials(t *testing.T) {
	for _, allowed := range []string{"*", "https://spa.example"} {
		a := apptest.NewApp(t, flashgin.Config{})
		a.Use(func(c *gin.Context) { c.Header("Access-Control-Allow-Origin", allowed) })
		a.GET("/", apptest.Page)
		a.POST("/", apptest.Add(t, apptest.Status(http.StatusNoContent), flashgin.Info("text")))
		v := a.Visitor()
		v.Post("/")
		assert.Empty(t, v.Get("/", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors",
			"Origin", "https://spa.example"))
		assert.Equal(t, "[text]", v.Get("/"))
	}
}

// A form of this origin whose page keeps its address to itself has the Origin "null". Its answer is
// a page all the same.
func TestAFormWithoutAnOrigin(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.POST("/", apptest.Add(t, apptest.Page, flashgin.Info("text")))
	assert.Equal(t, "[text]", a.Visitor().Post("/", "Origin", "null").Body.String())
}
