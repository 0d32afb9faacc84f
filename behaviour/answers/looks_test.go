package answers_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// What browsers send over plain http, without Sec-Fetch headers. For data, no more than that.
const (
	acceptsPage  = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	acceptsImage = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
	acceptsStyle = "text/css,*/*;q=0.1"
)

// A page in the place of an image, a style sheet or a script that is missing leaves messages to the
// page that its user sees.
func TestErrorPageForWhatIsNoPageLeavesMessages(t *testing.T) {
	for _, test := range []struct {
		name, accept string
		want, data   string // what a template shows, and a handler gets
	}{
		{"nothing is said", "", "[kept]", `["kept"]`},
		{"a page", acceptsPage, "[kept]", `["kept"]`},
		{"an image, a favicon", acceptsImage, "", "[]"},
		{"a style sheet", acceptsStyle, "", "[]"},
		{"a script", "*/*", "", `["kept"]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			missing := func(c *gin.Context) { c.HTML(http.StatusNotFound, "page", nil) }
			for kind, handler := range map[string]gin.HandlerFunc{
				"template": missing,
				"Markup": func(c *gin.Context) {
					c.Status(http.StatusNotFound)
					_, _ = c.Writer.WriteString(string(flashgin.Markup(c)))
				},
				"Flashes": func(c *gin.Context) {
					c.JSON(http.StatusNotFound, apptest.Texts(flashgin.Flashes(c)))
				},
			} {
				for _, path := range []string{"/missing", "/products/5"} {
					a := apptest.NewBoard(t)
					a.GET("/", apptest.Page)
					a.GET("/products/:id", handler)
					a.NoRoute(handler)
					a.Leave(flashgin.Info("kept"))
					want := test.want
					if kind == "Flashes" {
						want = test.data
					}
					left := "[kept]"
					if want == "[kept]" || want == `["kept"]` {
						left = ""
					}
					var header []string
					if test.accept != "" {
						header = []string{"Accept", test.accept}
					}
					got := a.Visit(http.MethodGet, path, header...).Body.String()
					if kind != "Markup" {
						assert.Equal(t, want, got, kind+path)
					}
					assert.Equal(t, left, a.Left(), kind+path)
				}
			}
		})
	}
}

// fetched are the headers of fetch in a script. Nobody need look at what it gets.
func fetched(more ...string) []string {
	return append([]string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors",
		"Sec-Fetch-Dest", "empty", "Accept", "*/*", "Referer", apptest.Screen}, more...)
}

// A script that asks for messages, and is led to a page, throws the page away. It gets them in the
// header that it reads.
func TestScriptThatIsLedToAPageGetsMessagesInItsHeader(t *testing.T) {
	a := apptest.NewParts(t, flashgin.Config{})
	a.POST("/api/save", apptest.Add(t, apptest.Redirect("/other"), flashgin.Success("own")))
	a.Leave(flashgin.Info("anywhere"))
	asks := fetched("X-Get-Flash", "1")
	assertCarriesNothing(t, a.Visit("POST", "/api/save", asks...))
	answer := a.Visit("GET", "/other", asks...)
	assert.Equal(t, []string{"anywhere", "own"}, carriedIn(t, answer).notice)
	assert.Empty(t, textsIn(answer.Body.String()))
	assert.Empty(t, a.Left("/other"))
}

// fetch that was led to a page by a redirect, or fills the cache of a service worker, takes
// nothing. If somebody sees that page after all, the script of Mount gets what waits for it.
func TestPageForAScriptThatDoesNotAskLeavesMessages(t *testing.T) {
	a := apptest.NewParts(t, flashgin.Config{})
	a.Leave(flashgin.Info("kept").At("/other"))
	body := a.Visit("GET", "/other", fetched()...).Body.String()
	assert.Empty(t, textsIn(body))
	assert.Contains(t, body, "data-pull")
	assert.Equal(t, "[kept]", a.Left("/other"))
	body = a.Visit("GET", "/other", fetched("Accept", "text/html")...).Body.String()
	assert.Equal(t, []string{"kept"}, textsIn(body), "a script that puts the page in says so")

	a = apptest.NewBoard(t)
	a.GET("/", apptest.Page)
	a.Leave(flashgin.Info("kept"))
	assert.Empty(t, a.Visit("GET", "/", fetched()...).Body.String(), "without Mount")
	assert.Equal(t, "[kept]", a.Shown("/"))
}

// Unpoly asks in the same words for what it only preloads, and has its page by the script.
func TestPageOfUnpolyIsMarkedToPull(t *testing.T) {
	unpoly := fetched("X-Up-Version", "3.14.3")
	a := apptest.NewParts(t, flashgin.Config{})
	a.Leave(flashgin.Info("kept"))
	assert.Contains(t, a.Visit("GET", "/other", unpoly...).Body.String(), "data-pull")
	assert.Equal(t, "[kept]", a.Left())

	a = apptest.NewBoard(t)
	a.GET("/", apptest.Page)
	a.Leave(flashgin.Info("shown"))
	assert.Equal(t, "[shown]", a.Visit("GET", "/", unpoly...).Body.String(), "without Mount")
}

// A page that a service worker passes on is one like any other.
func TestPageByAServiceWorkerShowsMessages(t *testing.T) {
	for _, mode := range []string{"navigate", "same-origin"} {
		a := apptest.NewParts(t, flashgin.Config{})
		a.Leave(flashgin.Info("kept"))
		answer := a.Visit("GET", "/other",
			fetched("Sec-Fetch-Mode", mode, "Accept", acceptsPage)...)
		assert.Equal(t, []string{"kept"}, textsIn(answer.Body.String()), mode)
	}
}

// A service worker may throw away what navigation preload has loaded, and ask for the page itself.
func TestNavigationPreloadLeavesMessagesToTheScript(t *testing.T) {
	preload := []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document",
		"Accept", acceptsPage, "Service-Worker-Navigation-Preload", "true"}
	a := apptest.NewParts(t, flashgin.Config{})
	a.Leave(flashgin.Info("kept"))
	body := a.Visit("GET", "/other", preload...).Body.String()
	assert.Empty(t, textsIn(body))
	assert.Contains(t, body, "data-pull")
	body = a.Visit("GET", "/other", preload[:6]...).Body.String()
	assert.Equal(t, []string{"kept"}, textsIn(body))

	// Without the script, or in markup that the script does not read, the page is taken for the one
	// that is shown: most workers use it.
	a = apptest.NewBoard(t)
	a.GET("/", apptest.Page)
	a.Leave(flashgin.Info("kept"))
	assert.Equal(t, "[kept]", a.Visit("GET", "/", preload...).Body.String())
	a.Messenger.Mount(a)
	a.Leave(flashgin.Info("kept"))
	assert.Equal(t, "[kept]", a.Visit("GET", "/", preload...).Body.String())
}

// A frame of Turbo takes nothing, also where Config.Turbo is false: what is around it is thrown
// away.
func TestFrameOfTurboLeavesMessagesWithoutConfigTurbo(t *testing.T) {
	a := apptest.NewBoard(t)
	a.GET("/cart", apptest.Page)
	a.GET("/orders/:id", apptest.Page)
	a.POST("/cart", apptest.Add(t, apptest.Status(http.StatusOK), flashgin.Info("own")))
	a.Leave(flashgin.Info("kept"), flashgin.Info("in the frame").At("/cart"))
	frame := fetched("Turbo-Frame", "cart", "Accept", acceptsPage)
	assert.Empty(t, a.Visit("GET", "/cart", frame...).Body.String())
	a.Visit("POST", "/cart", frame...)
	assert.Equal(t, "[kept][own]", a.Shown("/orders/5"))
	assert.Equal(t, "[in the frame]", a.Shown("/cart"))
}

// After some answers the browser asks for the same page again: when its user has given a password,
// say. A refresh without a delay leads to another.
func TestAnswerThatIsAskedForAgainLeavesMessages(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		header []string
		want   string
	}{
		{"401", 401, []string{"WWW-Authenticate", `Basic realm="x"`}, ""},
		{"401 of an API", 401, []string{"WWW-Authenticate", "Bearer"}, "[kept]"},
		{"a login page", 401, nil, "[kept]"},
		{"407", 407, nil, ""},
		{"511", 511, nil, ""},
		{"Refresh", 200, []string{"Refresh", "0; url=/next"}, ""},
		{"Refresh that lets the user read", 200, []string{"Refresh", "5; url=/next"}, "[kept]"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for name, page := range map[string]gin.HandlerFunc{
				"template": func(c *gin.Context) { c.HTML(test.status, "page", nil) },
				"Flashes": func(c *gin.Context) {
					text := ""
					for _, m := range flashgin.Flashes(c) {
						text += "[" + m.Text + "]"
					}
					c.String(test.status, text)
				},
			} {
				a := apptest.NewBoard(t)
				a.GET("/", func(c *gin.Context) {
					for i := 0; i+1 < len(test.header); i += 2 {
						c.Header(test.header[i], test.header[i+1])
					}
					page(c)
				})
				a.Leave(flashgin.Info("kept"))
				left := "[kept]"
				if test.want != "" {
					left = ""
					assert.Equal(t, test.want, a.Shown("/"), name)
				} else {
					a.Shown("/")
				}
				assert.Equal(t, left, a.Left(), name)
			}
		})
	}
}

// What an answer adds waits where its header Refresh leads.
func TestMessageWaitsWhereARefreshLeads(t *testing.T) {
	for refresh, want := range map[string]string{
		"0; url=/next": "[own]", "0": "", "https": "", "3; url=/next": "",
	} {
		a := apptest.NewBoard(t)
		a.GET("/", apptest.Add(t, apptest.WithHeader("Refresh", refresh, apptest.Status(200)),
			flashgin.Info("own")))
		a.GET("/next", apptest.Page)
		a.Visit("GET", "/")
		assert.Equal(t, want, a.Shown("/next"), refresh)
	}
}

// kept holds what a handler writes, for middleware that answers something else.
type kept struct{ gin.ResponseWriter }

func (kept) Write(data []byte) (int, error)       { return len(data), nil }
func (kept) WriteString(text string) (int, error) { return len(text), nil }

// Middleware inside may answer that the browser has the page already, or that it has failed: the
// page that was made is seen by nobody then.
func TestPageThatMiddlewareReplacesLeavesMessages(t *testing.T) {
	for _, status := range []int{http.StatusNotModified, http.StatusNoContent, 503} {
		for name, page := range map[string]gin.HandlerFunc{
			"template": apptest.Page,
			"Markup": func(c *gin.Context) {
				c.Data(http.StatusOK, "text/html", []byte(flashgin.Markup(c)))
			},
		} {
			t.Run(http.StatusText(status)+"/"+name, func(t *testing.T) {
				a := apptest.NewBoard(t)
				a.GET("/", func(c *gin.Context) {
					writer := c.Writer
					c.Writer = kept{writer}
					c.Next()
					c.Writer = writer
					c.Status(status)
					if status == 503 {
						c.String(status, "another page")
					}
				}, page)
				a.Leave(flashgin.Info("kept"))
				a.Visit("GET", "/")
				assert.Equal(t, "[kept]", a.Left())
			})
		}
	}
	for name, answer := range map[string]gin.HandlerFunc{
		"304": apptest.Status(http.StatusNotModified),
		"a file that the browser has": func(c *gin.Context) {
			c.Header("ETag", `"v1"`)
			http.ServeContent(c.Writer, c.Request, "", time.Time{}, strings.NewReader("page"))
		},
	} {
		a := apptest.NewBoard(t)
		a.GET("/", func(c *gin.Context) {
			assert.Len(t, flashgin.Flashes(c), 1)
			answer(c)
		})
		a.Leave(flashgin.Info("kept"))
		assert.Equal(t, 304, a.Visit("GET", "/", "If-None-Match", `"v1"`).Code, name)
		assert.Equal(t, "[kept]", a.Left(), name)
	}
}

// htmx 4 asks in the same words for what it only preloads. Our script, which marks what its user
// wants, gets the messages when the answer is put into the page.
func TestAnswerThatHTMXMayHavePreloadedLeavesMessagesToTheScript(t *testing.T) {
	htmx4 := func(more ...string) []string {
		return apptest.HTMX(append([]string{"Sec-Fetch-Mode", "same-origin",
			"Sec-Fetch-Dest", "empty", "Accept", "text/html"}, more...)...)
	}
	for name, answer := range map[string]gin.HandlerFunc{
		"part": apptest.Part(200), "a template": apptest.Page, "204": apptest.Status(204),
	} {
		t.Run(name, func(t *testing.T) {
			a := apptest.NewParts(t, flashgin.Config{})
			a.GET("/part", answer)
			a.Leave(flashgin.Info("kept"))
			got := carriedIn(t, a.Visit("GET", "/part", htmx4()...))
			require.NotEmpty(t, got.pull)
			assert.Empty(t, got.trigger)
			assert.Equal(t, "[kept]", a.Left(), "it was only preloaded")
			assert.Equal(t, []string{"kept"},
				pulledBy(t, a.Visit("GET", got.pull, apptest.Asks()...)))
			empty := a.Visit("GET", "/part", htmx4()...)
			assert.Empty(t, empty.Header().Get("HX-Trigger"), "there is nothing to ask for")
			a.Leave(flashgin.Info("wanted"))
			wanted := a.Visit("GET", "/part", htmx4("X-Flash-Wanted", "1")...)
			assert.Empty(t, carriedIn(t, wanted).pull)
			assert.Empty(t, a.Left())
		})
	}
	a := apptest.NewParts(t, flashgin.Config{})
	a.Leave(flashgin.Info("kept"))
	boosted := a.Visit("GET", "/other", htmx4("HX-Boosted", "true", "HX-Request-Type", "full")...)
	assert.Contains(t, boosted.Body.String(), "data-pull", "a page")
	assert.Equal(t, "[kept]", a.Left())
}

// Chromium has loaded the page to which a form leads ahead of time, maybe. It is told to forget
// that copy, which has no message. Others do not know the header.
func TestRedirectWithAMessageDropsPagesLoadedAhead(t *testing.T) {
	chromium := []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document",
		"Sec-CH-UA", `"Not;A=Brand";v="8", "Chromium";v="156"`}
	const drop = `"prefetchCache", "prerenderCache"`
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		header []string
		want   []string
	}{
		{"Chromium", apptest.Redirect("/other"), chromium, []string{drop}},
		{"a handler's own",
			apptest.WithHeader("Clear-Site-Data", `"cookies"`, apptest.Redirect("/")),
			chromium, []string{`"cookies"`, drop}},
		{"a page", apptest.Status(422), chromium, nil},
		{"without TLS, and others", apptest.Redirect("/other"), chromium[:4], nil},
		{"fetch", apptest.Redirect("/other"), fetched(chromium[4:]...), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := apptest.NewBoard(t)
			a.GET("/", apptest.Page)
			a.GET("/other", apptest.Page)
			a.POST("/", apptest.Add(t, test.answer, flashgin.Success("saved")))
			a.POST("/silent", test.answer)
			answer := a.Visit("POST", "/", test.header...)
			assert.Equal(t, test.want, answer.Header().Values("Clear-Site-Data"))
			silent := a.Visit("POST", "/silent", test.header...).Header().Values("Clear-Site-Data")
			assert.NotContains(t, silent, drop, "no message is stored")
		})
	}
}

// The page around a frame shows what is for any page, unless it is another site's.
func TestFrameOnAPageOfAnotherSiteShowsWhatIsForAnyPage(t *testing.T) {
	frame := []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate",
		"Sec-Fetch-Dest", "iframe"}
	a := apptest.NewBoard(t)
	a.GET("/", apptest.Page)
	a.Leave(flashgin.Info("anywhere"))
	assert.Empty(t, a.Visit("GET", "/", frame...).Body.String())
	foreign := append(frame, "Sec-Fetch-Storage-Access", "active")
	foreign[1] = "cross-site"
	assert.Empty(t, a.Visit("GET", "/", foreign...).Body.String(), "the other site has loaded it")
	foreign[1] = "same-origin"
	assert.Equal(t, "[anywhere]", a.Visit("GET", "/", foreign...).Body.String())
}

// An application that lives in a frame has a name for all of its pages, in the place of Anywhere.
func TestApplicationInAFrameShowsItsOwnName(t *testing.T) {
	a := apptest.NewAppWithoutSessions(t, flashgin.Config{
		SessionKey: apptest.UserOf,
		View:       func(*gin.Context) string { return "app" },
	})
	a.GET("/orders/:id", apptest.Page)
	a.Leave(flashgin.Info("for any page").At("app"), flashgin.Info("around it"))
	frame := a.Visit("GET", "/orders/5", "Sec-Fetch-Site", "same-origin",
		"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe")
	assert.Equal(t, "[for any page]", frame.Body.String())
	assert.Equal(t, "[around it]", a.Left("app"))
}
