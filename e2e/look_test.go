package e2e

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// Check 15.
func TestForcedColorsAndPrint(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := newTab(t)
	b.media("", "forced-colors", "active")
	s.leave(every()...)
	b.open(s.url)
	b.ready()
	b.pushFive()
	assert.True(t, eval[bool](b, `matchMedia("(forced-colors: active)").matches`))
	assert.True(t, eval[bool](b,
		`[...document.querySelectorAll("[data-status]")].every(e => { const s = getComputedStyle(e);
		return s.borderTopStyle === "solid" && parseFloat(s.borderTopWidth) >= 1 && s.borderTopColor !== s.backgroundColor })`))
	b.axe("forced colours")

	b.media("print")
	assert.Equal(t, []any{"none", "none", true},
		eval[[]any](b, `[getComputedStyle(document.querySelector("[popover]")).display,
		getComputedStyle(document.querySelector("[data-flash-close]")).display, document.querySelector("flash-messages > ul").getBoundingClientRect().height > 100]`))
}

// What is on paper cannot be closed, and what was in the corner is not on it.
func TestPrint(t *testing.T) {
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{Look: look.look}, look.head)
			s.policy = ""
			b := s.opened(flashgin.Info("one"))
			b.push(object{"text": "two"})
			b.media("print")
			b.untilEqual([]string{"none", "none"},
				`[document.querySelector("[popover]"), document.querySelector("[data-flash-close]")]
				.map(e => getComputedStyle(e).display)`)
			assert.True(t,
				eval[bool](b, `document.querySelector("[data-flash-text]").checkVisibility()`))
		})
	}
}

// Check 16, and the last of check 10.
func TestWithoutJavaScript(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := newTab(t)
	b.call("Emulation.setScriptExecutionDisabled", object{"value": true})
	s.leave(every()...)
	b.open(s.url)
	// The page runs no script; the test's own still does.
	assert.False(t, eval[bool](b, `customElements.get("flash-messages") !== undefined`))
	b.click("summary") // of what is folded
	assert.Equal(t, len(every()), eval[int](b,
		`[...document.querySelectorAll("[data-status]")].filter(e =>
		e.checkVisibility({opacityProperty: true, visibilityProperty: true}) && e.getBoundingClientRect().height > 30).length`))
	assert.Equal(t, len(every()), eval[int](b, texts+`.filter(text => text.trim() !== "").length`))
	assert.Equal(t, 0, eval[int](b,
		`[...document.querySelectorAll("button")].filter(e => e.checkVisibility() && e.id !== "button").length`),
		"dead buttons")
	assert.Equal(t, "region",
		eval[string](b, `document.querySelector("flash-messages").getAttribute("role")`))
	assert.Empty(t, b.clipped(), "text that is cut off")
}

// clipped returns what does not fit into its box, or sticks out of the window.
func (b *tab) clipped() []string {
	return eval[[]string](b,
		`[...document.querySelectorAll("[data-status], [data-status] :is(p, div, button)")].filter(e => e.checkVisibility()).filter(e => {
		const r = e.getBoundingClientRect();
		return e.scrollWidth > e.clientWidth + 1 || r.left < 0 || r.right > innerWidth + 1 }).map(e => e.outerHTML.slice(0, 100))`)
}

// German words are long, and Arabic runs from right to left.
func TestLanguages(t *testing.T) {
	for _, test := range []struct {
		name, lang, root string
		labels           flashgin.Labels
		text, want       string
	}{
		{"German", "de", "",
			flashgin.Labels{Region: "Meldungen", Close: "Schließen", Info: "Hinweis",
				Success: "Erfolg", Warning: "Warnung", Error: "Fehler"},
			"Die Einstellungen wurden geändert.", "Erfolg"},
		{"Arabic", "ar", `dir="rtl"`,
			flashgin.Labels{Region: "الرسائل", Close: "إغلاق", Info: "معلومة",
				Success: "تم بنجاح", Warning: "تحذير", Error: "خطأ"},
			"تم تغيير إعداداتك بنجاح.", "تم بنجاح"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t,
				flashgin.Config{Labels: func(*gin.Context) flashgin.Labels { return test.labels }},
				`{{define "lang"}}`+test.lang+`{{end}}{{define "root"}}`+test.root+`{{end}}`)
			b := newTab(t)
			b.size(320, 1000)
			s.leave(flashgin.Success(test.text), flashgin.Message{Status: "success",
				Title: "Order 12", Text: "An English sentence, with a full stop."})
			b.open(s.url)
			b.ready()
			b.push(object{"status": "success", "text": test.text})
			assert.Equal(t, []string{test.want, test.want + ": Order 12", test.want},
				eval[[]string](b,
					`[...document.querySelectorAll("[data-flash-title]")].filter(e => e.isConnected).map(e => e.textContent)`))
			assert.Equal(t, test.labels.Region,
				eval[string](b, `document.querySelector("flash-messages").ariaLabel`))
			assert.Equal(t, []string{test.labels.Close, test.labels.Close, test.labels.Close},
				eval[[]string](b,
					`[...document.querySelectorAll("[data-flash-close]")].map(e => e.ariaLabel)`))
			// The icon is where reading begins, the button where it ends; each text runs its own
			// way.
			assert.Equal(t, test.root != "", eval[bool](b,
				`document.querySelector("[data-status] svg").getBoundingClientRect().x >
				document.querySelector("[data-flash-close]").getBoundingClientRect().x`))
			assert.Equal(t, "ltr", eval[string](b,
				`getComputedStyle(document.querySelectorAll("[data-flash-text]")[1]).direction`))
			assert.Equal(t, test.root != "", eval[bool](b,
				`getComputedStyle(document.querySelector("[data-flash-text]")).direction === "rtl"`))
			// A text that runs the other way begins where the card begins.
			assert.Equal(t, map[bool]string{true: "right", false: "left"}[test.root != ""],
				eval[string](b, `getComputedStyle(document.querySelectorAll("[data-flash-text]")[1]).textAlign`))
			assert.Empty(t, b.clipped())
			b.axe(test.name)
		})
	}
}

// A word without an end, at the least width, in all looks.
func TestNothingSticksOut(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := newTab(t)
	b.size(320, 700)
	endless := "https://example.com/" + string(bytes.Repeat([]byte("a"), 200))
	s.leave(flashgin.Message{Title: endless, Text: endless,
		Link: &flashgin.Link{Label: endless, URL: "/"}})
	b.open(s.url)
	b.ready()
	b.push(object{"title": endless, "text": endless})
	assert.Empty(t, b.clipped())
	assert.True(t, eval[bool](b, `document.documentElement.scrollWidth <= innerWidth`))
	b.axe("endless words")
}

// The colours of a status are not all that tells it, but they are there: the pictures of the four
// differ.
func TestStatusesLookDifferent(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened()
	var seen []image.Image
	for _, status := range []string{"info", "success", "warning", "error"} {
		b.push(object{"status": status, "text": "The same text."})
		shot, err := chromedp.Run(b.ctx,
			chromedp.Screenshot(chromedp.CSS(`[data-flash-live] [data-status="`+status+`"]`)))
		require.NoError(t, err)
		picture, err := png.Decode(bytes.NewReader(shot))
		require.NoError(t, err)
		for _, other := range seen {
			assert.NotEqual(t, other.At(1, 20), picture.At(1, 20), "the bar of "+status)
		}
		seen = append(seen, picture)
	}
}
