package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// heard is how long after its arrival a message may begin to be read out, in ms.
const heard = 7000

func leaves(text string) flashgin.Message {
	return flashgin.Message{Status: flashgin.StatusSuccess, Text: text, AutoClose: true}
}

// openedUnderClock returns a tab whose time a test moves.
func (s *site) openedUnderClock(messages ...flashgin.Message) *tab {
	s.t.Helper()
	b := newTab(s.t)
	b.beforeFile("clock.js")
	s.leave(messages...)
	b.open(s.url)
	b.ready()
	b.js(`addEventListener("flash:close", e => (globalThis.reasons ??= []).push(e.detail.reason))`)
	return b
}

func (b *tab) forward(ms int) []string {
	b.t.Helper()
	b.js(fmt.Sprintf("clock.forward(%d)", ms))
	return eval[[]string](b, texts)
}

// Check 11.
func TestAutoClose(t *testing.T) {
	// and the status, which is read too: 3000 + 21 * 400
	long := strings.TrimSpace(strings.Repeat("word ", 20))
	for _, test := range []struct {
		name    string
		message flashgin.Message
		stays   int // ms; 0 is for ever
	}{
		{"a short text", leaves("saved"), heard + 6000},
		{"a long text", leaves(long), heard + 11400},
		{"a text without spaces",
			leaves("設定を変更しました。ページを読み込み直す必要はありません。"), -heard - 6000},
		{"not asked for", flashgin.Success("saved"), 0},
		{"an error",
			flashgin.Message{Status: flashgin.StatusError, Text: "full", AutoClose: true}, 0},
		{"a warning",
			flashgin.Message{Status: flashgin.StatusWarning, Text: "full", AutoClose: true}, 0},
		{"a link", flashgin.Message{Text: "sent", AutoClose: true,
			Link: &flashgin.Link{Label: "View", URL: "/"}}, 0},
		{"a link in HTML",
			flashgin.Message{HTML: `sent: <a href="/">view</a>`, AutoClose: true}, 0},
		{"a status of the application's own",
			flashgin.Message{Status: "reminder", Text: "drink", AutoClose: true}, heard + 6000},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{})
			b := s.openedUnderClock(test.message)
			switch {
			case test.stays == 0:
				assert.Len(t, b.forward(3600_000), 1)
			case test.stays < 0:
				assert.Len(t, b.forward(-test.stays), 1, "longer than that")
				assert.Empty(t, b.forward(60_000))
			default:
				assert.Len(t, b.forward(test.stays-1), 1, "a moment before")
				assert.Empty(t, b.forward(1))
				assert.Equal(t, []string{"timeout"}, eval[[]string](b, `reasons`))
			}
		})
	}
	t.Run("pushed", func(t *testing.T) {
		s := newSite(t, flashgin.Config{})
		b := s.openedUnderClock()
		b.push(object{"text": "one", "autoClose": true})
		b.forward(1000)
		b.push(object{"text": "two", "autoClose": true})
		b.push(object{"text": "stays"})
		b.push(object{"text": "wrong", "autoClose": true, "status": "error"})
		assert.Equal(t, []string{"one", "two", "stays", "wrong"}, b.forward(heard+4999))
		assert.Equal(t, []string{"two", "stays", "wrong"}, b.forward(1))
		assert.Equal(t, []string{"two", "stays", "wrong"}, b.forward(999))
		assert.Equal(t, []string{"stays", "wrong"}, b.forward(1))
		b.push(object{"text": "three", "autoClose": true})
		assert.Equal(t, []string{"stays", "wrong", "three"}, b.forward(heard+5999))
		assert.Equal(t, []string{"stays", "wrong"}, b.forward(1))
	})
	t.Run("several at once", func(t *testing.T) {
		s := newSite(t, flashgin.Config{})
		b := s.openedUnderClock(leaves("one two three four"), flashgin.Info("five six seven eight"),
			leaves("nine"))
		assert.Len(t, b.forward(heard+6000), 2, "the last one is read after the others")
		assert.Len(t, b.forward(1799), 2) // 3000 and 12 words of 400
		assert.Len(t, b.forward(1), 1)
	})
	t.Run("the application keeps it", func(t *testing.T) {
		s := newSite(t, flashgin.Config{})
		b := s.openedUnderClock(leaves("saved"))
		b.js(`addEventListener("flash:close", e => e.preventDefault())`)
		assert.Len(t, b.forward(3600_000), 1)
	})
}

// Check 12.
func TestAutoClosePauses(t *testing.T) {
	for _, test := range []struct {
		name          string
		pause, resume func(b *tab)
	}{
		{"hover", func(b *tab) { b.point("[data-status]") }, func(b *tab) { b.point("#button") }},
		{"hover over another message", func(b *tab) { b.point("[data-status=info]") },
			func(b *tab) { b.point("#button") }},
		{"focus", func(b *tab) { b.press(kb.Tab); b.press(kb.Tab) },
			func(b *tab) { b.js(`document.getElementById("field").focus()`) }},
		{"selection", func(b *tab) {
			b.js(`getSelection().selectAllChildren(document.querySelector("[data-flash-text]"))`)
		}, func(b *tab) {
			b.js(`getSelection().removeAllRanges()`)
		}},
		{"hidden", func(b *tab) {
			b.js(hide)
		}, func(b *tab) {
			b.js(show)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{})
			b := s.openedUnderClock(leaves("one"), leaves("two"), flashgin.Info("stays"))
			b.point("#button")
			assert.Len(t, b.forward(1000), 3)
			test.pause(b)
			b.js(`await new Promise(requestAnimationFrame)`)
			assert.Len(t, b.forward(3600_000), 3, "all stand still")
			test.resume(b)
			b.js(`await new Promise(requestAnimationFrame)`)
			assert.Len(t, b.forward(heard+4999), 3, "what was left of the time")
			assert.Len(t, b.forward(1), 1)
		})
	}
	t.Run("at least two seconds are left", func(t *testing.T) {
		s := newSite(t, flashgin.Config{})
		b := s.openedUnderClock(leaves("one"))
		b.point("#button")
		b.forward(heard + 5900)
		b.point("[data-status]")
		b.forward(1000)
		b.point("#button")
		b.js(`await new Promise(requestAnimationFrame)`)
		assert.Len(t, b.forward(1999), 1)
		assert.Empty(t, b.forward(1))
	})
	t.Run("a tab behind another", func(t *testing.T) {
		s := newSite(t, flashgin.Config{})
		b := s.opened(leaves("one"))
		b.besideInWindow()
		b.until(`document.hidden`)
		b.never(texts + `.length === 0`)
		b.call("Page.bringToFront", object{})
		b.untilEqual([]string{}, texts)
	})
	t.Run("a page that the browser freezes", func(t *testing.T) {
		s := newSite(t, flashgin.Config{})
		b := newTab(t)
		b.before(`for (const type of ["freeze", "resume"]) document.addEventListener(type, () => (globalThis.states ??= []).push(type))`)
		s.leave(leaves("one"))
		b.open(s.url)
		b.ready()
		b.call("Page.setWebLifecycleState", object{"state": "frozen"})
		b.call("Page.setWebLifecycleState", object{"state": "active"})
		b.untilEqual([]string{"freeze", "resume"}, `states`)
		// The command leaves the page hidden, as no user would find it.
		b.js(show)
		b.untilEqual([]string{}, texts)
	})
}

// besideInWindow opens another tab in the same window, which hides this one.
func (b *tab) besideInWindow() *tab {
	other := openTab(b.t, b.ctx, chromedp.WithNewWindow(false))
	id := chromedp.FromContext(other.ctx).Target.TargetID
	_, err := chromedp.CallBrowser(other.ctx, target.ActivateTarget,
		target.ActivateTargetParams{TargetID: id})
	require.NoError(b.t, err)
	return other
}

// Check 13.
func TestAutoCloseIsOff(t *testing.T) {
	t.Run("by the user", func(t *testing.T) {
		s := newSite(t, flashgin.Config{})
		b := newTab(t)
		b.open(s.url)
		b.js(`localStorage.setItem("flash.autoclose", "off")`)
		b.beforeFile("clock.js")
		s.leave(leaves("one"))
		b.open(s.url)
		b.ready()
		b.push(object{"text": "two", "autoClose": true})
		assert.Len(t, b.forward(3600_000), 2)
	})
	t.Run("by the page", func(t *testing.T) {
		s := newSite(t, flashgin.Config{}, `{{define "root"}}data-flash-autoclose="off"{{end}}`)
		b := s.openedUnderClock(leaves("one"))
		b.push(object{"text": "two", "autoClose": true})
		assert.Len(t, b.forward(3600_000), 2)
	})
}

// A page, or its user, asks for more time (WCAG 2.2.1).
func TestAutoCloseTakesLonger(t *testing.T) {
	for _, test := range []struct {
		name, page, user string
		stays            int
	}{
		{"for the page", `data-flash-autoclose="30"`, "null", 30_000},
		{"for the user", ``, "130", 130_000},
		{"for both", `data-flash-autoclose="60"`, "20", 60_000},
		{"for neither", `data-flash-autoclose="5"`, "much", heard + 6000},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{}, `{{define "root"}}`+test.page+`{{end}}`)
			b := newTab(t)
			b.before(`localStorage.setItem("flash.autoclose", ` + quote(test.user) + `)`)
			b.beforeFile("clock.js")
			s.leave(leaves("one"))
			b.open(s.url)
			b.ready()
			assert.Len(t, b.forward(test.stays-1), 1)
			assert.Empty(t, b.forward(1))
		})
	}
}

// Check 14.
func TestReducedMotion(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	for _, motion := range []string{"no-preference", "reduce"} {
		b := newTab(t)
		b.media("", "prefers-reduced-motion", motion)
		b.open(s.url)
		b.ready()
		b.js(`FlashMessages.push({text: "news"}); globalThis.animations = document.getAnimations().length`)
		assert.Equal(t, map[string]int{"no-preference": 1, "reduce": 0}[motion],
			eval[int](b, `animations`), motion)
		b.click("[data-flash-close]")
		b.untilEqual([]string{}, texts)
	}
}
