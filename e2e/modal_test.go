package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

const dialogs = `{{define "content"}}
<dialog id="one" aria-label="One"><p>One</p><button id="in-one">Button</button></dialog>
<dialog id="two" aria-label="Two"><p>Two</p><button id="in-two">Button</button></dialog>
<button id="below" class="low">Below</button>
<p><label for="field">Field</label> <input id="field" class="low"></p>{{end}}`

// Check 22.
func TestModalDialogs(t *testing.T) {
	s := newSite(t, flashgin.Config{}, dialogs)
	b := newTab(t)
	b.beforeFile("log.js")
	b.open(s.url)
	b.ready()
	b.push(object{"text": "before"})
	b.untilEqual(1, `spoken.length`)
	const home = `document.querySelector("[data-flash-live]").parentNode.id || document.querySelector("[data-flash-live]").parentNode.localName`
	b.js(`one.showModal()`)
	b.untilEqual("one", home)
	assert.Equal(t, oneVoiceEach, b.live(), "not inert")
	assert.True(t, eval[bool](b, hit), "the message can be clicked")
	b.push(object{"text": "inside"})
	b.untilEqual([]string{"Info. before", "Info. inside"}, `spoken.map(s => s.text)`)

	b.js(`two.showModal()`)
	b.untilEqual("two", home)
	assert.True(t, eval[bool](b, hit))
	b.click("[data-flash-live] [data-flash-close]")
	b.untilEqual([]string{"inside"}, texts)
	assert.True(t,
		eval[bool](b, `document.querySelector("[data-flash-close]") === document.activeElement`),
		"the next")

	// Escape closes the message, and only then the dialog.
	b.press(kb.Escape)
	b.untilEqual([]string{}, texts)
	assert.True(t, eval[bool](b, `two.open`))
	assert.Equal(t, "two", eval[string](b, `document.activeElement.closest("dialog").id`),
		"the focus stays in the dialog")
	b.js(`two.close()`)
	b.untilEqual("one", home)
	b.js(`FlashMessages.push({text: "kept"}); one.remove()`) // with all that is in it
	b.untilEqual("flash-messages", home)
	b.untilEqual([]string{"kept"}, texts)
	b.until(`document.querySelector("[data-flash-live] [popover]").matches(":popover-open")`)
	assert.Equal(t, oneVoiceEach, b.live())

	b.js(`two.show()`) // not modal
	b.never(home + ` !== "flash-messages"`)
}

func TestPageBelowPushedMessages(t *testing.T) {
	s := newSite(t, flashgin.Config{}, dialogs)
	b := s.opened()
	b.push(object{"text": "first"})
	b.push(object{"text": "second"})
	// Between and beside the messages, clicks reach the page.
	assert.False(t, eval[bool](b,
		`(() => { const [a, z] = [...document.querySelectorAll("[data-flash-live] [data-status]")].map(e => e.getBoundingClientRect());
		return document.elementFromPoint(a.x + 5, (a.bottom + z.top) / 2).closest("[data-flash-live]") !== null })()`))

	// What has the focus is not hidden: the messages go to the other edge.
	const covered = `(() => { const r = document.activeElement.getBoundingClientRect();
		return document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2) !== document.activeElement })()`
	b.js(`document.getElementById("field").focus()`)
	assert.True(t, eval[bool](b, `document.querySelector("[popover]").style.marginBlock !== ""`))
	b.until(`!(` + covered + `)`)
	b.js(`document.getElementById("away").focus()`)
	b.until(`!(` + covered + `)`)
	b.push(object{"text": "third"})
	b.until(`!(` + covered + `)`)
}

// A message that replaces another takes its place, so nothing jumps. In a dialog it stays with the
// others there.
func TestReplacementTakesThePlace(t *testing.T) {
	s := newSite(t, flashgin.Config{}, dialogs)
	b := s.opened(flashgin.Message{Text: "50 %", Key: "job"}, flashgin.Info("other"))
	const top = `field.getBoundingClientRect().top`
	const inCorner = `[...document.querySelectorAll("[data-flash-live] [data-flash-text]")].map(e => e.textContent)`
	before := eval[float64](b, top)
	b.push(object{"text": "100 %", "key": "job"})
	b.untilEqual([]string{"100 %", "other"}, texts)
	assert.Equal(t, before, eval[float64](b, top))
	assert.Empty(t, eval[[]string](b, inCorner))

	b.js(`addEventListener("flash:close", event => event.preventDefault(), {once: true})`)
	b.push(object{"text": "kept", "key": "job"})
	b.untilEqual([]string{"100 %", "kept", "other"}, texts)

	b.js(`one.showModal()`)
	b.untilEqual(true, `document.querySelector("[data-flash-live]").parentNode === one`)
	b.push(object{"text": "inside", "key": "job"})
	b.untilEqual([]string{"inside"}, inCorner)
	b.untilEqual([]string{"other", "inside"}, texts)
}
