package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/e2e/internal/webkit"
)

// An engine is a browser in which the core checks run.
type engine struct {
	name string
	// start returns what opens a tab for each check.
	start func(t *testing.T) (open func(testing.TB) *tab)
	// prefetches: the browser fetches what a <link rel=prefetch> names.
	prefetches bool
}

var engines = []engine{
	{"Chromium", func(*testing.T) func(testing.TB) *tab { return newTab }, true},
	{"Firefox", startFirefox, true},
	{"WebKitGTK", startWebKit, false},
}

func startFirefox(t *testing.T) func(testing.TB) *tab {
	b := newFirefox(t)
	return func(t testing.TB) *tab { return &tab{t: t, other: b} }
}

func startWebKit(t *testing.T) func(testing.TB) *tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	b, err := webkit.Start(ctx)
	if errors.Is(err, webkit.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return func(t testing.TB) *tab { return &tab{t: t, other: b} }
}

// The core checks, each in each browser.
var core = []struct {
	name  string
	check func(t *testing.T, e engine, b *tab)
}{
	{"a redirect shows once", coreRedirect},
	{"announcers are filled, errors first", coreAnnouncers},
	{"close", coreClose},
	{"autoclose", coreAutoClose},
	{"a page that is fetched ahead takes nothing", corePrefetch},
	{"back and forward show nothing again", coreBack},
	{"a live message arrives", coreLive},
	{"twenty pages have one stream", coreOneStream},
	{"a live message arrives in a modal dialog", coreModal},
	{"a modal dialog in a shadow root", coreShadow},
	{"what is shown on top", coreOnTop},
	{"the strict policy is heard of", corePolicy},
	{"a script pulls", corePull},
	{"a page by a service worker", coreWorker},
	{"pages that a service worker keeps", coreKept},
	{"twelve in the list", coreTwelveInTheList},
	{"twelve in the corner", coreTwelveInTheCorner},
	{"equal messages", coreEqual},
	{"a long text", coreLong},
	{"a hidden status", coreHiddenStatus},
	{"the age of a message", coreAge},
	{"the place of the corner", coreCorner},
	{"a page that a library takes apart", coreTakenApart},
	{"a base at another host", coreBase},
	{"what an extension removes", coreRemoved},
	{"a page in a frame", coreFramed},
}

// Check 29.
func TestCore(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			// WebKitGTK finds a free port and takes it later: nobody else may take one meanwhile.
			open := e.start(t)
			t.Parallel() // they wait more than they work
			for _, check := range core {
				t.Run(check.name, func(t *testing.T) {
					b := open(t)
					check.check(t, e, b)
					b.open("about:blank") // before the server ends, and with it a stream
				})
			}
		})
	}
}

// newCoreSite has its pages under the strict policy, and hears of violations and errors from the
// browser itself.
func newCoreSite(t *testing.T, cfg flashgin.Config, templates ...string) *site {
	t.Helper()
	const head = `{{define "head"}}<script src="/notes.js"></script>{{block "test" .}}{{end}}
		{{flashAssets}}{{end}}`
	s := newSite(t, cfg, append([]string{head}, templates...)...)
	s.policy = strict + "; img-src 'self'; report-uri /fault" // WebKitGTK asks it for the icon, too
	s.StaticFile("/notes.js", "testdata/notes.js")
	s.StaticFile("/log.js", "testdata/log.js")
	s.StaticFile("/clock.js", "testdata/clock.js")
	s.POST("/fault", func(c *gin.Context) {
		text, _ := c.GetRawData()
		t.Error("the page: ", string(text))
	})
	return s
}

const saveForm = `{{define "content"}}
	<form method="post" action="/save"><button id="save">Save</button></form>
	<dialog id="dialog" aria-label="Dialog"><button>Button</button></dialog>{{end}}`

// saves adds messages, and leads to the page.
func (s *site) saves(messages ...flashgin.Message) {
	s.POST("/save", func(c *gin.Context) {
		assert.NoError(s.t, flashgin.RedirectFlash(c, "/", messages...))
	})
}

func coreRedirect(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{}, saveForm)
	var saved atomic.Int32 // in the text, which tells one page from the one before it
	s.POST("/save", func(c *gin.Context) {
		text := fmt.Sprint("saved ", saved.Add(1))
		assert.NoError(t, flashgin.RedirectFlash(c, "/", flashgin.Success(text)))
	})
	b.open(s.url)
	b.ready()
	for n := range 2 {
		b.click("#save")
		b.untilEqual([]string{fmt.Sprint("saved ", n+1)}, texts)
		b.ready()
		assert.Empty(t, s.waiting("/"))
	}
	b.open(s.url)
	b.ready()
	b.never(texts + `.length > 0`)
}

const (
	politely = `[...document.querySelectorAll("[data-flash-live] > [aria-live=polite] > *")]
		.map(e => e.textContent)`
	urgently = `[...document.querySelectorAll("[data-flash-live] > [aria-live=assertive] > *")]
		.map(e => e.textContent)`
)

func coreAnnouncers(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{}, saveForm,
		`{{define "test"}}<script src="/log.js"></script>{{end}}`)
	s.saves(flashgin.Success("saved"), flashgin.Error("full"), flashgin.Info("news"))
	b.open(s.url)
	b.ready()
	assert.Zero(t, eval[int](b, `spoken.length`))
	b.click("#save")
	b.untilEqual([]string{"assertive Error. full", "polite Success. saved", "polite Info. news"},
		`spoken.map(s => s.live + " " + s.text)`)
	assert.Equal(t, []string{"Success. saved", "Info. news"}, eval[[]string](b, politely))
	assert.Equal(t, []string{"Error. full"}, eval[[]string](b, urgently))
}

func coreClose(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{})
	s.leave(flashgin.Info("one"), flashgin.Info("two"))
	b.open(s.url)
	b.ready()
	b.push(object{"text": "three"})
	const focused = `document.activeElement.closest("[data-status]")
		?.querySelector("[data-flash-text]").textContent ?? document.activeElement.localName`
	b.js(`document.querySelector("[data-flash-close]").focus()`)
	b.click("[data-flash-close]")
	b.untilEqual([]string{"two", "three"}, texts)
	assert.Equal(t, "two", eval[string](b, focused))
	b.click("[data-flash-close]")
	b.untilEqual([]string{"three"}, texts)
	b.click("[data-flash-live] [data-flash-close]")
	b.untilEqual([]string{}, texts)
	assert.False(t,
		eval[bool](b, `document.querySelector("[role=region], :popover-open") !== null`))
	assert.Equal(t, "main", eval[string](b, focused))
}

func coreAutoClose(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{},
		`{{define "test"}}<script src="/clock.js"></script>{{end}}`)
	s.leave(leaves("leaves"),
		flashgin.Message{Status: flashgin.StatusError, Text: "stays", AutoClose: true})
	b.open(s.url)
	b.ready()
	b.js(`clock.forward(12999)`)
	assert.Equal(t, []string{"leaves", "stays"}, eval[[]string](b, texts))
	b.js(`clock.forward(1)`)
	assert.Equal(t, []string{"stays"}, eval[[]string](b, texts))
	for range 10 {
		b.js(`clock.forward(20000)`) // for WebKitWebDriver, 30 s are a script that is not over
	}
	assert.Equal(t, []string{"stays"}, eval[[]string](b, texts))
}

func corePrefetch(t *testing.T, e engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{},
		`{{define "test"}}{{if eq .Path "/"}}<link rel="prefetch" href="/ahead">{{end}}{{end}}`,
		`{{define "content"}}<a id="ahead" href="/ahead">Ahead</a>{{end}}`)
	// Chromium asks default-src for prefetches.
	s.policy = strings.Replace(s.policy, "default-src 'none'", "default-src 'self'", 1)
	var prefetched, fetched atomic.Int32
	s.GET("/ahead", func(c *gin.Context) {
		s.page(c)
		switch {
		case c.GetHeader("Sec-Purpose") != "":
			prefetched.Add(1)
		case c.GetHeader("Sec-Fetch-Dest") == "empty":
			fetched.Add(1)
		}
	})
	s.leave(flashgin.Info("kept").At("/ahead"))
	b.open(s.url)
	b.ready()
	if e.prefetches {
		assert.Eventually(t, func() bool { return prefetched.Load() > 0 }, patience,
			10*time.Millisecond, "prefetched")
	}
	// As scripts do where the browser does not.
	b.js(`await (await fetch("/ahead", {mode: "no-cors", cache: "no-store"})).text()`)
	assert.Positive(t, fetched.Load(), "fetched")
	assert.Equal(t, "kept", s.waiting("/ahead"))
	b.click("#ahead")
	b.untilEqual("/ahead", `location.pathname`)
	b.untilEqual([]string{"kept"}, texts)
	assert.Empty(t, s.waiting("/ahead"))
}

func coreBack(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{})
	s.leave(flashgin.Info("one"))
	b.open(s.url)
	b.ready()
	b.push(object{"text": "two"})
	b.untilEqual([]string{"one", "two"}, texts)
	b.click("#away")
	b.untilEqual("/away", `location.pathname`)
	b.ready()
	b.js(`setTimeout(() => history.back())`)
	b.untilEqual("/", `location.pathname`)
	b.ready()
	t.Log("restored:", eval[bool](b, `persisted`))
	b.never(texts + `.length > 0`)
	b.push(object{"text": "three"})
	b.js(`setTimeout(() => history.forward())`)
	b.untilEqual("/away", `location.pathname`)
	b.ready()
	b.js(`setTimeout(() => history.back())`)
	b.untilEqual("/", `location.pathname`)
	b.ready()
	b.never(texts + `.length > 0`)
	b.push(object{"text": "four"})
	b.untilEqual([]string{"four"}, texts)
}

func coreLive(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{})
	s.line.lay(nil)
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	s.leave(flashgin.Success("done: Café ✓ 😀\nРахмат 日本語"))
	b.untilEqual([]string{"done: Café ✓ 😀\nРахмат 日本語"}, texts)
	s.acknowledged(1)
	s.left("")
	s.asks(1, func() { b.open(s.url + "/away") })
}

// Frames are pages that every driver can open twenty of, and all are visible.
func coreOneStream(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{})
	s.policy = strings.Replace(s.policy, "frame-ancestors 'none'", "frame-ancestors 'self'", 1)
	s.line.lay(nil)
	s.GET("/w/:n", s.page)
	s.GET("/frames", func(c *gin.Context) {
		html(c, http.StatusOK, `<!doctype html><title>Frames</title>`+
			strings.Repeat(`<iframe></iframe>`, 20))
	})
	b.open(s.url + "/frames")
	b.js(`document.querySelectorAll("iframe").forEach((frame, i) => frame.src = "/w/" + i)`)
	const frames = `[...document.querySelectorAll("iframe")].map(frame => frame.contentDocument)`
	b.untilEqual(20, frames+`.filter(page => page.readyState === "complete" &&
		page.defaultView.FlashMessages).length`)
	assert.Eventually(t, func() bool { // one has the stream, the others are in line
		return eval[int](b, `navigator.locks.query().then(({pending}) => pending.length)`) == 19
	}, patience, 20*time.Millisecond)
	s.untilOpen(1)
	for n := range 20 {
		s.leave(flashgin.Info(fmt.Sprint(n)).At(fmt.Sprint("/w/", n)))
	}
	b.untilEqual(true, frames+`.every((page, i) => {
		const list = [...page.querySelectorAll("[data-flash-live] [data-flash-text]")];
		return list.length === 1 && list[0].textContent === "" + i;
	})`)
	b.open("about:blank")
	s.untilOpen(0)
}

func coreModal(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{}, saveForm)
	s.line.lay(nil)
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	b.js(`document.getElementById("dialog").showModal()`)
	const home = `document.querySelector("[data-flash-live]").parentNode.localName`
	b.untilEqual("dialog", home)
	s.leave(flashgin.Error("inside"))
	b.untilEqual([]string{"inside"}, texts)
	b.untilEqual([]string{"Error. inside"}, urgently)
	b.click("[data-flash-live] [data-flash-close]") // WebDriver refuses if it is behind something
	b.untilEqual([]string{}, texts)
	b.js(`document.getElementById("dialog").close()`)
	b.untilEqual("flash-messages", home)
}

func corePolicy(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{},
		`{{define "content"}}<p style="color: red">Inline</p>{{end}}`)
	s.policy = strings.Replace(s.policy, "/fault", "/violation", 1)
	reports := make(chan string, 9)
	s.POST("/violation", func(c *gin.Context) {
		text, _ := c.GetRawData()
		reports <- string(text)
	})
	s.leave(flashgin.Info("one"))
	b.expect("style")
	b.open(s.url)
	b.ready()
	b.push(object{"text": "two"})
	select { // the other checks would hear of it
	case report := <-reports:
		assert.Contains(t, report, "style-src")
	case <-time.After(patience):
		assert.Fail(t, "no report")
	}
	assert.Empty(t, reports, "of what is ours")
	assert.Equal(t, "solid",
		eval[string](b, `getComputedStyle(document.querySelector("[data-status]")).borderTopStyle`),
		"the style sheet")
	if b.ctx != nil {
		b.untilConsole("style")
	}
}

func corePull(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{})
	large := strings.Repeat("é", 1000) // more than a header takes
	s.POST("/api", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("small"), flashgin.Success(large)))
		c.JSON(http.StatusOK, gin.H{"n": 7})
	})
	b.open(s.url)
	b.ready()
	assert.Equal(t, 7, eval[int](b, `fetch("/api", {method: "POST", headers: {"X-Get-Flash": "1"}})
		.then(FlashMessages.handle).then(r => r.json()).then(body => body.n)`))
	b.untilEqual([]string{"small", large}, texts)
	s.acknowledged(1)
	assert.Empty(t, s.waiting("/"))
}

func coreWorker(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{})
	s.GET("/there", s.page)
	b.work(s, `self.addEventListener("fetch", event => {
			if (event.request.mode !== "no-cors") event.respondWith(fetch(event.request));
		});`)
	s.leave(flashgin.Info("kept").At("/there"))
	b.open(s.url + "/there")
	b.untilEqual([]string{"kept"}, texts)
	assert.True(t, eval[bool](b, `navigator.serviceWorker.controller !== null`))
	assert.Empty(t, s.waiting("/there"))
	b.rest()
}
