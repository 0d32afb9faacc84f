package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// Check 26: service workers ask for pages in their own ways. Whichever way it is, the user sees
// what waits.
func TestPagesByServiceWorkers(t *testing.T) {
	const activate = `
		self.addEventListener("install", () => self.skipWaiting());
		self.addEventListener("activate", event => event.waitUntil(Promise.all([
			self.clients.claim(), self.registration.navigationPreload.NAVIGATION()])));
		self.addEventListener("fetch", event => {
			if (event.request.mode === "navigate") event.respondWith(ANSWER);
		});`
	for _, test := range []struct {
		name, answer, preload string
		asked                 int32
	}{
		{"that pass them on", `fetch(event.request)`, "disable", 1},
		{"that make a request of their own",
			`fetch(new Request(event.request, {mode: "same-origin"}))`, "disable", 1},
		{"that fetch their URL", `fetch(event.request.url)`, "disable", 1},
		{"that use what was preloaded", `event.preloadResponse`, "enable", 1},
		{"that throw away what was preloaded", `fetch(event.request)`, "enable", 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{})
			s.policy = ""
			worker := strings.NewReplacer("ANSWER", test.answer, "NAVIGATION", test.preload)
			s.GET("/worker.js", func(c *gin.Context) {
				c.Data(http.StatusOK, "text/javascript", []byte(worker.Replace(activate)))
			})
			var asked atomic.Int32
			s.GET("/there", func(c *gin.Context) {
				asked.Add(1)
				s.page(c)
			})
			b := s.opened()
			b.js(`const controlled = new Promise(resolve =>
					navigator.serviceWorker.addEventListener("controllerchange", resolve));
				await navigator.serviceWorker.register("/worker.js");
				await controlled`)
			s.leave(flashgin.Info("kept").At("/there"))
			b.open(s.url + "/there")
			b.untilEqual([]string{"kept"}, texts)
			assert.Eventually(t, func() bool { return asked.Load() == test.asked }, patience,
				10*time.Millisecond, "%d requests", test.asked)
			assert.Empty(t, s.waiting("/there"))
			b.js(`for (const r of await navigator.serviceWorker.getRegistrations()) await r.unregister()`)
		})
	}
}

// Check 26: fetch that is led to a page throws the page away, and the messages wait for the one
// that is seen.
func TestFetchThatIsLedToAPage(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	s.GET("/there", s.page)
	s.POST("/save", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("saved")))
		c.Redirect(http.StatusSeeOther, "/there")
	})
	b := s.opened()
	b.js(`await (await fetch("/save", {method: "POST"})).text()`)
	assert.Equal(t, "saved", s.waiting("/there"))
	b.open(s.url + "/there")
	b.untilEqual([]string{"saved"}, texts)

	b.open(s.url)
	b.ready()
	b.js(`FlashMessages.handle(await fetch("/save", {method: "POST", headers: {"X-Get-Flash": "1"}}))`)
	b.untilEqual([]string{"saved"}, texts)
	assert.Empty(t, s.waiting("/there"))
}

// Check 26: the cache of a service worker is filled with pages that nobody has opened.
func TestPageThatAWorkerCachesLeavesMessages(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	s.GET("/there", s.page)
	s.leave(flashgin.Info("kept").At("/there"))
	b := s.opened()
	b.js(`const cache = await caches.open("pages"); await cache.addAll(["/there"]);
		await caches.delete("pages")`)
	assert.Equal(t, "kept", s.waiting("/there"))
	b.open(s.url + "/there")
	b.untilEqual([]string{"kept"}, texts)
}

// Check 26: a page that was loaded ahead of time, and to which a form leads, is asked for anew. No
// script is needed for that.
func TestPrefetchedPageAfterAPost(t *testing.T) {
	s, purposes := ahead(t, `<script type="speculationrules">{"prefetch":
			[{"urls": ["/ahead"], "eagerness": "immediate"}]}</script>`,
		`{{define "messages"}}{{range flashes}}<p class="own">{{.Text}}</p>{{end}}{{end}}`,
		`{{define "content"}}<form method="post" action="/save"><button id="save">Save
			</button></form>{{end}}`)
	s.POST("/save", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("saved")))
		c.Redirect(http.StatusSeeOther, "/ahead")
	})
	b := newTab(t)
	b.open(s.url)
	require.Equal(t, "prefetch", <-purposes)
	b.click("#save")
	b.untilEqual("/ahead", `location.pathname`)
	b.until(`[...document.querySelectorAll(".own")].some(e => e.textContent === "saved")`)
	assert.Empty(t, <-purposes, "it is no prefetch now")
}

// Check 26: a lazy frame of Turbo throws away what is around it, also where Config.Turbo is false.
func TestLazyFrameWithoutConfigTurbo(t *testing.T) {
	s := newSite(t, flashgin.Config{}, `{{define "head"}}{{flashAssets}}`+withTurbo+`{{end}}`,
		`{{define "content"}}<turbo-frame id="frame"{{if eq .Path "/"}} src="/part" loading="lazy"`+
			`{{end}}><p>{{.Path}}</p></turbo-frame>{{end}}`)
	s.policy = ""
	s.GET("/part", s.page)
	s.leave(flashgin.Info("kept").At("/part"))
	b := s.opened()
	b.untilEqual("/part", `document.querySelector("#frame p").textContent`)
	assert.Equal(t, "kept", s.waiting("/part"))
	b.open(s.url + "/part")
	b.untilEqual([]string{"kept"}, texts)
}

// Check 26: htmx 4 preloads in the words of a click. What it only preloads takes nothing, and what
// its user wants shows messages, whether it was preloaded or not.
func TestHTMX4Preload(t *testing.T) {
	s := newSite(t, flashgin.Config{HTMX: true}, `{{define "head"}}{{flashAssets}}
			<script src="/npm/htmx4/dist/htmx.js"></script><script src="/preload.js"></script>{{end}}`,
		`{{define "content"}}<p><button type="button" id="ahead" hx-get="/part" hx-target="#part"
			hx-preload="mouseover timeout:10m">Ahead</button> <button type="button" id="now"
			hx-get="/part" hx-target="#part">Now</button></p><p id="part"></p>{{end}}`)
	s.policy = ""
	s.StaticFile("/preload.js", "node_modules/htmx4/dist/ext/hx-preload.js")
	asked := make(chan string, 10)
	s.GET("/part", func(c *gin.Context) {
		c.Data(http.StatusOK, "text/html; charset=utf-8", []byte("<i>part</i>"))
		asked <- c.GetHeader("X-Flash-Wanted")
	})
	b := s.opened()
	s.line.lay(nil) // what waits is not for a stream
	s.leave(flashgin.Info("kept").At("/part"))
	b.point("#ahead")
	require.Empty(t, <-asked)
	b.never(texts + `.length > 0`)
	assert.Equal(t, "kept", s.waiting("/part"), "it was only preloaded")
	b.click("#ahead")
	b.untilEqual([]string{"kept"}, texts)
	b.untilEqual("part", `document.querySelector("#part").textContent`)
	assert.Empty(t, asked, "it was not asked for again")
	assert.Empty(t, s.waiting("/part"))
	s.leave(flashgin.Info("now").At("/part"))
	b.click("#now")
	require.Equal(t, "1", <-asked)
	b.untilEqual([]string{"kept", "now"}, texts)
}

// Check 26: an application in a frame of another site's page has no page around it that would show
// what is for any page.
func TestFrameOnAPageOfAnotherSite(t *testing.T) {
	s := newSite(t, flashgin.Config{}, `{{define "content"}}{{if eq .Path "/"}}<script>
		addEventListener("load", () => { location.href = "/there" })</script>{{end}}{{end}}`)
	s.policy = ""
	s.line.lay(nil) // what waits is not for a stream
	shown := make(chan string, 1)
	s.GET("/there", func(c *gin.Context) {
		s.page(c)
		shown <- c.GetHeader("Sec-Fetch-Site") + " " + c.GetHeader("Sec-Fetch-Dest")
	})
	around := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, `<iframe src="`+s.url+`"></iframe>`)
		}
	}))
	defer around.Close()
	s.leave(flashgin.Info("kept").At(flashgin.Anywhere))
	b := newTab(t)
	b.open(strings.Replace(around.URL, "127.0.0.1", "localhost", 1))
	select {
	case frame := <-shown:
		assert.Equal(t, "same-origin iframe", frame)
	case <-time.After(patience):
		require.Fail(t, "the frame went nowhere")
	}
	assert.Eventually(t, func() bool { return s.waiting(flashgin.Anywhere) == "" }, patience,
		10*time.Millisecond)
}
