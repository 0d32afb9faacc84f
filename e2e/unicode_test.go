package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// everyScript is the scripts of the world, and what headers, JSON, streams and markup each take for
// something of their own.
const everyScript = "Café ✓ 😀 Рахмат 日本語 עברית العربية e\u0301 👩\u200d💻\n" +
	"second line\n\nfourth\u2028fifth\u0085\u00a0\"'`\\ \\u0041 \\n %41 {}[],;: <b>&amp;</b> --> ]]> \x7f\t."

// Check 19: what was said arrives as it was said, by every route.
func TestUnicode(t *testing.T) {
	message := flashgin.Message{Status: flashgin.StatusSuccess,
		Title: strings.ReplaceAll(everyScript, "\n", " "), Text: everyScript,
		Link: &flashgin.Link{Label: everyScript, URL: "/café?q=日本語&n=1"}, Key: everyScript}
	type route struct {
		name    string
		cfg     flashgin.Config
		script  string // of npm
		content string
		answer  gin.HandlerFunc // to a POST, which has added the message
		act     string          // what the page does; nothing, if the message waits for it
	}
	routes := []route{
		{name: "page"},
		{name: "stream", act: `0`},
		{name: "fetch, header", answer: func(c *gin.Context) { c.Status(204) },
			act: `fetch("/do", {method: "POST", headers: {"X-Get-Flash": "1"}}).then(FlashMessages.handle)`},
		{name: "fetch, body", answer: func(c *gin.Context) {
			c.JSON(200, gin.H{"flash": flashgin.Flashes(c)})
		}, act: `fetch("/do", {method: "POST"}).then(FlashMessages.handle)`},
		{name: "fetch, pull", answer: func(c *gin.Context) {
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Message{Title: "large", HTML: "<b></b>",
				Data: map[string]string{"fill": strings.Repeat("x", 5000)}}))
			c.Status(204)
		}, act: `fetch("/do", {method: "POST", headers: {"X-Get-Flash": "1"}}).then(FlashMessages.handle)`},
		{name: "Turbo stream", cfg: flashgin.Config{Turbo: true},
			script:  "@hotwired/turbo/dist/turbo.es2017-umd.js",
			content: `<form method="post" action="/do"><button id="go">Go</button></form>`,
			act:     `document.querySelector("#go").click()`,
			answer: func(c *gin.Context) {
				c.Data(200, "text/vnd.turbo-stream.html", []byte("<p></p>"))
			}},
		{name: "Turbo, redirect", cfg: flashgin.Config{Turbo: true},
			script:  "@hotwired/turbo/dist/turbo.es2017-umd.js",
			content: `<form method="post" action="/do"><button id="go">Go</button></form>`,
			act:     `document.querySelector("#go").click()`,
			answer:  func(c *gin.Context) { c.Redirect(303, "/") }},
	}
	for _, version := range htmxes {
		h := route{cfg: flashgin.Config{HTMX: true}, script: version + "/dist/htmx.js",
			content: `<button id="go" hx-post="/do" hx-swap="none">Go</button>`,
			act:     `document.querySelector("#go").click()`}
		h.name, h.answer = version+", out of band", func(c *gin.Context) { html(c, 200, "<p></p>") }
		routes = append(routes, h)
		h.name, h.answer = version+", header", func(c *gin.Context) { c.Status(204) }
		routes = append(routes, h)
		h.name, h.answer = version+", header of a handler, too", func(c *gin.Context) {
			c.Header("HX-Trigger", `{"own": {"n": "caf\u00e9"}}`)
			c.Status(204)
		}
		routes = append(routes, h)
	}
	for _, r := range routes {
		t.Run(r.name, func(t *testing.T) {
			templates := []string{
				`{{define "head"}}{{flashAssets}}{{end}}`,
				`{{define "content"}}` + r.content + `{{end}}`,
			}
			if r.script != "" {
				templates[0] = `{{define "head"}}{{flashAssets}}<script src="/npm/` + r.script +
					`"></script>{{end}}`
			}
			s := newSite(t, r.cfg, templates...)
			if r.script != "" {
				s.policy = ""
			}
			s.POST("/do", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, message))
				r.answer(c)
			})
			b := newTab(t)
			b.beforeFile("log.js")
			switch {
			case r.act == "":
				s.leave(message)
				b.open(s.url)
			case r.answer == nil:
				s.line.lay(nil)
				b.open(s.url)
				s.untilOpen(1)
				s.leave(message)
			default:
				b.open(s.url)
				b.ready()
				b.js(r.act)
			}
			b.until(texts + `.length > 0`)
			assert.Equal(t, []string{message.Text}, eval[[]string](b, texts))
			const item = `document.querySelector("[data-status=success]:has([data-flash-text])")`
			assert.Equal(t, message.Title,
				eval[string](b, item+`.querySelector("[data-flash-title] bdi").textContent`))
			assert.Equal(t, message.Key, eval[string](b, item+`.dataset.key`))
			assert.Equal(t, message.Link.Label,
				eval[string](b, item+`.querySelector("a").textContent`))
			assert.Equal(t, "/café?q=日本語&n=1", eval[string](b,
				`decodeURI(`+item+`.querySelector("a").href.slice(location.origin.length))`))
			b.until(`spoken.length > 0`)
			assert.Contains(t, eval[string](b, `spoken.map(s => s.text).join("|")`),
				strings.TrimSpace(message.Title))
			assert.Equal(t, http.StatusOK, eval[int](b, `fetch("/").then(r => r.status)`))
		})
	}
}
