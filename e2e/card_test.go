package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// driverError is a text of 1.5 KB.
var driverError = strings.Repeat("pq: could not write to a file: no space left. ", 33)

// Check 32. A long text is clamped until somebody wants to see all of it, in the page and in the
// corner.
func coreLong(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{}, saveForm)
	s.leave(flashgin.Error(driverError), flashgin.Info("short"))
	b.open(s.url)
	b.ready()
	b.push(object{"status": "error", "text": driverError})
	b.push(object{"text": "short, too"})
	const cards = `[...document.querySelectorAll("flash-messages [data-status]")]`
	assert.Equal(t, []string{"Show more", "", "Show more", ""},
		eval[[]string](b, cards+`.map(e => e.querySelector("summary")?.innerText.trim() ?? "")`))
	assert.True(t, eval[bool](b, cards+`.every(e => e.getBoundingClientRect().height < 200)`))
	assert.Equal(t, []string{driverError, "short", driverError, "short, too"},
		eval[[]string](b, texts))

	for i, selector := range []string{inPage + " summary", inCorner + " summary"} {
		card := cards + `[` + []string{"0", "2"}[i] + `]`
		const whole = `.querySelector("[data-flash-text]")).scrollHeight <=
			e.querySelector("[data-flash-text]").clientHeight + 1`
		assert.False(t, eval[bool](b, `(e => (e`+whole+`)(`+card+`)`))
		b.click(selector)
		b.until(`(e => (e` + whole + `)(` + card + `)`)
		assert.Equal(t, "Show less",
			eval[string](b, card+`.querySelector("summary").innerText.trim()`))
		b.click(selector)
		b.until(card + `.getBoundingClientRect().height < 200`)
	}
}

// The word for the status is not seen, and said.
func coreHiddenStatus(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{HideStatus: true}, saveForm,
		`{{define "test"}}<script src="/log.js"></script>{{end}}`)
	s.leave(flashgin.Success("Your settings were changed."),
		flashgin.Message{Status: "warning", Title: "Storage", Text: "It is nearly full."})
	b.open(s.url)
	b.ready()
	b.push(object{"status": "error", "title": "Import", "text": "It failed."})
	b.push(object{"status": "odd", "text": "It is odd."})
	const titles = `[...document.querySelectorAll("flash-messages [data-flash-title]")]`
	assert.Equal(t, []string{"Success", "Warning: Storage", "Error: Import", "odd"},
		eval[[]string](b, titles+`.map(e => e.textContent)`))
	assert.Equal(t, []bool{false, true, true, false},
		eval[[]bool](b, titles+`.map(e => e.getBoundingClientRect().height > 10)`))
	assert.True(t, eval[bool](b, titles+`.every(e => (r => r.width <= 1 && r.height <= 1)
		(e.firstElementChild.getBoundingClientRect()))`))
	b.untilEqual([]string{"Error: Import. It failed.", "Success. Your settings were changed.",
		"Warning: Storage. It is nearly full.", "odd. It is odd."}, `spoken.map(s => s.text).sort()`)
}

// A message that waited for hours says so, and a new one does not.
func coreAge(t *testing.T, _ engine, b *tab) {
	store := new(flashgin.MemoryStore)
	s := newCoreSite(t, flashgin.Config{Store: store, AgeAfter: time.Hour}, saveForm)
	made := time.Now().Add(-200 * time.Minute).UTC()
	s.leave(flashgin.Info("new"))
	require.NoError(t, store.Add(t.Context(), ada, flashgin.Message{View: "/", ID: "old",
		Status: flashgin.StatusInfo, Text: "old", Created: made}))
	b.open(s.url)
	b.ready()
	assert.Equal(t, []string{"", "3 hours ago " + made.Format(time.RFC3339)},
		eval[[]string](b, `[...document.querySelectorAll("flash-messages [data-status]")]
			.map(e => e.querySelector("time")).map(e => e ? e.innerText + " " + e.dateTime : "")`))
}

// One variable says where the corner is. It leaves what has the focus in sight.
func coreCorner(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{})
	b.open(s.url)
	b.ready()
	b.push(object{"text": "one"})
	const place = `(r => [r.top < innerHeight - r.bottom ? "upper" : "lower",
		Math.abs(r.left + r.right - innerWidth) < 40 ? "middle" :
		r.left < innerWidth - r.right ? "left" : "right"].join(" "))
		(document.querySelector("[popover] [data-status]").getBoundingClientRect())`
	b.untilEqual("lower right", place)
	for margins, want := range map[string]string{
		"auto auto 0 0": "lower left", "0 auto auto": "upper middle",
		"0 0 auto auto": "upper right",
	} {
		b.js(`document.documentElement.style.setProperty("--flash-corner", ` + quote(margins) + `)`)
		b.untilEqual(want, place)
	}
	b.js(`document.documentElement.style.setProperty("--flash-corner", "0 0 auto auto");
		const field = document.getElementById("field");
		field.style.cssText = "position: fixed; top: 2rem; right: 2rem"; field.focus()`)
	b.untilEqual("lower right", place)
	b.js(`document.documentElement.style.removeProperty("--flash-corner");
		document.getElementById("button").focus(); document.documentElement.dir = "rtl"`)
	b.untilEqual("lower left", place)
}

// The three looks agree: titles are bold, what arrives has a shadow, and on a page from right to
// left an English text begins where its card begins.
func TestLooksAgree(t *testing.T) {
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{Look: look.look},
				strings.Replace(look.head, "bootstrap.css", "bootstrap.rtl.css", 1),
				`{{define "root"}}dir="rtl"{{end}}`)
			s.policy = ""
			s.StaticFile("/npm/bootstrap/dist/css/bootstrap.rtl.css",
				"node_modules/bootstrap/dist/css/bootstrap.rtl.css")
			b := s.opened(flashgin.Message{Title: "Order 12", Text: "It is on its way.",
				Link: &flashgin.Link{Label: "View order", URL: "/12"}})
			b.push(object{"title": "Order 13", "text": "It is on its way."})
			b.untilEqual([]string{"600", "600"},
				`[...document.querySelectorAll("flash-messages bdi")]
				.map(e => getComputedStyle(e).fontWeight)`)
			assert.True(t, eval[bool](b, `(e => getComputedStyle(e).boxShadow !== "none" ||
				getComputedStyle(e.closest("[popover]")).filter.includes("drop-shadow"))
				(document.querySelector("[popover] [data-status]"))`))
			assert.Equal(t, "none", eval[string](b,
				`getComputedStyle(document.querySelector("[data-status]")).boxShadow`))
			assert.Equal(t, []bool{true, true}, eval[[]bool](b, `
				["[data-flash-text]", "[data-flash-link]"].map(selector => {
				const e = document.querySelector(selector), range = document.createRange();
				range.selectNodeContents(e);
				return Math.abs(range.getBoundingClientRect().right - e.getBoundingClientRect().right) < 2;
			})`))
		})
	}
}

// The warning's colour in light is amber, and neither brown nor grey.
func TestWarningIsAmber(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened(flashgin.Warning("Your plan ends."))
	got := eval[[]float64](b, `(() => {
		const [r, g, b] = getComputedStyle(document.querySelector("[data-status]"))
			.borderInlineStartColor.match(/[\d.]+/g).map(Number);
		const most = Math.max(r, g, b), least = Math.min(r, g, b);
		return [(most + least) / 510, (most - least) / (255 - Math.abs(most + least - 255))];
	})()`)
	assert.Greater(t, got[0], 0.4, "lightness")
	assert.Greater(t, got[1], 0.8, "saturation")
}
