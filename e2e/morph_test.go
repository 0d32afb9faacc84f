package e2e

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// openedForMorphing returns a page with dialogs, which listens, and which Turbo refreshes node by
// node.
func openedForMorphing(t *testing.T) (*site, *tab) {
	s := newSite(t, flashgin.Config{}, `{{define "head"}}{{flashAssets}}`+withTurbo+
		`<meta name="turbo-refresh-method" content="morph">{{end}}`, dialogs)
	s.policy = "" // Turbo has a style element of its own
	b := s.listening("log.js")
	b.js(`globalThis.same = true;
		document.addEventListener("turbo:render", () => globalThis.rendered = true)`)
	return s, b
}

// Check 27. A library makes the page like another one, node by node, and the first message comes by
// that.
func TestMorphing(t *testing.T) {
	for _, test := range []struct{ name, before string }{
		{"an ordinary page", ``},
		{"behind a dialog", `document.getElementById("one").showModal()`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, b := openedForMorphing(t)
			b.js(test.before)
			b.js(`globalThis.first = document.querySelector("flash-messages")`)
			s.line.lay(func(c *gin.Context) { c.Status(http.StatusNoContent) })
			b.expect("Failed to load resource") // the stream that the test cuts
			s.endStreams()                      // the message is for the page
			s.untilOpen(0)
			s.leave(flashgin.Info("printed"))
			s.line.lay(nil)
			b.js(`Turbo.visit(location.href, {action: "replace"})`)
			b.until(`globalThis.rendered === true`)
			b.untilEqual([]string{"printed"}, texts)
			assert.True(t,
				eval[bool](b, `same && first === document.querySelector("flash-messages")`),
				"the page was morphed")
			b.untilEqual([]string{"Info. printed"}, `spoken.map(s => s.text)`)
			assert.Equal(t, 1,
				eval[int](b, `document.querySelectorAll("[data-flash-live]").length`))
			s.untilOpen(1)
			s.leave(flashgin.Info("live"))
			b.untilEqual([]string{"printed", "live"}, texts)
			b.until(
				`document.querySelector("[data-flash-live] [popover]").matches(":popover-open")`)
			b.untilEqual([]string{"Info. printed", "Info. live"}, `spoken.map(s => s.text)`)
			b.js(
				`document.querySelectorAll("[data-flash-close]").forEach(button => button.click())`)
			b.untilEqual([]string{}, texts)
		})
	}
}

// Check 27. What came live is still there when Turbo makes the page like a newer one, which does
// not have it.
func TestMorphingKeepsWhatIsLive(t *testing.T) {
	for _, test := range []struct{ name, before string }{
		{"an ordinary page", ``},
		{"in a dialog", `document.getElementById("one").showModal()`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, b := openedForMorphing(t)
			b.js(test.before)
			for _, text := range []string{"one", "two"} {
				s.leave(flashgin.Info(text))
				b.until(texts + `.at(-1) === ` + quote(text))
				b.js(`globalThis.rendered = false; Turbo.visit(location.href, {action: "replace"})`)
				b.until(`rendered`)
			}
			b.untilEqual([]string{"one", "two"}, texts)
			b.untilEqual([]string{"Info. one", "Info. two"}, `spoken.map(s => s.text)`)
			b.never(texts + `.length !== 2`)
			assert.True(t, eval[bool](b, `same`), "the page was morphed")
			assert.Equal(t, 1,
				eval[int](b, `document.querySelectorAll("[data-flash-live]").length`))
			b.js(`Turbo.visit("/away")`) // which is another page, without them
			b.untilEqual("/away", `location.pathname`)
			b.untilEqual([]string{}, texts)
		})
	}
}

// Check 27. htmx 2 keeps pages as text. What was shown does not come back with them.
func TestHTMXHistory(t *testing.T) {
	for _, test := range []struct{ name, content, click string }{
		{"boosted", `<div hx-boost="true"><a id="go" href="/away">Go</a></div>`, "#go"},
		{"a part of the page",
			`<button id="go" hx-get="/part" hx-push-url="/away" hx-target="#out">Go</button><div id="out"></div>`,
			"#go"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{},
				`{{define "head"}}{{flashAssets}}<script src="/npm/htmx2/dist/htmx.js"></script>{{end}}`,
				`{{define "content"}}`+test.content+`{{end}}`)
			s.policy = ""
			s.line.lay(nil)
			s.GET("/part", func(c *gin.Context) { html(c, http.StatusOK, "<p id=part>part</p>") })
			b := newTab(t)
			b.beforeFile("log.js")
			s.leave(flashgin.Info("printed"))
			b.open(s.url)
			b.ready()
			s.untilOpen(1)
			s.leave(flashgin.Info("live"))
			b.untilEqual([]string{"printed", "live"}, texts)
			b.push(object{"text": "pushed"})
			b.untilEqual(3, `spoken.length`)
			s.acknowledged(1)
			b.js(`globalThis.same = true`)
			b.click(test.click)
			b.untilEqual("/away", `location.pathname`)
			b.js(`history.back()`)
			b.untilEqual([]any{"/", []string{}}, `[location.pathname, `+texts+`]`)
			b.never(texts + `.length > 0`)
			assert.True(t, eval[bool](b, `same`), "from the library's history")
			assert.Equal(t, 3, eval[int](b, `spoken.length`))
			assert.Equal(t, oneVoiceEach, b.live())
			b.push(object{"text": "news"})
			b.untilEqual([]string{"news"}, texts)
		})
	}
}

// A page makes its <main> inert, as for a menu. The live part goes where it can be heard.
func TestInertMain(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened()
	b.js(`document.querySelector("main").inert = true`)
	b.untilEqual("body", `document.querySelector("[data-flash-live]").parentNode.localName`)
	assert.Equal(t, oneVoiceEach, b.live())
	b.push(object{"text": "news"})
	b.click("[data-flash-close]")
	b.untilEqual([]string{}, texts)
	b.js(`document.querySelector("main").inert = false`)
	b.untilEqual("flash-messages",
		`document.querySelector("[data-flash-live]").parentNode.localName`)
}
