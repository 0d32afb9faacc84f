package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
)

// The reading list of _examples/htmx: every kind of answer, on one page that is never loaded again.
func TestHTMXExample(t *testing.T) {
	url := startExample(t, "htmx").url
	b := newTab(t)
	b.beforeFile("shown.js")
	b.open(url + "/")
	b.ready()
	b.until(`globalThis.htmx !== undefined`)
	b.remember()
	const titles = `[...document.querySelectorAll(".books span")].map(e => e.textContent)`
	assert.Equal(t, []string{"Middlemarch", "The Left Hand of Darkness"}, eval[[]string](b, titles))

	b.fill("#title", "Emma")
	b.click("form button")
	b.untilEqual([]string{"“Emma” is on your list."}, texts)
	b.untilEqual([]string{"Middlemarch", "The Left Hand of Darkness", "Emma"}, titles)
	b.untilEqual("", `document.querySelector("#title").value`)

	b.expect("422")
	b.click("form button") // without a title
	b.until(texts + `.includes("Please enter a title.")`)

	b.click(`[aria-label="Read: Middlemarch"]`)
	b.untilEqual([]string{"The Left Hand of Darkness", "Emma"}, titles)
	b.untilEqual("2 to read, 1 finished", `document.querySelector("h1 + div").textContent`)
	b.click(`[aria-label="Remove: Emma"]`)
	b.untilEqual([]string{"The Left Hand of Darkness"}, titles)

	b.click(`[hx-post="/reminder"]`)
	b.until(shownEver + `.includes("You will be reminded in 3s.")`)
	b.until(texts + `.includes("Time to read.")`) // by the stream, which hears that it was seen
	b.until(`performance.getEntriesByType("resource").some(e => e.name.endsWith("/ack"))`)
	assert.True(t, eval[bool](b, sameVoices), "the page is the same")

	b.click(`[hx-post="/finish"]`)
	b.untilEqual("/finished", `location.pathname`)
	b.untilEqual([]string{"The list is finished: 1 more read."}, texts)
	b.untilEqual([]string{"Middlemarch", "The Left Hand of Darkness"}, titles)
	b.ready()
	b.until(`globalThis.htmx !== undefined`)
	b.click(`a[href="/"]`) // a boosted link
	b.untilEqual("/", `location.pathname`)
	b.untilEqual([]string{}, texts)
	assert.Equal(t, []string{"“Emma” is on your list.", "Please enter a title.",
		"You have read “Middlemarch”.", "“Emma” was removed.",
		"You will be reminded in 3s.", "Time to read.", "The list is finished: 1 more read."},
		eval[[]string](b, shownEver), "each once")
	assert.Equal(t, oneVoiceEach, b.live())
	b.axe("the reading list")
}

// The guest book of _examples/templ: post, redirect, get, and a form that is rendered again.
func TestTemplExample(t *testing.T) {
	url := startExample(t, "templ").url
	b := newTab(t)
	b.open(url + "/")
	b.ready()
	assert.Empty(t, eval[[]string](b, texts))

	b.fill("#name", "Ada")
	b.expect("422")
	b.click("form button")
	b.untilEqual([]string{"Please enter a name and a few words."}, texts)
	// the rest of the page comes after the messages
	b.untilEqual("Ada", `document.querySelector("#name")?.value`)

	b.fill("#text", "I was here.")
	b.click("form button")
	b.untilEqual([]string{"Thank you, Ada."}, texts)
	assert.Equal(t, "/entries/2", eval[string](b, `location.pathname`))
	b.ready()
	assert.Equal(t, oneVoiceEach, b.live())
	b.until(`document.querySelector("[data-flash-live] > [aria-live=polite]").textContent === "Success. Thank you, Ada."`)
	b.axe("the guest book")
	b.do(chromedp.Reload())
	b.ready()
	assert.Empty(t, eval[[]string](b, texts))

	b.click("form button")
	b.untilEqual("/", `location.pathname`)
	b.untilEqual([]string{"The entry of Ada was removed."}, texts)
	b.ready()
	b.click("[data-flash-close]")
	b.untilEqual([]string{}, texts)
}
