package messages_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A message without a View waits where the answer sends the user, and nowhere else.
func TestWhereTheAnswerSendsTheUser(t *testing.T) {
	pages := []string{"/settings", "/other", "/problems/107", "/problems/108", "/orders/5",
		"/files/a/b", "/names/1:2", `/names/\other`, "/a b", "/"}
	written := func(name, value string) gin.HandlerFunc {
		return func(c *gin.Context) { c.Header(name, value); c.Status(http.StatusSeeOther) }
	}
	for _, test := range []struct {
		name   string
		post   string // the path that is posted to; /settings if empty
		header []string
		answer gin.HandlerFunc
		page   string
		report string // part of what OnError is told; nothing if empty
	}{
		{name: "redirect to its own route", answer: apptest.Redirect("/settings"),
			page: "/settings"},
		{name: "redirect to another route", answer: apptest.Redirect("/other"), page: "/other"},
		{name: "redirect with a parameter", answer: apptest.Redirect("/problems/108"),
			page: "/problems/108"},
		{name: "redirect with query and fragment", answer: apptest.Redirect("/other?tab=2#end"),
			page: "/other"},
		{name: "redirect with a trailing slash", answer: apptest.Redirect("/other/"),
			page: "/other"},
		{name: "redirect to an escaped path", answer: apptest.Redirect("/a%20b"), page: "/a b"},
		{name: "redirect to an uncleaned path", answer: apptest.Redirect("/x/..//other"),
			page: "/other"},
		{name: "redirect to the root", answer: apptest.Redirect("/"), page: "/"},
		{name: "redirect to the root of the host", answer: apptest.Redirect("http://example.com"),
			page: "/"},
		{name: "302", answer: func(c *gin.Context) {
			c.Redirect(http.StatusFound, "/other")
		}, page: "/other"},
		{name: "307", answer: func(c *gin.Context) {
			c.Redirect(http.StatusTemporaryRedirect, "/other")
		}, page: "/other"},
		{name: "308", answer: func(c *gin.Context) {
			c.Redirect(http.StatusPermanentRedirect, "/other")
		}, page: "/other"},
		{name: "201 with a Location does not send anybody anywhere", page: "/settings",
			answer: func(c *gin.Context) {
				c.Header("Location", "/other")
				c.Status(http.StatusCreated)
			}},

		{name: "this host, absolute", answer: apptest.Redirect("http://example.com/other"),
			page: "/other"},
		{name: "this host, without a scheme", answer: apptest.Redirect("//example.com/other"),
			page: "/other"},
		{name: "this host behind a proxy that ends TLS",
			answer: apptest.Redirect("https://example.com/other"), page: "/other"},
		{name: "this host in upper case", answer: apptest.Redirect("HTTP://EXAMPLE.COM/other"),
			page: "/other"},
		{name: "this host with the default port of http",
			answer: apptest.Redirect("http://example.com:80/other"), page: "/other"},
		{name: "this host with the default port of https",
			answer: apptest.Redirect("https://example.com:443/other"), page: "/other"},
		{
			name:   "the host that a proxy was asked for",
			header: []string{"X-Forwarded-Host", "shop.example, inner.example"},
			answer: apptest.Redirect("https://shop.example/other"), page: "/other",
		},
		{
			name:   "another host: the message waits here",
			answer: apptest.Redirect("https://elsewhere.example/other"),
			page:   "/settings", report: "another host",
		},
		{
			name:   "another port is another host",
			answer: apptest.Redirect("http://example.com:8080/other"),
			page:   "/settings", report: "another host",
		},
		{
			name:   "an address of mail is no page",
			answer: apptest.Redirect("mailto:someone@example.com"),
			page:   "/settings", report: "another host",
		},
		{
			name: "a Location that is no URL", page: "/settings", report: "another host",
			answer: func(c *gin.Context) {
				c.Header("Location", "http://exa mple/%zz")
				c.Status(http.StatusSeeOther)
			},
		},

		{name: "relative", post: "/problems/108", answer: apptest.Redirect("107"),
			page: "/problems/107"},
		// The handler writes these headers itself: http.Redirect would resolve a relative Location.
		{
			name: "relative, left to the browser", post: "/problems/108", page: "/other",
			answer: func(c *gin.Context) {
				c.Header("Location", "../other")
				c.Status(http.StatusSeeOther)
			},
		},
		{
			name: "only a query, left to the browser", post: "/problems/108", page: "/problems/108",
			answer: func(c *gin.Context) {
				c.Header("Location", "?x=1")
				c.Status(http.StatusSeeOther)
			},
		},
		{
			name: "a name with a colon, left to the browser", post: "/names/x", page: "/names/1:2",
			answer: written("Location", "1:2"),
		},
		{name: "a trailing space", answer: written("Location", "/other "), page: "/other"},
		{name: "space all around", answer: written("Location", "\t /other\r\n\x00"),
			page: "/other"},
		{name: "a tab in it", answer: written("Location", "/ot\ther"), page: "/other"},
		{name: "a trailing space of RedirectFlash", page: "/other", answer: func(c *gin.Context) {
			_ = flashgin.RedirectFlash(c, "/other ")
		}},
		{name: "an escaped space stays", answer: written("Location", "/a%20b"), page: "/a b"},
		{name: "a space in it is one", answer: written("Location", "/a b"), page: "/a b"},
		{name: "backslashes", answer: written("Location", `\x\..\other\`), page: "/other"},
		{name: "an escaped backslash is no slash", answer: written("Location", `/names/%5Cother`),
			page: `/names/\other`},
		{name: "a backslash in the query is no slash",
			answer: written("Location", `/other?a=\..\x`), page: "/other"},
		{name: "a query that is not escaped", answer: written("Location", "/other?a=100%&b"),
			page: "/other"},
		{name: "a fragment that is not escaped", answer: written("Location", "/other#100%"),
			page: "/other"},
		{name: "escaped dots", answer: written("Location", "/x/%2e%2E/other"), page: "/other"},
		{name: "dots and empty segments", answer: written("Location", "/files//../a/b"),
			page: "/files/a/b"},
		{name: "this host, with backslashes",
			answer: written("Location", `http:\\example.com\other`), page: "/other"},
		{name: "this host, with slashes too many",
			answer: written("Location", "http:////example.com/other"), page: "/other"},
		{name: "this host, with somebody's name",
			answer: written("Location", "http://a:b@example.com/other"), page: "/other"},
		{
			name:   "a backslash leads to another host",
			answer: written("Location", `/\elsewhere.example/other`),
			page:   "/settings", report: "another host",
		},
		{
			name:   "three slashes lead to another host",
			answer: written("Location", "///elsewhere.example/other"),
			page:   "/settings", report: "another host",
		},
		{
			name:   "spaces hide another host",
			answer: written("Location", " \thttps://elsewhere.example/other"),
			page:   "/settings", report: "another host",
		},
		{
			name: "nothing but slashes", answer: written("Location", "//"),
			page: "/settings", report: "another host",
		},
		{
			name: "a redirect without a Location", page: "/settings",
			answer: apptest.Status(http.StatusSeeOther),
		},

		{name: "HX-Redirect", answer: apptest.Header("HX-Redirect", "/other"), page: "/other"},
		{name: "HX-Location", answer: apptest.Header("HX-Location", "/other"), page: "/other"},
		{name: "HX-Location as JSON",
			answer: apptest.Header("HX-Location", `{"path":"/other","target":"#main"}`),
			page:   "/other"},
		{
			name:   "HX-Refresh",
			header: []string{"HX-Current-URL", "http://example.com/problems/107?x=1"},
			answer: apptest.Header("HX-Refresh", "true"), page: "/problems/107",
		},
		{name: "HX-Refresh from a client that does not say where it is",
			answer: apptest.Header("HX-Refresh", "true"), page: "/settings"},
		{name: "HX-Redirect with a trailing space",
			answer: apptest.Header("HX-Redirect", "/other "), page: "/other"},
		{name: "HX-Location as JSON, with spaces",
			answer: apptest.Header("HX-Location", ` {"path":" /ot\nher "}`), page: "/other"},
		{
			name:   "HX-Redirect with a backslash",
			answer: apptest.Header("HX-Redirect", `/\elsewhere.example/other`),
			page:   "/settings", report: "another host",
		},
		{
			name:   "a relative HX-Redirect starts at the page on screen",
			answer: apptest.Header("HX-Redirect", "108"),
			header: []string{"HX-Current-URL", "http://example.com/problems/107"},
			page:   "/problems/108",
		},
		{
			name:   "a relative HX-Location starts at the page on screen",
			answer: apptest.Header("HX-Location", `{"path":"108"}`),
			header: []string{"HX-Current-URL", "http://example.com/problems/107"},
			page:   "/problems/108",
		},
		{
			name:   "a relative HX-Redirect where the page on screen is not known",
			post:   "/problems/107",
			answer: apptest.Header("HX-Redirect", "108"), page: "/problems/108",
		},
		{
			name:   "HX-Refresh with spaces",
			header: []string{"HX-Current-URL", "http://example.com/problems/107?x=100%#%"},
			answer: apptest.Header("HX-Refresh", " true "), page: "/problems/107",
		},
		{name: "HX-Refresh: false", answer: apptest.Header("HX-Refresh", "false"),
			page: "/settings"},

		{name: "204", answer: apptest.Status(http.StatusNoContent), page: "/settings"},
		{name: "204 on a route with a parameter", post: "/problems/108",
			answer: apptest.Status(http.StatusNoContent), page: "/problems/108"},
		{name: "204 where GET names its parameter otherwise", post: "/orders/5",
			answer: apptest.Status(http.StatusNoContent), page: "/orders/5"},
		{name: "204 on a catch-all route", post: "/files/a/b",
			answer: apptest.Status(http.StatusNoContent), page: "/files/a/b"},
		{name: "404 that shows nothing", answer: apptest.Status(http.StatusNotFound),
			page: "/settings"},
		{name: "500 that shows nothing", answer: apptest.Status(http.StatusInternalServerError),
			page: "/settings"},
		{name: "JSON", answer: func(c *gin.Context) {
			c.JSON(http.StatusOK, gin.H{"ok": true})
		}, page: "/settings"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			for _, route := range []string{"/settings", "/other", "/problems/:id",
				"/orders/:number", "/files/*path", "/names/:name", "/a b", "/"} {
				a.GET(route, apptest.Page)
			}
			answer := apptest.Add(t, test.answer, flashgin.Success("saved"))
			for _, route := range []string{"/settings", "/problems/:key", "/orders/:id",
				"/files/*file", "/names/:of"} {
				a.POST(route, answer)
			}
			visitor := a.Visitor()
			post := test.post
			if post == "" {
				post = "/settings"
			}

			visitor.Post(post, test.header...)
			for _, path := range pages {
				// Two problems are one route, so a message for the route may be shown by either.
				if path != test.page && !(post == "/problems/108" && test.page == "/problems/108") {
					assert.Empty(t, visitor.Get(escaped(path)), path)
				}
			}
			assert.Equal(t, "[saved]", visitor.Get(escaped(test.page)))
			if test.report == "" {
				assert.Empty(t, a.Failures.String())
				return
			}
			require.Len(t, a.Failures.All(), 1)
			assert.ErrorIs(t, a.Failures.All()[0], flashgin.ErrNoView)
			assert.ErrorContains(t, a.Failures.All()[0], test.report)
		})
	}
}

func TestRedirectToAnotherHostStillRedirects(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.POST("/settings",
		apptest.Add(t, apptest.Redirect("https://elsewhere.example/"), flashgin.Info("x")))
	answer := a.Visitor().Post("/settings")
	assert.Equal(t, http.StatusSeeOther, answer.Code)
	assert.Equal(t, "https://elsewhere.example/", answer.Header().Get("Location"))
}

// A POST that answers with its page, such as a form with mistakes in it, shows the message at once.
func TestAnAnswerThatRendersShowsItsMessagesAtOnce(t *testing.T) {
	for _, code := range []int{http.StatusOK, http.StatusUnprocessableEntity,
		http.StatusInternalServerError} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{})
			a.GET("/settings", apptest.Page)
			a.POST("/settings", apptest.Add(t, func(c *gin.Context) { c.HTML(code, "page", nil) },
				flashgin.Error("name missing")))
			visitor := a.Visitor()

			answer := visitor.Post("/settings")
			assert.Equal(t, code, answer.Code)
			assert.Equal(t, "[name missing]", answer.Body.String())
			assert.Zero(t, apptest.CookiesOf(answer), "nothing had to be kept")
			assert.Empty(t, visitor.Get("/settings"))
		})
	}
}

// A message that nobody would see is an error that says what to do.
func TestAMessageThatNoPageWouldShow(t *testing.T) {
	for _, test := range []struct {
		name, post string
		prepare    func(*apptest.App)
	}{
		{name: "a POST route without a GET route", post: "/api/save"},
		{name: "a route that only looks like a page's", post: "/pages/1/save"},
		{name: "no route", post: "/nowhere", prepare: func(a *apptest.App) {
			a.NoRoute(apptest.Add(a.T, apptest.Status(http.StatusNoContent),
				flashgin.Success("saved")))
		}},
		{name: "no method", post: "/pages/1", prepare: func(a *apptest.App) {
			a.HandleMethodNotAllowed = true
			a.NoMethod(apptest.Add(a.T, apptest.Status(http.StatusNoContent),
				flashgin.Success("saved")))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := new(apptest.LockedBuffer)
			a := apptest.NewApp(t, flashgin.Config{Logger: apptest.LogTo(log)})
			var inGin []error
			a.Use(func(c *gin.Context) {
				c.Next()
				c.Writer.WriteHeaderNow()
				for _, err := range c.Errors {
					inGin = append(inGin, err.Err)
				}
			})
			a.GET("/pages/:id", apptest.Page)
			a.POST("/api/save", apptest.Add(t, apptest.Status(http.StatusNoContent),
				flashgin.Success("saved"), flashgin.Success("twice")))
			a.POST("/pages/:id/save",
				apptest.Add(t, apptest.Status(http.StatusNoContent), flashgin.Success("saved")))
			if test.prepare != nil {
				test.prepare(a)
			}

			answer := a.Visitor().Post(test.post)
			assert.Equal(t, http.StatusNoContent, answer.Code)
			assert.Zero(t, apptest.CookiesOf(answer),
				"nothing is stored, so the session needs no key")
			require.Len(t, a.Failures.All(), 1, "one answer, one mistake")
			require.Len(t, inGin, 1)
			for where, err := range map[string]error{"OnError": a.Failures.All()[0],
				"c.Errors": inGin[0]} {
				assert.ErrorIs(t, err, flashgin.ErrNoView, where)
				for _, wayOut := range []string{"At", "RedirectFlash", "POST"} {
					assert.ErrorContains(t, err, wayOut, where)
				}
			}
			assert.Contains(t, log.String(), "RedirectFlash")
		})
	}
}

func TestAMessageWithAViewNeedsNoPageOfItsOwn(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/home", apptest.Page)
	a.POST("/api/save", apptest.Add(t, apptest.Status(http.StatusNoContent),
		flashgin.Success("saved").At("/home"), flashgin.Success("seen").At(flashgin.Anywhere)))
	visitor := a.Visitor()
	visitor.Post("/api/save")
	assert.Equal(t, "[saved][seen]", visitor.Get("/home"))
	assert.Empty(t, a.Failures.String())
}

// A GET opens its own route, and so does a page that no route serves.
func TestAGetThatShowsNothing(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	show := true
	handler := func(c *gin.Context) {
		if show {
			apptest.Page(c)
			return
		}
		apptest.Add(t, apptest.Status(http.StatusOK), flashgin.Info("later"))(c)
	}
	a.GET("/problems/:id", handler)
	a.NoRoute(handler)
	visitor := a.Visitor()
	for _, path := range []string{"/problems/1", "/one-page-application"} {
		show = false
		visitor.Get(path)
		show = true
		assert.Equal(t, "[later]", visitor.Get(path), path)
	}
}

// Behind a proxy that strips a prefix, browsers see paths that the engine does not.
func TestPrefix(t *testing.T) {
	for _, test := range []struct {
		name, location string
		view           string
		page           string
	}{
		{name: "a redirect names the path that the browser sees", location: "/app/settings",
			page: "/app/settings"},
		{name: "the prefix alone", location: "/app", page: "/app/"},
		{name: "an absolute redirect", location: "http://example.com/app/settings?x=1",
			page: "/app/settings"},
		{name: "At may be given either", location: "/app/settings", view: "/other",
			page: "/app/other"},
		{name: "At with the prefix", location: "/app/settings", view: "/app/other",
			page: "/app/other"},
		{name: "a path that only begins alike", location: "/apple", page: "/app/apple"},
	} {
		for _, prefix := range []string{"/app", "/app/"} {
			t.Run(test.name+" "+prefix, func(t *testing.T) {
				a := apptest.NewApp(t, flashgin.Config{Prefix: prefix})
				for _, route := range []string{"/", "/settings", "/other", "/apple"} {
					a.GET(route, apptest.Page)
				}
				a.POST("/settings", apptest.Add(t, apptest.Redirect(test.location),
					flashgin.Success("saved").At(test.view)))
				visitor := apptest.NewVisitor(t, http.StripPrefix("/app", a))
				visitor.Post("/app/settings")
				assert.Equal(t, "[saved]", visitor.Get(test.page))
				assert.Empty(t, a.Failures.String())
			})
		}
	}
}

// A prefix may be written as a browser shows it or as it sends it.
func TestPrefixSpellings(t *testing.T) {
	for _, prefix := range []string{"/café 1", "/caf%C3%A9%201", "/caf%c3%a9%201/",
		"/x/../café%201//"} {
		t.Run(prefix, func(t *testing.T) {
			a := apptest.NewApp(t, flashgin.Config{Prefix: prefix})
			a.GET("/settings", apptest.Page)
			a.POST("/settings", apptest.Add(t, apptest.Redirect("/caf%C3%A9%201/settings"),
				flashgin.Success("saved"), flashgin.Success("sent").At("/café 1/settings")))
			visitor := apptest.NewVisitor(t, http.StripPrefix("/café 1", a))
			visitor.Post("/caf%C3%A9%201/settings")
			assert.Equal(t, "[saved][sent]", visitor.Get("/caf%C3%A9%201/settings"))
		})
	}
}

// Config.View gives pages a name of the application's own.
func TestConfigView(t *testing.T) {
	dashboards := func(c *gin.Context) string {
		if c.Query("board") == "" {
			return ""
		}
		return "board " + c.Query("board")
	}
	a := apptest.NewApp(t, flashgin.Config{View: dashboards})
	a.GET("/board", apptest.Page)
	a.POST("/board",
		apptest.Add(t, apptest.Status(http.StatusNoContent), flashgin.Success("saved")))
	a.POST("/api/save",
		apptest.Add(t, apptest.Status(http.StatusNoContent), flashgin.Success("by api")))
	a.POST("/leave", apptest.Add(t, apptest.Redirect("/board"), flashgin.Success("redirected")))
	visitor := a.Visitor()

	visitor.Post("/board?board=1")
	assert.Empty(t, visitor.Get("/board?board=2"), "another board, though the route is the same")
	assert.Equal(t, "[saved]", visitor.Get("/board?board=1"))

	visitor.Post("/api/save?board=2")
	assert.Equal(t, "[by api]", visitor.Get("/board?board=2"),
		"the name stands in for the route that cannot be opened")

	visitor.Post("/board")
	assert.Equal(t, "[saved]", visitor.Get("/board?board=2"), "without a name, the route")

	visitor.Post("/leave?board=1")
	assert.Equal(t, "[redirected]", visitor.Get("/board?board=2"),
		"a redirect says where the user goes")
	assert.Empty(t, a.Failures.String())
}

// Where two hops lie between a message and its page, it waits at neither of them if it is
// addressed.
func TestAMessageSurvivesRedirectsUntilItsPage(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/", apptest.Redirect("/en/"))
	a.GET("/en/", apptest.Redirect("/en/home"))
	a.GET("/en/home", apptest.Page)
	a.POST("/login", apptest.Add(t, apptest.Redirect("/"),
		flashgin.Success("welcome").At(flashgin.Anywhere), flashgin.Info("news").At("/en/home")))
	visitor := a.Visitor()
	visitor.Post("/login")
	for _, hop := range []string{"/", "/en/"} {
		require.Equal(t, http.StatusSeeOther, visitor.Do(http.MethodGet, hop).Code)
	}
	assert.Equal(t, "[welcome][news]", visitor.Get("/en/home"))
}

// The same message on two answers in a row is two messages.
func TestEqualMessagesAreNotMerged(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	a.GET("/settings", apptest.Page)
	a.POST("/settings", apptest.Add(t, apptest.Redirect("/settings"), flashgin.Success("saved")))
	visitor := a.Visitor()
	visitor.Post("/settings")
	visitor.Post("/settings")
	assert.Equal(t, "[saved][saved]", visitor.Get("/settings"))
}

// escaped writes a path as in an href.
func escaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// Where the browser stays on its page, what is added waits for that one.
func TestWhereTheBrowserStays(t *testing.T) {
	attachment := func(c *gin.Context) {
		c.Header("Content-Disposition", `Attachment; filename="a.csv"`)
		c.String(http.StatusOK, "a,b")
	}
	page, elsewhere := "http://example.com/settings?tab=1", "https://elsewhere.example/settings"
	const dest, mode = "Sec-Fetch-Dest", "Sec-Fetch-Mode"
	for _, test := range []struct {
		name   string
		method string
		answer gin.HandlerFunc
		header []string
		page   string // "" is ErrNoView
	}{
		{"a download", "GET", attachment, []string{"Referer", page}, "/settings"},
		{"a download after a form", "POST", attachment, []string{"Referer", page}, "/settings"},
		{"a download that names no page", "GET", attachment, nil, ""},
		{"a download of another host's page", "GET", attachment,
			[]string{"Referer", elsewhere}, ""},
		{"204", "GET", apptest.Status(204), []string{"Referer", page}, "/settings"},
		{"204 to a form", "POST", apptest.Status(204), []string{"Referer", page}, "/settings"},
		{"205", "POST", apptest.Status(205), []string{"Referer", page}, "/settings"},
		{"a beacon of text", "POST", apptest.Data(200, "text/plain", "ok"),
			[]string{"Referer", page, mode, "no-cors", dest, "empty"}, "/settings"},
		{"a beacon of JSON", "POST", apptest.Data(200, "text/plain", "ok"),
			[]string{"Referer", page, mode, "cors", dest, "empty"}, "/settings"},
		{"a script without a page", "POST", apptest.Data(200, "text/plain", "ok"), nil, ""},
		{"a report", "POST", apptest.Data(200, "text/plain", "ok"),
			[]string{"Referer", page, dest, "report", mode, "no-cors"}, "/settings"},
		{"a report by plain http", "POST", apptest.Data(200, "text/plain", "ok"),
			[]string{"Referer", page, "Content-Type", "application/csp-report"}, "/settings"},
		{"a ping of a link to another host", "POST", apptest.Data(200, "text/plain", "ok"),
			[]string{"Ping-From", page, "Ping-To", elsewhere, "Content-Type", "text/ping"},
			"/settings"},
		{"a ping of a link of this host", "POST", apptest.Data(200, "text/plain", "ok"),
			[]string{"Ping-From", page, "Ping-To", "http://example.com/other"}, "/other"},
		{"a ping without a page", "POST", apptest.Data(200, "text/plain", "ok"),
			[]string{"Content-Type", "text/ping"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			add := apptest.Add(t, test.answer, flashgin.Info("saved"))
			if test.method == http.MethodGet {
				a.GET("/file", add)
			} else {
				a.POST("/save", add)
			}
			a.GET("/settings", apptest.Page)
			a.GET("/other", apptest.Page)
			path := map[string]string{"GET": "/file", "POST": "/save"}[test.method]
			a.Visit(test.method, path, test.header...)
			if test.page == "" {
				require.Len(t, a.Failures.All(), 1)
				assert.ErrorIs(t, a.Failures.All()[0], flashgin.ErrNoView)
				return
			}
			assert.Empty(t, a.Failures.String())
			assert.Equal(t, "[saved]", a.Shown(test.page))
		})
	}
}
