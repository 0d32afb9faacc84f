package answers_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// Requests whose answer nobody reads as a page get no messages, and leave them to the one that
// does.
func TestRequestsThatShowNothing(t *testing.T) {
	type row struct {
		name, method string
		header       []string
	}
	tests := []row{
		{name: "HEAD", method: http.MethodHead},
		{name: "prefetch", header: []string{"Sec-Purpose", "prefetch"}},
		{name: "prerender", header: []string{"Sec-Purpose", "prefetch;prerender"}},
		{
			name:   "prefetch through a proxy of the browser's",
			header: []string{"Sec-Purpose", "prefetch;anonymous-client-ip"},
		},
		{name: "prerender alone", header: []string{"Sec-Purpose", "prerender"}},
		{name: "prefetch in upper case", header: []string{"Sec-Purpose", "PREFETCH"}},
		{
			name:   "prefetch in a second header line",
			header: []string{"Sec-Purpose", "other", "Sec-Purpose", "prefetch"},
		},
		{name: "Turbo", header: []string{"X-Sec-Purpose", "prefetch"}},
		{name: "old browsers", header: []string{"Purpose", "prefetch"}},
	}
	for _, dest := range []string{
		"image", "style", "script", "font", "audio", "video", "track", "manifest", "worker",
		"object", "embed", "sharedworker", "serviceworker", "audioworklet", "paintworklet", "json",
		"text", "xslt", "speculationrules", "report", "webidentity", "hologram",
	} {
		tests = append(tests, row{name: dest, header: []string{"Sec-Fetch-Dest", dest}})
	}
	for _, test := range tests {
		for _, kind := range []struct {
			name       string
			handler    gin.HandlerFunc
			none, both string // what the page says
		}{
			{"template", apptest.Page, "", "[for you][anywhere]"},
			{"Flashes", apptest.JSONPage, "[]", `["for you","anywhere"]`},
		} {
			t.Run(test.name+"/"+kind.name, func(t *testing.T) {
				a := apptest.NewApp(t, flashgin.Config{})
				a.Match([]string{http.MethodGet, http.MethodHead}, "/", kind.handler)
				a.POST("/", apptest.Add(t, apptest.Status(http.StatusNoContent),
					flashgin.Info("for you").At("/"),
					flashgin.Info("anywhere").At(flashgin.Anywhere)))
				visitor := a.Visitor()
				visitor.Post("/")

				method := test.method
				if method == "" {
					method = http.MethodGet
				}
				answer := visitor.Do(method, "/", test.header...)
				assert.Equal(t, http.StatusOK, answer.Code)
				assert.Equal(t, kind.none, answer.Body.String())
				assert.Empty(t, answer.Header().Get("Cache-Control"),
					"an answer without messages is not ours to change")
				assert.Equal(t, kind.both, visitor.Get("/"), "all of them wait")
			})
		}
	}
}

// These destinations are pages, or parts of one that a script asks for.
func TestRequestsThatShowMessages(t *testing.T) {
	for _, test := range []struct {
		name, dest string
		want       string
	}{
		{name: "an old browser", want: "[route][path][anywhere]"},
		{name: "a page", dest: "document", want: "[route][path][anywhere]"},
		{name: "fetch", dest: "empty", want: "[route][path][anywhere]"},
		// A frame is not the page that the user waits for, though it may be the one that was
		// addressed.
		{name: "iframe", dest: "iframe", want: "[route][path]"},
		{name: "frame", dest: "frame", want: "[route][path]"},
		{name: "fencedframe", dest: "fencedframe", want: "[route][path]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.GET("/problems/:id", apptest.Page)
			a.POST("/", apptest.Add(t, apptest.Status(http.StatusNoContent),
				flashgin.Info("route").At("/problems/:id"), flashgin.Info("path").At("/problems/1"),
				flashgin.Info("anywhere").At(flashgin.Anywhere)))
			visitor := a.Visitor()
			visitor.Post("/")
			var header []string
			if test.dest != "" {
				header = []string{"Sec-Fetch-Dest", test.dest, "Sec-Purpose", "other",
					"Purpose", "x"}
			}
			assert.Equal(t, test.want, visitor.Get("/problems/1", header...))
			rest := "[anywhere]"
			if test.want == "[route][path][anywhere]" {
				rest = ""
			}
			assert.Equal(t, rest, visitor.Get("/problems/1"))
		})
	}
}

// What a frame adds for any page is for the page around it.
func TestAFrameDoesNotShowWhatItAddsForAnywhere(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/frame", apptest.Add(t, apptest.Page, flashgin.Info("anywhere").At(flashgin.Anywhere),
		flashgin.Info("here")))
	a.GET("/", apptest.Page)
	visitor := a.Visitor()
	assert.Equal(t, "[here]", visitor.Get("/frame", "Sec-Fetch-Dest", "iframe"))
	assert.Equal(t, "[anywhere]", visitor.Get("/"))
}

// Answers that send the user on show nothing, so they take nothing, even if the handler asks.
func TestAnswersThatShowNothing(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
	}{
		{"300", func(c *gin.Context) { c.HTML(http.StatusMultipleChoices, "page", nil) }},
		{"301", func(c *gin.Context) { c.Redirect(http.StatusMovedPermanently, "/elsewhere") }},
		{"303", apptest.Redirect("/elsewhere")},
		{"303 with a page", func(c *gin.Context) {
			c.Header("Location", "/elsewhere")
			c.HTML(http.StatusSeeOther, "page", nil)
		}},
		{"304", func(c *gin.Context) { c.HTML(http.StatusNotModified, "page", nil) }},
		{"HX-Redirect", func(c *gin.Context) {
			c.Header("HX-Redirect", "/elsewhere")
			apptest.Page(c)
		}},
		{"HX-Location", func(c *gin.Context) {
			c.Header("HX-Location", "/elsewhere")
			apptest.Page(c)
		}},
		{"HX-Refresh", func(c *gin.Context) { c.Header("HX-Refresh", "true"); apptest.Page(c) }},
		{"Flashes, then a redirect", func(c *gin.Context) {
			assert.Len(t, flashgin.Flashes(c), 1)
			c.Redirect(http.StatusSeeOther, "/elsewhere")
		}},
		{"Flashes, then HX-Redirect", func(c *gin.Context) {
			assert.Len(t, flashgin.Flashes(c), 1)
			c.Header("HX-Redirect", "/elsewhere")
			c.Status(http.StatusOK)
		}},
		{"a page that does not call flashes", func(c *gin.Context) {
			c.String(http.StatusOK, "plain")
		}},
		{"204", apptest.Status(http.StatusNoContent)},
		{"a template with 204, which Gin does not execute", func(c *gin.Context) {
			c.HTML(http.StatusNoContent, "page", nil)
		}},
		{"only a look", func(c *gin.Context) {
			assert.Len(t, flashgin.PeekFlashes(c), 1)
			assert.Len(t, flashgin.PeekFlashes(c), 1, "and another")
			c.Status(http.StatusOK)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			show := false
			a.GET("/", func(c *gin.Context) {
				if show {
					apptest.Page(c)
					return
				}
				test.answer(c)
			})
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("kept")))
			visitor := a.Visitor()
			visitor.Post("/")
			for range 2 {
				assert.NotContains(t, visitor.Get("/"), "kept")
			}
			show = true
			assert.Equal(t, "[kept]", visitor.Get("/"))
			assert.Empty(t, visitor.Get("/"))
		})
	}
}

// An error page that is rendered when the middleware has ended, as by gin.CustomRecovery outside,
// shows a list of none and takes nothing.
func TestAPageAfterTheMiddlewareHasEnded(t *testing.T) {
	a := apptest.NewAppBehind(t, flashgin.Config{},
		gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
			assert.Empty(t, flashgin.Flashes(c))
			assert.Empty(t, flashgin.PeekFlashes(c))
			c.HTML(http.StatusInternalServerError, "page", nil)
		}))
	a.Template("page", `the page{{range flashes}}[{{.Text}}]{{end}}`)
	broken := true
	a.GET("/", func(c *gin.Context) {
		if broken {
			panic("on purpose")
		}
		apptest.Page(c)
	})
	a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("kept")))
	visitor := a.Visitor()
	visitor.Post("/")

	answer := visitor.Do(http.MethodGet, "/")
	assert.Equal(t, http.StatusInternalServerError, answer.Code)
	assert.Equal(t, "the page", answer.Body.String())
	broken = false
	assert.Equal(t, "the page[kept]", visitor.Get("/"))
}

// A page with messages in it is nobody else's, and nobody's again.
func TestAPageWithMessagesIsKeptOutOfCaches(t *testing.T) {
	cached := func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=3600")
		c.Header("ETag", `"v1"`)
		c.Header("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		c.Header("Expires", "Mon, 02 Jan 2036 15:04:05 GMT")
		c.Header("Vary", "Accept")
	}
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
	}{
		{"by template", func(c *gin.Context) { cached(c); apptest.Page(c) }},
		{"by Flashes", func(c *gin.Context) { cached(c); apptest.JSONPage(c) }},
		{"headers set after Flashes", func(c *gin.Context) {
			list := flashgin.Flashes(c)
			cached(c)
			c.JSON(http.StatusOK, apptest.Texts(list))
		}},
		{"by PeekFlashes", func(c *gin.Context) {
			cached(c)
			c.JSON(http.StatusOK, apptest.Texts(flashgin.PeekFlashes(c)))
		}},
		{"without a body", func(c *gin.Context) {
			cached(c)
			flashgin.Flashes(c)
			c.Status(http.StatusOK)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.GET("/", test.answer)
			a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("x")))
			visitor := a.Visitor()

			untouched := func() {
				t.Helper()
				header := visitor.Do(http.MethodGet, "/").Header()
				assert.Equal(t, "public, max-age=3600", header.Get("Cache-Control"))
				assert.Equal(t, `"v1"`, header.Get("ETag"))
				assert.NotEmpty(t, header.Get("Last-Modified"))
				assert.NotEmpty(t, header.Get("Expires"))
			}
			untouched()
			visitor.Post("/")
			header := visitor.Do(http.MethodGet, "/").Result().Header
			assert.Equal(t, []string{"private, no-store"}, header.Values("Cache-Control"))
			for _, name := range []string{"ETag", "Last-Modified", "Expires"} {
				assert.NotContains(t, header, http.CanonicalHeaderKey(name))
			}
			assert.Equal(t, "Accept", header.Get("Vary"), "the rest is the handler's")
			// the message was shown
			if test.name != "by PeekFlashes" && test.name != "without a body" {
				untouched()
			}
		})
	}
}

// A page that shows messages of its own request is no less private.
func TestAPageWithItsOwnMessagesIsKeptOutOfCaches(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/", apptest.Add(t, apptest.Page, flashgin.Info("own")))
	answer := a.Visitor().Do(http.MethodGet, "/")
	assert.Equal(t, "[own]", answer.Body.String())
	assert.Equal(t, "private, no-store", answer.Header().Get("Cache-Control"))
}
