package e2e

import (
	"html/template"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// Check 17. The strict policy is on the page of nearly every test, and every test fails if anything
// is written to the console; here is what such a policy would stop, and the other strict kind.
func TestPolicies(t *testing.T) {
	for _, test := range []struct{ name, policy, head string }{
		{"self alone", strict, `{{flashAssets}}`},
		{"nonce",
			"default-src 'none'; script-src 'nonce-n0nce' 'strict-dynamic'; style-src 'nonce-n0nce'; connect-src 'self'; base-uri 'none'; " +
				"require-trusted-types-for 'script'; trusted-types 'none'",
			`{{flashAssets .Nonce}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			head := `<link rel="stylesheet" href="/page.css" nonce="n0nce">` + test.head
			s := newSite(t, flashgin.Config{})
			s.SetHTMLTemplate(template.Must(template.New("page").Funcs(s.FuncMap).Parse(
				`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Test</title>` +
					head + `</head><body><main>{{flashes}}<h1>Test</h1></main></body></html>`)))
			s.policy = test.policy
			b := s.opened(append(every(), leaves("one"))...)
			b.pushFive()
			b.js(`const dialog = document.createElement("dialog"); document.body.append(dialog); dialog.showModal()`)
			b.until(`document.querySelector("dialog [data-flash-live] [popover]").matches(":popover-open")`)
			b.js(`document.querySelector("dialog").close()`)
			assert.Equal(t, "solid", eval[string](b,
				`getComputedStyle(document.querySelector("[data-status]")).borderTopStyle`),
				"the style sheet")
			b.until(`document.querySelector("[data-flash-live] > [aria-live=assertive]").textContent !== ""`)
			b.js(
				`document.querySelectorAll("[data-flash-close]").forEach(button => button.click())`)
			b.untilEqual([]string{}, texts)
		})
	}
	t.Run("the test would see it", func(t *testing.T) {
		s := newSite(t, flashgin.Config{},
			`{{define "content"}}<p style="color: red">Inline</p>{{end}}`)
		b := newTab(t)
		b.expect("style")
		b.open(s.url)
		b.untilConsole("style")
	})
	t.Run("a nonce is needed", func(t *testing.T) {
		s := newSite(t, flashgin.Config{}, `{{define "head"}}{{flashAssets}}{{end}}`)
		s.policy = "default-src 'none'; script-src 'nonce-n0nce'; style-src 'nonce-n0nce'"
		b := newTab(t)
		b.expect("Content Security Policy")
		b.open(s.url)
		b.untilConsole("Content Security Policy")
		assert.False(t, eval[bool](b, `customElements.get("flash-messages") !== undefined`))
	})
}

// Loading the script twice is loading it once.
func TestScriptTwice(t *testing.T) {
	s := newSite(t, flashgin.Config{},
		`{{define "head"}}{{flashAssets}}{{flashAssets}}<script src="/_flash/flash.js?again"></script>{{end}}`)
	b := newTab(t)
	b.beforeFile("log.js")
	s.leave(flashgin.Info("one"))
	b.open(s.url)
	b.ready()
	b.untilEqual([]string{"Info. one"}, `spoken.map(s => s.text)`)
	b.never(`spoken.length > 1`)
	assert.Equal(t, []string{"FlashMessages"}, eval[[]string](b,
		`Object.getOwnPropertyNames(globalThis).filter(name => /flash/i.test(name))`),
		"globals")
}
