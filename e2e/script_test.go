package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// acknowledged waits until the page has sent so many acknowledgements.
func (s *site) acknowledged(n int) {
	s.t.Helper()
	assert.Eventually(s.t, func() bool { return int(s.line.acks.Load()) >= n }, patience,
		10*time.Millisecond, "%d acknowledgements", n)
}

// left waits until the texts of what waits for the page "/" are those.
func (s *site) left(want string) {
	s.t.Helper()
	assert.Eventually(s.t, func() bool { return s.waiting("/") == want },
		patience, 20*time.Millisecond, "%q does not wait", want)
}

// hide makes the page believe that nobody sees it, and show that somebody does again.
const (
	hide   = hidden + `{value: true, configurable: true});` + change
	show   = hidden + `{value: false, configurable: true});` + change
	hidden = `Object.defineProperty(Document.prototype, "hidden", `
	change = `document.dispatchEvent(new Event("visibilitychange", {bubbles: true}));`
)

// An hourly reminder has an ID of its own. The next one is shown on a page that still shows the
// last one.
func TestLiveOwnIDUsedAgainBesideTheOldOne(t *testing.T) {
	const ttl = 2 * time.Second
	s, b := live(t, flashgin.Config{Store: &flashgin.MemoryStore{TTL: ttl}})
	s.leave(flashgin.Message{ID: "quota", Text: "80 %"})
	b.untilEqual([]string{"80 %"}, texts)
	s.acknowledged(1)
	time.Sleep(ttl + 100*time.Millisecond)
	s.leave(flashgin.Message{ID: "quota", Text: "90 %"})
	b.untilEqual([]string{"90 %"}, texts)
	s.acknowledged(2)
}

// The same if the page has printed the last one.
func TestPrintedOwnIDUsedAgain(t *testing.T) {
	const ttl = 2 * time.Second
	s := newSite(t, flashgin.Config{Store: &flashgin.MemoryStore{TTL: ttl}})
	s.line.lay(nil)
	b := newTab(t)
	printed := false
	for start := time.Now(); !printed && time.Since(start) < patience; { // it may come too late
		b.open("about:blank")
		s.untilOpen(0)
		s.leave(flashgin.Message{ID: "quota", Text: "80 %"})
		b.open(s.url)
		b.ready()
		printed = eval[bool](b,
			`document.querySelector("flash-messages > ul [data-status]") !== null`)
	}
	b.untilEqual([]string{"80 %"}, texts)
	s.untilOpen(1)
	time.Sleep(ttl + 100*time.Millisecond)
	s.leave(flashgin.Message{ID: "quota", Text: "90 %"})
	b.untilEqual([]string{"90 %"}, texts)
}

// The script does not remember IDs for ever.
func TestScriptForgetsIDs(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.openedUnderClock()
	b.push(object{"id": "7", "text": "one"})
	b.js(`document.querySelector("[data-flash-close]").click(); clock.forward(590000)`)
	assert.True(t, eval[bool](b, `FlashMessages.push({id: "7", text: "too early"}) === null`))
	b.js(`clock.forward(610000); FlashMessages.push({text: "another"})`)
	b.push(object{"id": "7", "text": "again"})
	b.untilEqual([]string{"another", "again"}, texts)
}

// Elements of the page may be called as they like.
func TestLiveBesideElementsOfThePage(t *testing.T) {
	for _, test := range []struct{ name, content string }{
		{"an ID like that of an item", `<p id="flash-job">Job</p>`},
		{"names of the document's members",
			`<img name="hidden" alt="1"><form name="getElementById"></form>
			<img name="importNode" alt="2"><img name="createElement" alt="3"><img name="activeElement" alt="4">
			<img name="documentElement" alt="5"><img name="addEventListener" alt="6">`},
		{"names in the page's own script",
			`<script>const origin = "Zürich"; class FlashMessages {}</script>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{}, `{{define "content"}}`+test.content+`{{end}}`)
			s.policy = "" // the page has a script of its own
			b := s.listening()
			s.leave(flashgin.Message{ID: "job", Text: "done"})
			b.untilEqual([]string{"done"}, texts)
			s.acknowledged(1)
		})
	}
}

// The page's own elements may have a data-status, too, also around the messages. Nothing but
// messages is closed.
func TestClosingInsideOfAStatus(t *testing.T) {
	s := newSite(t, flashgin.Config{}, `{{define "content"}}<p>Draft</p>{{end}}`)
	b := newTab(t)
	s.leave(numbered(7)...)
	b.open(s.url)
	b.ready()
	b.js(`document.body.dataset.status = "draft"`)
	b.js(`document.querySelector("[data-flash-more] summary").focus()`)
	b.press(kb.Escape)
	assert.Equal(t, 7, eval[int](b, texts+`.length`))
	b.click("[data-flash-more] > [data-flash-close]")
	b.untilEqual([]string{}, texts)
	assert.True(t, eval[bool](b, `document.body !== null`))
}

// A job says often how far it is. What was seen is acknowledged meanwhile.
func TestLiveProgressIsAcknowledged(t *testing.T) {
	s, b := live(t, flashgin.Config{})
	said := 0
	for start := time.Now(); s.line.acks.Load() < 3 && time.Since(start) < patience; said++ {
		s.leave(flashgin.Info(fmt.Sprint(said)))
		time.Sleep(300 * time.Millisecond)
	}
	assert.GreaterOrEqual(t, int(s.line.acks.Load()), 3)
	b.untilEqual(said, texts+`.length`)
}

// Closing is seeing.
func TestLiveClosedAndLeft(t *testing.T) {
	store := new(flashgin.MemoryStore)
	s, b := live(t, flashgin.Config{Store: store, Lease: time.Minute})
	b.before(`addEventListener("flash:shown", ({target}) => {
		sessionStorage.shows = 1 + +(sessionStorage.shows ?? 0);
		target.querySelector("[data-flash-close]").click();
	})`)
	s.asks(1, func() {
		b.open(s.url + "/?close")
		b.ready()
	})
	b.js(`addEventListener("flash:close", () => setTimeout(() => location.search = "?next"))`)
	s.leave(flashgin.Info("one"))
	b.untilEqual("?next", `location.search`)
	b.ready()
	b.until(`performance.now() > 1000`)
	untilEmpty(t, store)
	assert.Equal(t, "1", eval[string](b, `sessionStorage.shows`))
	assert.EqualValues(t, 1, s.line.acks.Load(), "it was not given back")
}

// Nobody has seen what arrived as the page was hidden.
func TestLiveHiddenAndClosed(t *testing.T) {
	s := newSite(t, flashgin.Config{Lease: time.Minute})
	s.line.lay(nil)
	b := newTab(t)
	b.before(`addEventListener("flash:before-show", () => {` + hide + `}, {once: true})`)
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	s.leave(flashgin.Info("one"))
	b.untilEqual([]string{"one"}, texts)
	time.Sleep(1500 * time.Millisecond)
	assert.Zero(t, s.line.acks.Load(), "not seen yet")
	b.open("about:blank")
	s.left("one")
}

// However much it is, all of it is acknowledged.
func TestLiveManyAcknowledged(t *testing.T) {
	for _, test := range []struct {
		name     string
		n, bytes int
	}{
		{"long IDs", 60, 1400},
		{"a burst", 1960, 30},
	} {
		t.Run(test.name, func(t *testing.T) {
			store := &flashgin.MemoryStore{Cap: 3000}
			s := newSite(t, flashgin.Config{Store: store, Lease: time.Minute})
			s.line.lay(nil)
			b := newTab(t)
			b.open(s.url)
			b.ready()
			s.untilOpen(1)
			var list []flashgin.Message
			for i := range test.n {
				list = append(list,
					flashgin.Message{ID: fmt.Sprintf("%0*d", test.bytes, i), Text: fmt.Sprint(i)})
			}
			s.leave(list...)
			b.untilEqual(test.n, texts+`.length`)
			untilEmpty(t, store) // by first acknowledgements: no lease has ended
		})
	}
}

// Whatever an answer says, handle gives it back to its reader.
func TestHandleOfOddAnswers(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened()
	for _, test := range []struct {
		name, response string
		want           []string
	}{
		{"null", `Response.json({flash: [null, "text", {text: "one"}]})`, []string{"one"}},
		{"a number", `Response.json({flash: [{title: 1, text: 2}, {text: 0}]})`,
			[]string{"2", "0"}},
		{"no list", `Response.json({flash: {forEach: 1}})`, []string{}},
		{"an invalid header", `new Response("", {headers: {"Flash-Messages": "saved!"}})`,
			[]string{}},
		{"an empty header", `new Response("", {headers: {"Flash-Messages": "null"}})`, []string{}},
		{"two headers",
			`new Response("", {headers: [["Flash-Messages", '{"messages":[{"text":"one"}]}'], ["Flash-Messages", '{"messages":[{"text":"two"}]}']]})`,
			[]string{"one", "two"}},
	} {
		got := eval[bool](b, `(async () => { const response = `+test.response+
			`; return response === await FlashMessages.handle(response) })()`)
		assert.True(t, got, test.name)
		assert.Equal(t, test.want, eval[[]string](b, texts), test.name)
		b.js(`document.querySelectorAll("[data-flash-close]").forEach(button => button.click())`)
	}
}

// A handler swaps the body as a message is about to be shown.
func TestBodySwappedMeanwhile(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened()
	b.js(`addEventListener("flash:before-show", () => document.body.replaceWith(document.createElement("body")), {once: true});
		await FlashMessages.handle(Response.json({flash: [{text: "one"}, {text: "two"}]}))`)
}

// What comes while a form is on its way is for the page that it leads to.
func TestLiveIsSilentWhileThePageIsLeft(t *testing.T) {
	s := newSite(t, flashgin.Config{},
		`{{define "content"}}<form method="post" action="/"><button id="save">Save</button></form>{{end}}`)
	s.line.lay(nil)
	s.POST("/", func(c *gin.Context) {
		s.untilOpen(0)
		s.leave(flashgin.Info("ended")) // as a job does that another request has started
		time.Sleep(200 * time.Millisecond)
		c.Redirect(http.StatusSeeOther, "/?next")
	})
	b := newTab(t)
	b.before(`addEventListener("flash:shown", () => sessionStorage.setItem("at", location.search))`)
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	b.click("#save")
	b.untilEqual("?next", `location.search`)
	b.untilEqual([]string{"ended"}, texts)
	assert.Equal(t, "?next", eval[string](b, `sessionStorage.getItem("at")`))
}

// A page that sends for a file stays, and listens again.
func TestLiveAfterADownload(t *testing.T) {
	s := newSite(t, flashgin.Config{},
		`{{define "content"}}<form action="/file"><button id="form">File</button></form><a id="link" href="/file">File</a>{{end}}`)
	s.line.lay(nil)
	s.GET("/file", func(c *gin.Context) {
		c.Header("Content-Disposition", "attachment; filename=file.txt")
		c.String(http.StatusOK, strings.Repeat("text ", 1000))
	})
	b := newTab(t)
	b.before(hasten)
	b.call("Page.setDownloadBehavior", object{"behavior": "deny"})
	b.open(s.url)
	b.ready()
	for i, way := range []string{"#form", "#link"} {
		s.untilOpen(1)
		s.asks(1, func() { b.click(way) })
		s.leave(flashgin.Info(way))
		b.untilEqual(i+1, texts+`.length`)
	}
	assert.Contains(t, eval[[]float64](b, `pauses`), 10_000.0)
}
