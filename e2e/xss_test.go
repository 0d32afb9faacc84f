package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// corpus is what people put into messages who mean no good, and a few who mean no harm. Each calls
// alert if it runs.
var corpus = []string{
	`<script>alert(1)</script>`,
	`</script><script>alert(1)</script>`,
	`</title><script>alert(1)</script>`,
	`</template><img src=x onerror=alert(1)>`,
	`</textarea><script>alert(1)</script>`,
	`</style><script>alert(1)</script>`,
	`</noscript><img src=x onerror=alert(1)>`,
	`</flash-messages><img src=x onerror=alert(1)>`,
	`<img src=x onerror=alert(1)>`,
	`<img src=x onerror="alert(1)"`,
	`<svg onload=alert(1)>`,
	`<svg><script>alert(1)</script></svg>`,
	`<svg><animate onbegin=alert(1) attributeName=x dur=1s>`,
	`<math><mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></mtext></math>`,
	`<iframe srcdoc="<script>parent.alert(1)</script>"></iframe>`,
	`<iframe src="javascript:parent.alert(1)"></iframe>`,
	`<object data="javascript:alert(1)"></object>`,
	`<embed src="javascript:alert(1)">`,
	`<body onload=alert(1)>`,
	`<details open ontoggle=alert(1)>`,
	`<input autofocus onfocus=alert(1)>`,
	`<video><source onerror=alert(1)></video>`,
	`<form><button formaction="javascript:alert(1)">Go</button></form>`,
	`<meta http-equiv="refresh" content="0;url=javascript:alert(1)">`,
	`<base href="javascript:alert(1)//">`,
	`<link rel=stylesheet href="data:text/css,*{display:none}">`,
	`<flash-messages data-pull="//example.invalid/"></flash-messages>`,
	`"><script>alert(1)</script>`,
	`'><script>alert(1)</script>`,
	`" onmouseover="alert(1)" x="`,
	`' onmouseover='alert(1)' x='`,
	"` onmouseover=alert(1) x=`",
	`x onfocus=alert(1) autofocus tabindex=0`,
	`" autofocus onfocus=alert(1) x="`,
	`javascript:alert(1)`,
	`JaVaScRiPt:alert(1)`,
	" \tjavascript:alert(1)",
	"java\nscript:alert(1)",
	"\x01javascript:alert(1)",
	`javascript&colon;alert(1)`,
	`data:text/html,<script>alert(1)</script>`,
	`vbscript:alert(1)`,
	`blob:alert(1)`,
	`\u003cscript\u003ealert(1)\u003c/script\u003e`,
	`";alert(1);//`,
	`';alert(1);//`,
	`${alert(1)}`,
	`{{alert 1}}`,
	`]]><script>alert(1)</script>`,
	`<!--<script>alert(1)//-->`,
	"line\u2028alert(1)\u2029end",
	"\u202Eright to left\u202C",
	`&lt;script&gt;alert(1)&lt;/script&gt;`,
	`\`,
	`%3Cscript%3Ealert(1)%3C/script%3E`,
	`+ADw-script+AD4-alert(1)+ADw-/script+AD4-`,
	"Café ✓ 😀 Рахмат 日本語",
}

// Checks 18 and 19, by the HTML of the server and by JSON for the script. TestUnicode has the other
// ways.
func TestHostileTexts(t *testing.T) {
	require.GreaterOrEqual(t, len(corpus), 40)
	for _, test := range []struct {
		name string
		make func(text string, i int) flashgin.Message
	}{
		{"in every field", func(text string, i int) flashgin.Message {
			return flashgin.Message{Status: flashgin.Status(text), Title: text, Text: text,
				Key: text, ID: text, Link: &flashgin.Link{Label: text, URL: text}}
		}},
		{"in the text, as everybody has it", func(text string, i int) flashgin.Message {
			return flashgin.Message{Status: flashgin.StatusError, Text: text, ID: fmt.Sprint(i),
				Key: fmt.Sprint(i)} // or those that look equal are one
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{Store: &flashgin.MemoryStore{Cap: 100}},
				`{{define "messages"}}{{flashes}}{{end}}{{define "content"}}
{{range flashes}}<i class="attribute" title="{{.Text}}" data-unquoted={{.Text}} data-status-of='{{.Status}}'></i>{{end}}
<script>globalThis.list = {{(flashes).JSON}}</script>{{end}}`)
			s.policy = "" // nothing but escaping protects this page
			b := newTab(t)
			b.before(`globalThis.ran = []; for (const name of ["alert", "confirm", "prompt"]) globalThis[name] = (...args) => ran.push(name)`)
			for i, text := range corpus {
				s.leave(test.make(text, i))
			}
			b.open(s.url)
			b.ready()

			assert.Equal(t, corpus, eval[[]string](b, texts))
			assert.Equal(t, corpus,
				eval[[]string](b, `[...document.querySelectorAll(".attribute")].map(e => e.title)`))
			assert.Equal(t, corpus, eval[[]string](b, `list.map(m => m.text)`))

			b.js(`document.querySelectorAll("[data-flash-close]").forEach(button => button.click());
				list.forEach((m, i) => { const shown = FlashMessages.push({...m, id: "second-" + m.id, key: i}); if (!shown) throw new Error(m.text) })`)
			assert.Equal(t, corpus, eval[[]string](b, texts), "pushed")
			// Let the buttons and links feel a pointer and the focus, which is what some wait for.
			b.js(`for (const e of document.querySelectorAll("[data-status], [data-status] *")) {
				e.dispatchEvent(new MouseEvent("mouseover", {bubbles: true})); e.focus?.() }`)
			assert.Empty(t, eval[[]string](b,
				`[...document.querySelectorAll("[data-status] a")].map(a => a.protocol).filter(p => !/^(https?|mailto):$/.test(p))`))
			assert.Equal(t, []string{"SCRIPT"}, eval[[]string](b, `[...document
				.querySelectorAll("main :is(script, img, iframe, object, embed, base, meta, link, form, input, video)")]
				.map(e => e.tagName)`), "the page has one of its own")
			b.never(`ran.length > 0`)
		})
	}
}

// A script that takes links must check where they lead, for it has no html/template to do so.
func TestPushedLinks(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened()
	for _, test := range []struct{ url, want string }{
		{"/orders/12?a=b&c=d#e", s.url + "/orders/12?a=b&c=d#e"},
		{"orders", s.url + "/orders"},
		{"?page=2", s.url + "/?page=2"},
		{"//example.com/x", "http://example.com/x"},
		{"https://example.com/", "https://example.com/"},
		{"mailto:ada@example.com", "mailto:ada@example.com"},
		{"javascript:alert(1)", ""},
		{" javascript:alert(1)", ""},
		{"java\nscript:alert(1)", ""},
		{"data:text/html,x", ""},
		{"file:///etc/passwd", ""},
		{"http://[", ""},
		{"", s.url + "/"},
	} {
		got := eval[string](b, `FlashMessages.push(`+
			encode(object{"text": "sent", "link": object{"label": "View", "url": test.url}})+
			`).querySelector("a")?.href ?? ""`)
		assert.Equal(t, test.want, got, test.url)
	}
	for _, nothing := range []string{
		`{}`, `{status: "error"}`, `{html: "<b>bold</b>"}`, `{text: ""}`,
	} {
		assert.True(t, eval[bool](b, `FlashMessages.push(`+nothing+`) === null`), nothing)
	}
	assert.True(t, eval[bool](b,
		`FlashMessages.push({id: "7", text: "once"}) !== null && FlashMessages.push({id: "7", text: "twice"}) === null`))
	assert.True(t, strings.HasPrefix(eval[string](b,
		`document.getElementById("flash-7").textContent.trim()`), "Info"))
}

// Applications may stop what the script does.
func TestEvents(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened()
	b.js(`globalThis.seen = [];
		for (const type of ["flash:before-show", "flash:shown", "flash:close"]) document.addEventListener(type, e => {
			seen.push([type, e.detail?.message?.text ?? e.target.querySelector("[data-flash-text]").textContent, e.detail?.reason ?? ""].join(" ").trim());
			if (globalThis.stop === type) e.preventDefault() })`)
	b.push(object{"text": "one"})
	b.click("[data-flash-close]")
	b.untilEqual([]string{"flash:before-show one", "flash:shown one", "flash:close one user"},
		`seen`)
	b.js(`seen.length = 0; stop = "flash:before-show"`)
	assert.True(t, eval[bool](b, `FlashMessages.push({text: "two"}) === null`))
	b.untilEqual([]string{}, texts)
	b.js(`stop = "flash:close"; FlashMessages.push({text: "three"})`)
	b.click("[data-flash-close]")
	b.untilEqual([]string{"three"}, texts)
	b.untilEqual([]string{"flash:before-show two", "flash:before-show three",
		"flash:shown three", "flash:close three user"}, `seen`)
}
