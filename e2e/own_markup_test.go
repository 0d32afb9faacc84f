package e2e

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// ownMarkup is a template of the application's own of which the script knows nothing.
const ownMarkup = `{{define "flashgin/messages"}}{{range .}}<p class="own">{{.Text}}</p>{{end}}{{end}}`

// A page with markup of its own listens, wherever it prints that.
func TestOwnMarkupListens(t *testing.T) {
	for _, test := range []struct {
		name      string
		templates []string
	}{
		{"a template", []string{ownMarkup}},
		{"a range", []string{`{{define "flashgin/messages"}}{{end}}`,
			`{{define "messages"}}<div id="list">{{range flashes}}<p class="own">{{.Text}}</p>{{end}}</div>{{end}}`,
			`{{define "content"}}<p><label for="field">Field</label> <input id="field"></p>{{flashes}}{{end}}`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{}, test.templates...)
			s.line.lay(nil)
			s.leave(flashgin.Info("waited"))
			b := newTab(t)
			b.beforeFile("log.js")
			b.open(s.url)
			b.ready()
			s.untilOpen(1)
			assert.Equal(t, []string{"waited"}, eval[[]string](b,
				`[...document.querySelectorAll("main .own")].map(e => e.textContent)`))
			for _, scheme := range []string{"light", "dark"} {
				b.media("", "prefers-color-scheme", scheme)
				b.axe("before anything has arrived, " + scheme)
				s.leave(flashgin.Success("arrived, " + scheme))
				b.until(texts + `.includes(` + quote("arrived, "+scheme) + `)`)
				b.axe("when it has, " + scheme)
			}
			assert.Equal(t, []string{"arrived, light", "arrived, dark"}, eval[[]string](b, texts))
			b.untilEqual([]string{"Success. arrived, light", "Success. arrived, dark"},
				`spoken.map(s => s.text)`)
		})
	}
}

// A page that prints its template as any other has nothing that could listen.
func TestOwnMarkupThatDoesNotListen(t *testing.T) {
	s := newSite(t, flashgin.Config{}, ownMarkup,
		`{{define "messages"}}{{template "flashgin/messages" flashes}}{{end}}`)
	s.line.lay(nil)
	s.leave(flashgin.Info("waited"))
	b := newTab(t)
	b.open(s.url)
	b.ready()
	assert.True(t, eval[bool](b,
		`document.querySelector(".own").textContent === "waited" && document.querySelector("flash-messages") === null`))
	b.never(`performance.getEntriesByType("resource").some(e => e.name.includes("stream"))`)
	assert.Zero(t, s.line.asked.Load())
	assert.True(t, eval[bool](b, `FlashMessages.push({text: "no"}) === null`))
}

// What stands beside the application's markup takes up no room there, in any look, until a message
// arrives.
func TestOwnMarkupKeepsItsPlace(t *testing.T) {
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{Look: look.look}, look.head, ownMarkup,
				`{{define "messages"}}<div id="grid">{{flashes}}<p id="next">Next</p></div>{{end}}`)
			s.policy = ""
			s.leave(flashgin.Info("waited"))
			b := newTab(t)
			b.open(s.url)
			b.ready()
			b.js(`const grid = document.getElementById("grid"); grid.style.cssText = "display: grid; gap: 50px";
				grid.querySelectorAll("p").forEach(p => p.style.margin = 0)`)
			b.untilEqual(50,
				`document.getElementById("next").getBoundingClientRect().top - document.querySelector(".own").getBoundingClientRect().bottom`)
			b.push(object{"text": "arrived"})
			assert.True(t, eval[bool](b,
				`(r => r.bottom <= innerHeight && r.right <= innerWidth && r.top > innerHeight / 2)
				(document.querySelector("[popover] [data-status]").getBoundingClientRect())`),
				"in the corner")
		})
	}
}

// A live part of the application's own, in the shape of the ready-made one, is the one that is
// used.
func TestOwnLivePart(t *testing.T) {
	s := newSite(t, flashgin.Config{},
		`{{define "flashgin/messages"}}<flash-messages id="mine"><div data-flash-live>
		<div aria-live="polite"></div><div aria-live="assertive"></div><div id="corner" popover="manual"><ul></ul></div></div>
		<template><li data-status="info" class="mine"><p data-flash-title><span>Note</span></p><p data-flash-text></p><p data-flash-link><a></a></p>
		<button data-flash-close aria-label="Close">Close</button></li></template>
		</flash-messages>{{end}}`)
	s.line.lay(nil)
	b := newTab(t)
	b.open(s.url)
	b.ready()
	s.untilOpen(1)
	s.leave(flashgin.Info("arrived"))
	b.untilEqual([]string{"arrived"}, texts)
	assert.True(t, eval[bool](b,
		`document.querySelector("#mine #corner .mine [data-flash-text]").checkVisibility()`))
	assert.Equal(t, 1, eval[int](b, `document.querySelectorAll("[data-flash-live]").length`))
	assert.EqualValues(t, 1, s.line.asked.Load())
}

// A live part that cannot show a message takes none.
func TestOwnLivePartWithoutCorner(t *testing.T) {
	s, purposes := ahead(t,
		`<script type="speculationrules">{"prefetch": [{"urls": ["/ahead"], "eagerness": "immediate"}]}</script>`,
		`{{define "flashgin/messages"}}<flash-messages><div data-flash-live></div></flash-messages>{{end}}`)
	s.line.lay(nil)
	b := newTab(t)
	b.open(s.url)
	require.Equal(t, "prefetch", <-purposes)
	b.js(`location.href = "/ahead"`)
	b.untilEqual("/ahead", `location.pathname`)
	b.ready()
	b.never(`performance.getEntriesByType("resource").some(e => /stream|messages/.test(e.name))`)
	assert.Contains(t, s.waiting("/ahead"), "for this page")
}

// A page with markup of its own that was loaded ahead of time shows its messages when it is opened,
// in the corner.
func TestOwnMarkupPrefetched(t *testing.T) {
	s, purposes := ahead(t,
		`<script type="speculationrules">{"prefetch": [{"urls": ["/ahead"], "eagerness": "immediate"}]}</script>`,
		ownMarkup)
	b := newTab(t)
	b.open(s.url)
	b.ready()
	s.leave(flashgin.Info("for any page").At(flashgin.Anywhere))
	require.Equal(t, "prefetch", <-purposes)
	b.js(`location.href = "/ahead"`)
	b.untilEqual("/ahead", `location.pathname`)
	b.untilEqual([]string{"for this page", "for any page"}, texts)
	s.aheadTaken(purposes)
}
