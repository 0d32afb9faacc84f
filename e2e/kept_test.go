package e2e

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// work opens the page "/" and puts a service worker before its site.
func (b *tab) work(s *site, script string) {
	b.t.Helper()
	s.policy = "" // under the strict one no page may register a worker
	s.GET("/worker.js", func(c *gin.Context) {
		c.Data(http.StatusOK, "text/javascript", []byte(`
			self.addEventListener("install", () => self.skipWaiting());
			self.addEventListener("activate", event => event.waitUntil(self.clients.claim()));
			`+script))
	})
	b.open(s.url)
	b.ready()
	b.js(`const controlled = new Promise(resolve =>
			navigator.serviceWorker.addEventListener("controllerchange", resolve));
		await navigator.serviceWorker.register("/worker.js");
		await controlled`)
}

// rest takes the service worker away.
func (b *tab) rest() {
	b.t.Helper()
	b.js(`for (const r of await navigator.serviceWorker.getRegistrations()) await r.unregister()`)
}

// Check 26: a service worker keeps pages, and shows them without asking. Their messages are not
// shown again.
func coreKept(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{})
	var asked atomic.Int32
	s.GET("/kept", func(c *gin.Context) {
		asked.Add(1)
		s.page(c)
	})
	b.work(s, `
		const answer = async request => {
			const pages = await caches.open("pages");
			const kept = await pages.match(request.url);
			if (kept) return kept;
			const answer = await fetch(request);
			await pages.put(request.url, answer.clone());
			return answer;
		};
		self.addEventListener("fetch", event => {
			if (event.request.url.endsWith("/kept")) event.respondWith(answer(event.request));
		});`)
	s.leave(flashgin.Info("saved").At("/kept"), flashgin.Error("full").At("/kept"))
	b.open(s.url + "/kept")
	b.untilEqual([]string{"saved", "full"}, texts)
	b.open(s.url)
	b.ready()
	b.open(s.url + "/kept")
	b.ready()
	assert.EqualValues(t, 1, asked.Load())
	assert.Empty(t, eval[[]string](b, texts))
	b.push(object{"text": "new"})
	b.untilEqual([]string{"new"}, texts)
	b.untilEqual([]string{"Info. new"}, politely)
	assert.Empty(t, eval[[]string](b, urgently))
	b.rest()
}

// Check 27: an application may number its own items. The first one of each page is another message.
func TestNumberedItemsAreShownOnEachPage(t *testing.T) {
	s := newSite(t, flashgin.Config{}, `{{define "messages"}}<flash-messages>
		{{range $i, $m := flashes}}<p data-status="info" id="flash-{{$i}}"><span data-flash-text>
			{{- $m.Text}}</span></p>{{end}}</flash-messages>{{end}}`)
	b := newTab(t)
	for _, text := range []string{"one", "two"} {
		s.leave(flashgin.Info(text))
		b.open(s.url)
		b.ready()
		b.untilEqual([]string{text}, texts)
	}
}

// Check 27: a tab remembers what a library has thrown away for the page that it loads next, and not
// for one to which somebody comes much later.
func TestWhatATabRemembersIsForTheNextPage(t *testing.T) {
	for _, test := range []struct {
		name  string
		later string
		want  []string
	}{
		{"at once", "0", []string{"thrown away"}},
		{"a minute later", "60000", []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{})
			b := newTab(t)
			b.before(`if (location.hash) {
				const now = Date.now;
				Date.now = () => now() + ` + test.later + `;
			}`)
			b.open(s.url)
			b.ready()
			b.js(`const printed = JSON.stringify({printed: [{text: "thrown away", id: "f-1"}]});
				const response = new Response("", {headers: {"Flash-Messages": printed}});
				document.dispatchEvent(new CustomEvent("turbo:before-fetch-response",
					{detail: {fetchResponse: {response}}}))`)
			b.open(s.url + "/page.css")                      // without our script
			for _, want := range [][]string{test.want, {}} { // and once
				b.open(s.url + "/#later")
				b.ready()
				b.untilEqual(want, texts)
				b.open(s.url + "/page.css")
			}
		})
	}
}
