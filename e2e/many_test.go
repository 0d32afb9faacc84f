package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// inSight returns the texts of the messages that somebody can see, those in the page or in the
// corner, in the order of the document.
func inSight(where string) string {
	return `[...document.querySelectorAll(` + quote(where+" [data-status]") + `)]
		.filter(e => e.checkVisibility() && (r => r.top >= 0 && r.bottom <= innerHeight && r.height > 20)
			(e.getBoundingClientRect()))
		.map(e => e.querySelector("[data-flash-text]").textContent)`
}

const (
	inPage   = "flash-messages > ul"
	inCorner = "[data-flash-live] [popover]"
	formSeen = `document.getElementById("save").getBoundingClientRect().bottom <= innerHeight`
)

// numbered returns messages with the texts "1" to "n", of which some are errors.
func numbered(n int, errors ...int) []flashgin.Message {
	list := make([]flashgin.Message, n)
	for i := range list {
		list[i] = flashgin.Info(fmt.Sprint(i + 1))
	}
	for _, i := range errors {
		list[i-1].Status = flashgin.StatusError
	}
	return list
}

func (b *tab) pushNumbered(from, to int) {
	for i := from; i <= to; i++ {
		b.push(object{"text": fmt.Sprint(i)})
	}
}

// Check 31. Twelve messages in the list: five of them are in sight, and so is the form below.
func coreTwelveInTheList(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{}, saveForm)
	s.leave(numbered(12, 3)...)
	b.open(s.url)
	b.ready()
	assert.Equal(t, []string{"3", "9", "10", "11", "12"}, eval[[]string](b, inSight(inPage)))
	assert.True(t, eval[bool](b, formSeen))
	const summary = `document.querySelector("` + inPage + ` summary")?.textContent ?? "none"`
	assert.Equal(t, "7 more", eval[string](b, summary))

	// What is closed makes room for one that was out of sight.
	b.click(inPage + " > [data-status]:last-child [data-flash-close]")
	b.untilEqual([]string{"8", "3", "9", "10", "11"}, inSight(inPage))
	assert.Equal(t, "6 more", eval[string](b, summary))

	b.click(inPage + " summary")
	b.until(`[...document.querySelectorAll("` + inPage + ` [data-status]")]
		.every(e => e.checkVisibility())`)
	b.js(`scrollTo(0, 0)`)
	for range 6 {
		b.click(inPage + " [data-flash-more] li [data-flash-close]")
	}
	b.untilEqual("none", summary)
	assert.Len(t, eval[[]string](b, texts), 5)
}

// Twelve messages in the corner: the newest are in sight, and one button closes all.
func coreTwelveInTheCorner(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{}, saveForm)
	s.leave(flashgin.Info("stays"))
	b.open(s.url)
	b.ready()
	b.push(object{"text": "error", "status": "error"})
	b.push(object{"text": "50 %", "key": "job"})
	b.pushNumbered(1, 12)
	assert.Equal(t, []string{"error", "9", "10", "11", "12"},
		eval[[]string](b, inSight(inCorner)))
	const summary = `document.querySelector("` + inCorner + ` summary")?.textContent ?? "none"`
	assert.Equal(t, "9 more", eval[string](b, summary))

	// What replaces a message that is out of sight is the newest.
	b.push(object{"text": "100 %", "key": "job"})
	assert.Equal(t, []string{"error", "10", "11", "12", "100 %"},
		eval[[]string](b, inSight(inCorner)))
	assert.Equal(t, "9 more", eval[string](b, summary))

	b.click(inCorner + " summary")
	b.until(`[...document.querySelectorAll("` + inCorner + ` [data-status]")]
		.every(e => e.checkVisibility())`)
	b.click(inCorner + " [data-flash-more] > button")
	b.untilEqual([]string{"stays"}, texts)
	assert.False(t, eval[bool](b, `document.querySelector(":popover-open") !== null`))
	b.pushNumbered(1, 5)
	assert.Equal(t, "none", eval[string](b, summary))
}

// Equal messages are one that says how many it stands for, to readers as well.
func coreEqual(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{}, saveForm,
		`{{define "test"}}<script src="/log.js"></script>{{end}}`)
	s.leave(flashgin.Info("one"), flashgin.Info("two"), flashgin.Info("one"), flashgin.Error("one"))
	b.open(s.url)
	b.ready()
	const counts = `[...document.querySelectorAll("flash-messages [data-status]")].map(e =>
		e.querySelector("[data-flash-text]").textContent + e.querySelector("[data-flash-count]").textContent)`
	assert.Equal(t, []string{"two", "one×2", "one"}, eval[[]string](b, counts))
	for range 3 {
		b.push(object{"text": "three"})
	}
	b.push(object{"text": "two"})
	assert.Equal(t, []string{"two", "one×2", "one", "three×3", "two"}, eval[[]string](b, counts))
	b.untilEqual([]string{"Error. one", "Info. two", "Info. one. ×2", "Info. three",
		"Info. three. ×2", "Info. three. ×3", "Info. two"}, `spoken.map(s => s.text.trim())`)
}

// Without a script, too, twelve messages leave the form in sight, and can all be seen.
func TestManyWithoutJavaScript(t *testing.T) {
	for _, look := range looks[:2] { // this Tailwind is a script
		t.Run(look.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{Look: look.look}, look.head, saveForm)
			s.policy = ""
			b := newTab(t)
			b.call("Emulation.setScriptExecutionDisabled", object{"value": true})
			s.leave(append(numbered(12, 3), flashgin.Info("12"))...)
			b.open(s.url)
			b.untilEqual([]string{"3", "9", "10", "11", "12"}, inSight(inPage))
			assert.True(t, eval[bool](b, formSeen))
			assert.Equal(t, 0, eval[int](b, `[...document.querySelectorAll("flash-messages button")]
				.filter(e => e.checkVisibility()).length`), "dead buttons")
			b.click(inPage + " summary")
			b.untilEqual(12, `[...document.querySelectorAll("`+inPage+` [data-status]")]
				.filter(e => e.checkVisibility()).length`)
		})
	}
}

// In all looks nothing is wrong for axe, closed and open.
func TestManyLooks(t *testing.T) {
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			store := new(flashgin.MemoryStore)
			s := newSite(t, flashgin.Config{Look: look.look, HideStatus: true, Store: store,
				AgeAfter: time.Minute}, look.head, saveForm)
			s.policy = ""
			b := newTab(t)
			for _, scheme := range []string{"light", "dark"} {
				b.media("", "prefers-color-scheme", scheme)
				s.leave(append(numbered(12, 3), flashgin.Info("12"))...)
				b.open(s.url)
				b.ready()
				b.bootstrapScheme(scheme)
				b.untilEqual([]string{"3", "9", "10", "11", "12"}, inSight(inPage))
				b.axe("many, " + scheme)
				b.click(inPage + " summary")
				b.js(`scrollTo(0, 0)`)
				b.axe("all of them, " + scheme)
				b.js(`document.querySelector("[data-flash-more] > button").click()`)
				b.pushNumbered(1, 12)
				assert.Equal(t, []string{"8", "9", "10", "11", "12"},
					eval[[]string](b, inSight(inCorner)))
				b.axe("in the corner, " + scheme)

				require.NoError(t, store.Add(t.Context(), ada, flashgin.Message{View: "/",
					ID: scheme, Status: flashgin.StatusWarning, Title: "Storage",
					Text: driverError, Created: time.Now().Add(-time.Hour)}))
				b.open(s.url)
				b.ready()
				b.bootstrapScheme(scheme)
				b.untilEqual("60 minutes ago", `document.querySelector("time").textContent`)
				b.push(object{"status": "success", "text": driverError})
				b.axe("a long text, " + scheme)
			}
		})
	}
}

// The keyboard gets to what is out of sight, and loses its place by no button.
func TestManyByKeyboard(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened(numbered(7)...)
	const focused = `(e => e.closest("[data-status]")?.querySelector("[data-flash-text]").textContent ?? (e.id || e.textContent))(document.activeElement)`
	var order []string
	press := func() {
		b.press(kb.Tab)
		order = append(order, eval[string](b, focused))
	}
	press()
	press()
	b.press(kb.Enter)
	press()
	press()
	press()
	press()
	assert.Equal(t, []string{"away", "2 more", "1", "2", "Close all", "3"}, order)

	b.js(`document.querySelector("[data-flash-more] li:last-child [data-flash-close]").focus()`)
	b.press(kb.Enter)
	b.untilEqual("1", focused)
	b.press(kb.Enter)
	b.untilEqual("3", focused)

	b.js(`document.getElementById("field").focus()`)
	b.pushNumbered(11, 20)
	b.js(`document.querySelector("[popover] [data-flash-more] > button").focus()`)
	b.press(kb.Enter)
	b.untilEqual("field", focused)
	assert.Len(t, eval[[]string](b, texts), 5)
}

// While somebody reads, nothing that is in sight is put away; and nothing closes by itself that
// nobody has seen.
func TestManyWhileSomebodyReads(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := newTab(t)
	b.beforeFile("clock.js")
	var list []flashgin.Message
	for i := range 7 {
		list = append(list, leaves(fmt.Sprint(i+1)))
	}
	s.leave(list...)
	b.open(s.url)
	b.ready()
	b.js(`clock.forward(16000)`)
	b.untilEqual([]string{"1", "2"}, texts)
	b.js(`clock.forward(16000)`)
	b.untilEqual([]string{}, texts)

	b.pushNumbered(1, 5)
	b.js(`document.querySelector("[data-flash-live] [data-flash-close]").focus()`)
	b.pushNumbered(6, 7)
	assert.True(t, eval[bool](b, `document.activeElement.checkVisibility() &&
		document.activeElement.closest("[data-status]") !== null`))
	b.js(`document.getElementById("field").focus()`)
	b.pushNumbered(8, 8)
	assert.Equal(t, []string{"4", "5", "6", "7", "8"}, eval[[]string](b, inSight(inCorner)))
}
