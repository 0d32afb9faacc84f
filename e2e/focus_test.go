package e2e

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// Check 7.
func TestFocusOnLoad(t *testing.T) {
	const focused = `document.activeElement.localName`
	for _, test := range []struct {
		name, root, content, path string
		want                      string
	}{
		{"not asked for", ``, ``, "/", "body"},
		{"asked for", `data-flash-focus`, ``, "/", "flash-messages"},
		{"for this status", `data-flash-focus="warning error"`, ``, "/", "flash-messages"},
		{"for another status", `data-flash-focus="warning"`, ``, "/", "body"},
		{"the address has a fragment", `data-flash-focus`, `<p id="there">There</p>`,
			"/#there", "body"},
		{"a field wants it", `data-flash-focus`, `<label>Field <input autofocus></label>`,
			"/", "input"},
		{"a summary of errors", `data-flash-focus`,
			`<div role="alert"><h2>There is a problem</h2></div>`, "/", "body"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{}, `{{define "root"}}`+test.root+
				`{{end}}{{define "content"}}<button id="button">Button</button>`+
				test.content+`{{end}}`)
			b := newTab(t)
			b.beforeFile("log.js")
			s.leave(flashgin.Error("full"))
			b.open(s.url + test.path)
			b.ready()
			b.untilEqual(test.want, focused)
			b.never(focused + ` !== ` + quote(test.want))
			if test.want == "flash-messages" {
				assert.Equal(t, []string{"Messages: Error full"}, b.described("region"),
					"the focus reads the text")
				b.never(`spoken.length > 0`) // which nobody says again
				b.js(`document.getElementById("button").focus()`)
				assert.False(t, eval[bool](b,
					`document.querySelector("flash-messages").hasAttribute("tabindex")`))
			}
		})
	}
	t.Run("never for a message that is pushed", func(t *testing.T) {
		s := newSite(t, flashgin.Config{}, `{{define "root"}}data-flash-focus{{end}}`)
		b := s.opened()
		b.push(object{"text": "news", "status": "error"})
		b.never(`document.activeElement !== document.body`)
	})
}

// Check 8.
func TestKeyboard(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened(flashgin.Info("one"), flashgin.Info("two"), flashgin.Info("three"))
	b.push(object{"text": "four"})
	const focused = `document.activeElement.closest("[data-status]")?.querySelector("[data-flash-text]").textContent ?? document.activeElement.id`
	var order []string
	for range 6 {
		b.press(kb.Tab)
		order = append(order, eval[string](b, focused))
		if on := order[len(order)-1]; on != "away" && on != "field" {
			assert.Equal(t, []any{"solid", "2px"}, eval[[]any](b,
				`(s => [s.outlineStyle, s.outlineWidth])(getComputedStyle(document.activeElement))`),
				on)
		}
	}
	assert.Equal(t, []string{"away", "one", "two", "three", "four", "field"}, order)

	b.press(kb.Escape)
	assert.Len(t, eval[[]string](b, texts), 4, "Escape elsewhere closes nothing")
	b.press(kb.Tab, kb.Modifier(8)) // back, by Shift
	b.press(kb.Escape)
	b.untilEqual([]string{"one", "two", "three"}, texts)
	b.js(`document.querySelector("[data-flash-close]").focus()`)
	b.press(kb.Enter)
	b.untilEqual([]string{"two", "three"}, texts)
	b.press(" ")
	b.untilEqual([]string{"three"}, texts)
}

// Check 9.
func TestFocusAfterClosing(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened(flashgin.Info("one"), flashgin.Info("two"), flashgin.Info("three"))
	const focused = `(e => e.closest("[data-status]")?.querySelector("[data-flash-text]").textContent ?? (e.id || e.localName))(document.activeElement)`
	b.press(kb.Tab)
	b.untilEqual("away", focused)
	b.press(kb.Tab)
	b.press(kb.Tab)
	b.untilEqual("two", focused)
	b.press(kb.Enter)
	b.untilEqual("three", focused) // the next
	b.press(kb.Enter)
	b.untilEqual("one", focused) // the previous
	b.press(kb.Enter)
	b.untilEqual("away", focused) // where it was before

	b = s.opened(flashgin.Info("one"))
	b.click("[data-flash-close]")
	b.untilEqual([]string{}, texts)
	b.untilEqual("main", focused) // it was nowhere before
	b.js(`document.getElementById("field").focus()`)
	assert.False(t, eval[bool](b, `document.querySelector("main").hasAttribute("tabindex")`))

	b.push(object{"text": "pushed"})
	b.click("[data-flash-live] [data-flash-close]")
	b.untilEqual("field", focused)

	b.push(object{"text": "elsewhere"})
	b.js(`FlashMessages.push({text: "later", key: "k"}); FlashMessages.push({text: "replaced", key: "k"})`)
	b.untilEqual([]string{"elsewhere", "replaced"}, texts)
	b.untilEqual("field", focused)
}

// Check 10.
func TestCloseButton(t *testing.T) {
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{Look: look.look}, look.head)
			s.policy = ""
			b := s.opened(flashgin.Message{Title: "Saved", Text: "All of it."})
			b.push(object{"title": "Pushed", "text": "news"})
			b.until(`[...document.querySelectorAll("[data-flash-close]")].every(e => { const r = e.getBoundingClientRect(); return r.width >= 24 && r.height >= 24 })`)
			assert.Equal(t, []string{"Close message: Info: Saved All of it.",
				"Close message: Info: Pushed news"}, b.described("button"))
		})
	}
}

// described returns the names and descriptions that elements with a role have for readers.
func (b *tab) described(role string) (list []string) {
	b.t.Helper()
	b.call("Accessibility.enable", object{})
	for _, n := range b.call("Accessibility.getFullAXTree", object{})["nodes"].([]any) {
		value := func(property string) string {
			v, _ := n.(object)[property].(object)
			text, _ := v["value"].(string)
			return text
		}
		if value("role") == role && value("description") != "" {
			list = append(list, value("name")+": "+value("description"))
		}
	}
	return list
}
