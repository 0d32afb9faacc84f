package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// hit reports whether the close button of the last message is what a click at it would hit.
const hit = `(() => {
	const buttons = document.querySelectorAll("[data-flash-live] [data-status] [data-flash-close]");
	const r = [...buttons].at(-1).getBoundingClientRect();
	const there = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2);
	return there?.closest("[data-flash-close]") != null })()`

// inShadow makes dialogs in the shadow roots of components: one in #host, and one in a component
// beside it there.
const inShadow = `
	const host = document.createElement("div"), inner = document.createElement("div");
	host.id = "host";
	document.body.append(host);
	const dialogIn = (root, name) => {
		const dialog = document.createElement("dialog"), button = document.createElement("button");
		button.textContent = name;
		dialog.setAttribute("aria-label", name);
		dialog.append(button);
		root.append(dialog);
	};
	const root = host.attachShadow({mode: "open"});
	dialogIn(root, "first");
	root.append(inner);
	dialogIn(inner.attachShadow({mode: "open"}), "second");`

// Check 22: a modal dialog in a shadow root, and one in a shadow root in that.
func coreShadow(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{}, saveForm)
	s.line.lay(nil)
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	b.js(inShadow)
	const (
		home   = `document.querySelector("[data-flash-live]").parentNode`
		host   = `document.getElementById("host")`
		first  = host + `.shadowRoot.querySelector("dialog")`
		second = host + `.shadowRoot.querySelector("div").shadowRoot.querySelector("dialog")`
	)
	b.js(first + `.showModal()`)
	b.untilEqual("host", home+`.id`)
	s.leave(flashgin.Error("in the first"))
	b.untilEqual([]string{"in the first"}, texts)
	b.untilEqual([]string{"Error. in the first"}, urgently)
	b.until(hit)

	// What has the focus there is not covered, also when the focus moves within the dialog, of
	// which nothing is heard outside. The button is where the messages are.
	const covered = `(() => {
		const message = document.querySelector("[data-flash-live] [data-status]"), r = message.getBoundingClientRect();
		return r.bottom > ` + first + `.lastChild.getBoundingClientRect().top })()`
	b.js(`const save = document.createElement("button");
		save.textContent = "Save";
		save.style = "position: fixed; inset: auto 0 0 0; height: 4em";
		` + first + `.append(save)`)
	b.js(first + `.firstChild.focus()`)
	b.until(covered)
	b.js(first + `.lastChild.focus()`)
	b.until(`!(` + covered + `)`)
	b.js(first + `.lastChild.remove()`)
	b.until(hit)

	b.js(second + `.showModal()`)
	b.until(hit)
	s.leave(flashgin.Error("in the second"))
	b.untilEqual([]string{"in the first", "in the second"}, texts)
	b.untilEqual([]string{"Error. in the second"}, urgently) // silent meanwhile
	b.until(hit)
	assert.Equal(t, "solid", eval[string](b,
		`getComputedStyle(document.querySelector("[data-flash-live] [data-status]")).borderTopStyle`),
		"the style sheet")
	b.js(second + `.close()`)
	b.until(hit)
	b.click("[data-flash-live] [data-flash-close]") // WebDriver refuses if it is behind something
	b.untilEqual([]string{"in the second"}, texts)
	b.js(first + `.remove()`)
	b.untilEqual("flash-messages", home+`.localName`)
	b.until(hit)
	b.js(second + `.showModal()`)
	b.untilEqual("host", home+`.id`)
	b.js(host + `.remove()`) // with all that is in it
	b.untilEqual("flash-messages", home+`.localName`)
	b.untilEqual([]string{"in the second"}, texts)
	b.until(hit)
}

// Check 22: what arrives is on top of what the page has shown after an earlier message.
func coreOnTop(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{}, `{{define "content"}}
		<p id="cover" popover="manual">A popover</p><p id="film">A film</p><button id="full">Full screen</button>{{end}}`)
	b.open(s.url)
	b.ready()
	b.push(object{"text": "first"})
	b.until(hit)
	b.js(`Object.assign(cover.style, {width: "100vw", height: "100vh"}); cover.showPopover()`)
	b.untilEqual(false, hit)
	b.push(object{"text": "second"})
	b.until(hit)
	b.js(`full.addEventListener("click", () => film.requestFullscreen(), {once: true});
		cover.hidePopover()`)
	b.click("#full")
	b.until(`document.fullscreenElement !== null`)
	b.until(hit)
	b.push(object{"text": "third"})
	b.until(hit)
	b.until(politely + `.includes("Info. third")`)
	const home = `document.querySelector("[data-flash-live]").parentNode.localName`
	b.js(`await document.exitFullscreen()`)
	b.untilEqual("flash-messages", home)
	b.until(hit)

	// Nothing can be put into these. What arrives is painted over them, if no more.
	for _, name := range []string{"iframe", "canvas"} {
		b.js(`const element = document.createElement("` + name + `");
			element.title = element.alt = "A player";
			document.querySelector("main").append(element);
			full.addEventListener("click", () => element.requestFullscreen(), {once: true})`)
		b.click("#full")
		b.until(`document.fullscreenElement?.localName === "` + name + `"`)
		b.push(object{"text": "over " + name})
		assert.Equal(t, "flash-messages", eval[string](b, home))
		b.js(`await document.exitFullscreen()`)
	}
}
