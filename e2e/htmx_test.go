package e2e

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// htmxes are the versions that are supported.
var htmxes = []string{"htmx2", "htmx4"}

// newHTMXSite has a button "go" that asks for "/do", for which content has more attributes, and
// puts the answer into "out".
func newHTMXSite(t testing.TB, version, content string) *site {
	s := newSite(t, flashgin.Config{HTMX: true},
		`{{define "head"}}{{flashAssets}}<script src="/npm/`+version+`/dist/htmx.js"></script>{{end}}`,
		`{{define "content"}}{{if eq .Path "/"}}`+content+`<div id="out">kept</div>{{end}}{{end}}`,
		`{{define "fragment"}}<p>done</p>{{end}}`)
	s.policy = "" // htmx 2 has a style element of its own
	return s
}

const goButton = `<button id="go" hx-post="/do" hx-target="#out">Go</button>`

// shownEver lists what was shown in this tab, on whichever page, and eventsEver which events of the
// test's own were fired.
const (
	shownEver  = `JSON.parse(sessionStorage.getItem("shown") ?? "[]")`
	eventsEver = `JSON.parse(sessionStorage.getItem("events") ?? "[]")`
)

// remember makes sameVoices tell whether the live regions are the nodes that they were.
func (b *tab) remember() {
	b.t.Helper()
	b.js(`globalThis.first = [...document.querySelectorAll("[data-flash-live] > [aria-live]")]`)
}

const sameVoices = `first.length === 2 && first.every((voice, i) => voice === document.querySelectorAll("[data-flash-live] > [aria-live]")[i])`

// openedWithHTMX returns a tab with the page "/".
func (s *site) openedWithHTMX() *tab {
	s.t.Helper()
	b := newTab(s.t)
	b.beforeFile("shown.js")
	b.beforeFile("log.js")
	s.openHTMX(b)
	return b
}

func (s *site) openHTMX(b *tab) {
	b.t.Helper()
	b.open(s.url)
	b.ready()
	b.until(`globalThis.htmx !== undefined`)
	b.remember()
	b.js(`sessionStorage.clear(); globalThis.fresh = true; globalThis.finished = 0;
		for (const name of ["htmx:afterRequest", "htmx:finally:request"]) document.addEventListener(name, () => finished++)`)
}

func html(c *gin.Context, status int, body string) {
	c.Data(status, "text/html; charset=utf-8", []byte(body))
}

// An htmxAnswer is a kind of answer to htmx.
type htmxAnswer struct {
	name   string
	button string // more attributes of the button, as JSON
	answer gin.HandlerFunc
	out    string // what the target is then; "" is as without a message
	out2   string // the same for htmx 2, which swaps no errors
	events string // of the handler; "own:" if it is not lost with its page
	path   string // where the user ends up, if not here
}

var htmxAnswers = []htmxAnswer{
	{name: "200", answer: func(c *gin.Context) { html(c, 200, "<p>done</p>") }, out: "<p>done</p>"},
	{name: "200, a template", answer: func(c *gin.Context) { c.HTML(200, "fragment", nil) },
		out: "<p>done</p>"},
	{name: "200, in several writes", answer: func(c *gin.Context) {
		c.Header("Content-Type", "text/html")
		_, _ = c.Writer.WriteString("<p>do")
		_, _ = c.Writer.WriteString("ne</p>")
	}, out: "<p>done</p>"},
	{name: "200, text", answer: func(c *gin.Context) { c.String(200, "done") }, out: "done"},
	{name: "200, JSON", button: `{"hx-swap": "none"}`,
		answer: func(c *gin.Context) { c.JSON(200, gin.H{"done": true}) }, out: "kept"},
	{name: "200, replaces the target", button: `{"hx-swap": "outerHTML"}`,
		answer: func(c *gin.Context) { html(c, 200, `<div id="out">new</div>`) }, out: "new"},
	{name: "200, before the end", button: `{"hx-swap": "beforeend"}`,
		answer: func(c *gin.Context) { html(c, 200, `<b>more</b>`) }, out: "kept<b>more</b>"},
	{name: "200, rows of a table", button: `{"hx-target": "#rows", "hx-swap": "beforeend"}`,
		answer: func(c *gin.Context) { html(c, 200, `<tr><td>1</td></tr>`) }, out: "kept"},
	{name: "200, nothing", answer: func(c *gin.Context) { c.Status(200) }},
	{name: "200, nothing, as HTML", answer: func(c *gin.Context) { html(c, 200, "") }},
	{name: "200, nothing, removes the target", button: `{"hx-swap": "delete"}`,
		answer: func(c *gin.Context) { html(c, 200, "") }, out: "gone"},
	{name: "200, nothing, removes what was clicked",
		button: `{"hx-target": "this", "hx-swap": "delete"}`,
		answer: func(c *gin.Context) { html(c, 200, "") }, out: "kept",
		events: "lost"}, // by htmx 4
	{name: "200, replaces what was clicked",
		button: `{"hx-target": "this", "hx-swap": "outerHTML"}`,
		answer: func(c *gin.Context) { html(c, 200, "<p>done</p>") }, out: "kept", events: "lost"},
	{name: "422, without a body, removes what was clicked",
		button: `{"hx-target": "this", "hx-swap": "delete"}`,
		answer: func(c *gin.Context) { c.Status(422) }, out: "kept", events: "lost"},
	{name: "200, out of band alone",
		answer: func(c *gin.Context) { html(c, 200, `<i id="side" hx-swap-oob="true">new</i>`) }},
	{name: "200, nothing is swapped", button: `{"hx-swap": "none"}`,
		answer: func(c *gin.Context) { html(c, 200, "<p>done</p>") }, out: "kept"},
	{name: "200, elsewhere", answer: func(c *gin.Context) {
		c.Header("HX-Retarget", "#side")
		c.Header("HX-Reswap", "afterbegin")
		html(c, 200, "<b>first</b>")
	}, out: "kept"},
	{name: "204", answer: func(c *gin.Context) { c.Status(204) }, out: "kept"},
	{name: "204, to what asks for a page", button: `{"hx-target": "body"}`,
		answer: func(c *gin.Context) { c.Status(204) }, out: "kept"},
	{name: "302 to a fragment", answer: func(c *gin.Context) { c.Redirect(302, "/fragment") },
		out: "<p>done</p>", events: "lost"},
	{name: "303 to a fragment", answer: func(c *gin.Context) { c.Redirect(303, "/fragment") },
		out: "<p>done</p>", events: "lost"},
	{name: "302 to a page", button: `{"hx-target": "body", "hx-push-url": "true"}`,
		answer: func(c *gin.Context) { c.Redirect(302, "/away") }, events: "lost", path: "/away"},
	{name: "HX-Redirect", answer: func(c *gin.Context) {
		c.Header("HX-Redirect", "/away")
		c.Status(200)
	}, events: "lost", path: "/away"},
	{name: "HX-Location", answer: func(c *gin.Context) {
		c.Header("HX-Location", "/away")
		c.Status(200)
	}, path: "/away"},
	{name: "HX-Location, as JSON", answer: func(c *gin.Context) {
		c.Header("HX-Location", `{"path": "/away", "target": "body"}`)
		c.Status(200)
	}, path: "/away"},
	{name: "HX-Refresh", answer: func(c *gin.Context) {
		c.Header("HX-Refresh", "true")
		c.Status(200)
	}, events: "lost", path: "/"},
	{name: "422", answer: func(c *gin.Context) { html(c, 422, "<p>bad</p>") },
		out: "<p>bad</p>", out2: "kept"},
	{name: "422, without a body", answer: func(c *gin.Context) { c.Status(422) }},
	{name: "500", answer: func(c *gin.Context) { html(c, 500, "<p>bad</p>") },
		out: "<p>bad</p>", out2: "kept"},
}

// Check 20: every kind of answer. Each comes twice, the first time without a message: what becomes
// of the page must be the same.
func TestHTMX(t *testing.T) {
	for _, version := range htmxes {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s := newHTMXSite(t, version,
				goButton+`<i id="side"></i><table><tbody id="rows"></tbody></table>`)
			var answer htmxAnswer
			var message flashgin.Message // empty ones are dropped
			s.GET("/fragment", func(c *gin.Context) { c.HTML(200, "fragment", nil) })
			s.POST("/do", func(c *gin.Context) {
				c.Header("HX-Trigger", "own")
				assert.NoError(t, flashgin.AddFlash(c, message))
				answer.answer(c)
			})
			b := s.openedWithHTMX()
			defer func() { b.t = t }()
			for _, answer = range htmxAnswers {
				t.Run(answer.name, func(t *testing.T) {
					b.t = t
					if status := answer.name[:3]; status == "422" || status == "500" {
						b.expect(status)
					}
					message = flashgin.Message{}
					without := b.answered(s, answer, []string{})
					message = flashgin.Success("news")
					with := b.answered(s, answer, []string{"news"})
					assert.Equal(t, without, with, "the page, without and with a message")
					out := answer.out
					if version == "htmx2" {
						out = cmp.Or(answer.out2, out)
					}
					if out != "" {
						assert.Equal(t, out, with[0], "the target")
					}
					if answer.path == "" {
						assert.True(t, eval[bool](b, sameVoices),
							"the live regions are the same nodes")
						assert.True(t, eval[bool](b,
							`document.querySelector("[data-flash-live] :popover-open [data-status]").checkVisibility()`),
							"in the corner")
						b.untilEqual([]string{"Success. news"}, `spoken.map(s => s.text)`)
					}
					b.never(
						`document.querySelectorAll("[data-flash-live] > [aria-live]").length !== 2`)
					for _, path := range []string{"/", "/away"} { // and never again
						b.open(s.url + path)
						b.ready()
						assert.Empty(t, eval[[]string](b, texts), path)
					}
					assert.Equal(t, []string{"news"}, eval[[]string](b, shownEver))
				})
			}
		})
	}
}

// answered asks for an answer, waits for its messages, and returns what has become of the page.
func (b *tab) answered(s *site, answer htmxAnswer, messages []string) []any {
	b.t.Helper()
	s.openHTMX(b)
	b.js(`const button = document.querySelector("#go");
		for (const [name, value] of Object.entries(` + cmp.Or(answer.button, "{}") +
		`)) button.setAttribute(name, value)`)
	b.click("#go")
	if answer.path != "" {
		b.untilEqual(answer.path, `location.pathname`)
		b.until(`document.readyState === "complete" && (document.querySelector("#go") === null || !globalThis.fresh)`)
	} else {
		b.until(`finished > 0`)
	}
	b.untilEqual(messages, texts)
	b.untilEqual(messages, shownEver)
	if answer.events != "lost" {
		b.untilEqual([]string{"own:"}, eventsEver)
	}
	b.until(`document.querySelector(".htmx-added, .htmx-settling, .htmx-swapping, .htmx-request") === null`)
	return eval[[]any](b,
		`[document.querySelector("#out")?.innerHTML ?? "gone", document.querySelector("#side")?.innerHTML,
		document.querySelector("#rows")?.innerHTML, location.pathname]`)
}

// A handler's own HX-Trigger, in both of its grammars.
func TestHTMXTriggerOfTheHandler(t *testing.T) {
	for _, test := range []struct {
		name, trigger string
		events        []string
	}{
		{"a list", "own, other", []string{"own:", "other:"}},
		{"an object", `{"own": {"n": 7}, "other": "text"}`, []string{"own:7", "other:text"}},
		{"an object, beyond ASCII", `{"own": {"n": "caf\u00e9"}}`, []string{"own:café"}},
		{"messages of its own", `{"flash:show": {"messages": [{"text": "by hand"}]}, "own": null}`,
			[]string{"own:"}},
	} {
		for _, version := range htmxes {
			t.Run(test.name+", "+version, func(t *testing.T) {
				s := newHTMXSite(t, version, goButton)
				s.POST("/do", func(c *gin.Context) {
					c.Header("HX-Trigger", test.trigger)
					assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("news")))
					c.Status(http.StatusNoContent)
				})
				b := s.openedWithHTMX()
				b.click("#go")
				want := []string{"news"}
				if strings.Contains(test.trigger, "by hand") {
					want = []string{"by hand", "news"}
				}
				b.until(texts + `.includes("news")`)
				b.untilEqual(test.events, eventsEver)
				assert.ElementsMatch(t, want, eval[[]string](b, texts))
				assert.True(t, eval[bool](b, sameVoices))
			})
		}
	}
}

// The element that asked may be gone when the answer comes. htmx 2 fires events on it all the same.
func TestHTMXAnswerToAnElementThatIsGone(t *testing.T) {
	for _, version := range htmxes {
		t.Run(version, func(t *testing.T) {
			s := newHTMXSite(t, version, goButton)
			asked, gone := make(chan bool), make(chan bool)
			s.POST("/do", func(c *gin.Context) {
				asked <- true
				<-gone
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("news")))
				c.Status(http.StatusNoContent)
			})
			b := s.openedWithHTMX()
			b.click("#go")
			<-asked
			b.js(`document.querySelector("#go").remove()`)
			gone <- true
			b.untilEqual([]string{"news"}, texts)
			assert.Empty(t, s.waiting("/"))
		})
	}
}

// Links and forms that are boosted get whole pages, whose messages are where pages have them.
func TestHTMXBoosted(t *testing.T) {
	for _, version := range htmxes {
		t.Run(version, func(t *testing.T) {
			s := newHTMXSite(t, version, `<a id="link" hx-boost="true" href="/away">Away</a>
				<form hx-boost="true" method="post" action="/save"><button id="save">Save</button></form>
				<form hx-boost="true" method="post" action="/wrong"><button id="wrong">Save</button></form>`)
			s.POST("/save", func(c *gin.Context) {
				assert.NoError(t, flashgin.RedirectFlash(c, "/away", flashgin.Success("saved")))
			})
			s.POST("/wrong", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Error("not saved")))
				s.page(c)
			})
			b := s.openedWithHTMX()
			s.leave(flashgin.Info("for the next page").At("/away"))
			b.click("#link")
			b.untilEqual("/away", `location.pathname`)
			b.untilEqual([]string{"for the next page"}, texts)
			assert.Equal(t, oneVoiceEach, b.live())
			b.untilEqual([]string{"Info. for the next page"}, `spoken.map(s => s.text)`)

			b.open(s.url)
			b.ready()
			b.click("#save")
			b.untilEqual("/away", `location.pathname`)
			b.untilEqual([]string{"saved"}, texts)
			assert.Equal(t, oneVoiceEach, b.live())

			b.open(s.url)
			b.ready()
			b.click("#wrong")
			b.untilEqual([]string{"not saved"}, texts)
			assert.Equal(t, oneVoiceEach, b.live())
			b.untilEqual([]string{"for the next page", "saved", "not saved"}, shownEver)
		})
	}
}

// Markup that htmx puts at the end of the page has its message beside it, in the answer or, where
// that might have been a page, by the stream.
func TestHTMXAtTheEndOfThePage(t *testing.T) {
	for _, version := range htmxes {
		t.Run(version, func(t *testing.T) {
			s := newHTMXSite(t, version,
				`<button id="go" hx-post="/do" hx-target="body" hx-swap="beforeend">Go</button>`)
			s.line.lay(nil)
			s.POST("/do", func(c *gin.Context) {
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("news")))
				c.HTML(http.StatusOK, "fragment", nil)
			})
			b := s.openedWithHTMX()
			s.untilOpen(1)
			b.click("#go")
			b.untilEqual([]string{"news"}, texts)
			b.untilEqual("done", `document.body.lastElementChild.textContent`)
			assert.True(t, eval[bool](b, sameVoices))
		})
	}
}

// What waits for the page on screen comes with the next answer, or with the stream, and not with
// both.
func TestHTMXAndStreamShowOnce(t *testing.T) {
	for _, version := range htmxes {
		t.Run(version, func(t *testing.T) {
			s := newHTMXSite(t, version, goButton)
			s.line.lay(nil)
			n := 0
			s.POST("/do", func(c *gin.Context) {
				n++
				s.leave(flashgin.Info("from a job " + strconv.Itoa(n)))
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("saved "+strconv.Itoa(n))))
				if n%2 == 0 {
					c.Status(http.StatusNoContent)
					return
				}
				c.HTML(http.StatusOK, "fragment", nil)
			})
			b := s.openedWithHTMX()
			s.untilOpen(1)
			var want []string
			for i := range 6 {
				b.click("#go")
				want = append(want, "from a job "+strconv.Itoa(i+1), "saved "+strconv.Itoa(i+1))
				b.untilEqual(len(want), shownEver+`.length`)
			}
			assert.ElementsMatch(t, want, eval[[]string](b, shownEver))
			assert.Empty(t, s.waiting("/"))
		})
	}
}

// Under a policy with nonces, where the extension hx-csp of htmx 4 blocks every attribute of htmx
// whose element has none.
func TestHTMXUnderAPolicy(t *testing.T) {
	s := newSite(t, flashgin.Config{HTMX: true},
		`{{define "head"}}<meta name="htmx-config" content='extensions:"hx-csp"'>{{flashAssets .Nonce}}`+
			`<script nonce="{{.Nonce}}" src="/npm/htmx4/dist/htmx.js"></script><script nonce="{{.Nonce}}" src="/hx-csp.js"></script>{{end}}`,
		`{{define "content"}}<button id="go" hx-nonce="{{.Nonce}}" hx-post="/do" hx-target="#out">Go</button><div id="out">kept</div>{{end}}`)
	s.policy = "default-src 'none'; style-src 'self'; script-src 'nonce-n0nce'; connect-src 'self'"
	s.StaticFile("/hx-csp.js", "node_modules/htmx4/dist/ext/hx-csp.js")
	s.POST("/do", func(c *gin.Context) {
		c.Header("Content-Security-Policy", s.policy)
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("news")))
		html(c, 200, "<p>done</p>")
	})
	b := newTab(t)
	b.open(s.url)
	b.ready()
	b.click("#go")
	b.untilEqual([]string{"news"}, texts)
	assert.Equal(t, "<p>done</p>", eval[string](b, `document.querySelector("#out").innerHTML`))
}

// More than a header holds: the page is told to fetch its messages.
func TestHTMXLargeMessages(t *testing.T) {
	for _, version := range htmxes {
		for _, status := range []int{204, 422, 200} {
			t.Run(version+" "+strconv.Itoa(status), func(t *testing.T) {
				s := newHTMXSite(t, version, goButton)
				var want []string
				var messages []flashgin.Message
				for i := range 4 {
					text := strconv.Itoa(i) + strings.Repeat(" Café ✓ 😀", 100)
					want = append(want, text)
					messages = append(messages, flashgin.Success(text))
				}
				header := make(chan string, 1)
				s.POST("/do", func(c *gin.Context) {
					c.Header("HX-Trigger", "own")
					assert.NoError(t, flashgin.AddFlash(c, messages...))
					if status == 200 {
						c.JSON(status, nil)
					} else {
						c.Status(status)
						c.Writer.WriteHeaderNow()
					}
					header <- c.Writer.Header().Get("HX-Trigger")
				})
				b := s.openedWithHTMX()
				if status == 422 {
					b.expect("422")
				}
				b.click("#go")
				b.untilEqual(want, texts)
				b.untilEqual([]string{"own:"}, eventsEver)
				sent := <-header
				assert.Less(t, len(sent), 4096)
				require.Contains(t, sent, "flash:pull")
				b.untilEqual(want, shownEver)
				s.acknowledged(1)
				assert.Empty(t, s.waiting("/"))
				assert.True(t, eval[bool](b, sameVoices))
				b.open(s.url)
				b.ready()
				assert.Empty(t, eval[[]string](b, texts))
			})
		}
	}
}
