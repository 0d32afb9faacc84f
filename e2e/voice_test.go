package e2e

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// live returns the live regions of the accessibility tree, as "role politeness atomic".
func (b *tab) live() (found []string) {
	b.t.Helper()
	b.call("Accessibility.enable", object{})
	for _, n := range b.call("Accessibility.getFullAXTree", object{})["nodes"].([]any) {
		node := n.(object)
		if node["ignored"] == true {
			continue
		}
		live, atomic := "", ""
		properties, _ := node["properties"].([]any)
		for _, p := range properties {
			property := p.(object)
			value, _ := property["value"].(object)["value"]
			switch property["name"] {
			case "live":
				live, _ = value.(string)
			case "atomic":
				if value == true {
					atomic = "atomic"
				}
			}
		}
		role, _ := node["role"].(object)["value"].(string)
		if role == "status" || role == "alert" || role == "log" || live != "" && live != "off" {
			found = append(found, strings.Join([]string{role, live, atomic}, " "))
		}
	}
	return found
}

// oneVoiceEach has no role: an empty region without a role is not heard.
var oneVoiceEach = []string{"generic polite ", "generic assertive "}

// Check 3.
func TestLiveRegions(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := newTab(t)
	for _, messages := range [][]flashgin.Message{nil, every()} {
		s.leave(messages...)
		response, err := http.Get(s.url)
		require.NoError(t, err)
		raw, err := io.ReadAll(response.Body)
		response.Body.Close()
		require.NoError(t, err)
		for _, live := range []string{"polite", "assertive"} {
			assert.Len(t, regexp.MustCompile(`<div class="flash__hidden" aria-live="`+live+
				`" aria-atomic="false"></div>`).FindAll(raw, -1), 1, "empty in the HTML")
		}
		assert.Equal(t, 2, strings.Count(string(raw), "aria-live"))

		s.leave(messages...)
		b.open(s.url)
		b.ready()
		assert.Equal(t, oneVoiceEach, b.live())
		b.pushFive()
		assert.Equal(t, oneVoiceEach, b.live(), "with pushed messages")
	}
}

func TestTwoListsOnAPageHaveOneVoice(t *testing.T) {
	s := newSite(t, flashgin.Config{},
		`{{define "messages"}}{{flashes "error"}}<p>Between</p>{{flashes "info"}}{{end}}`)
	b := s.opened(flashgin.Info("one"), flashgin.Error("two"))
	assert.Equal(t, oneVoiceEach, b.live())
	b.untilEqual([]string{"two", "one"}, texts)
	b.axe("two lists")
}

// A fragment that an application loads may have the markup of a page.
func TestFragmentHasNoVoiceOfItsOwn(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened()
	b.js(`document.querySelector("main").append(document.querySelector("flash-messages").cloneNode(true))`)
	b.until(`document.querySelectorAll("flash-messages").length === 2`)
	assert.Equal(t, oneVoiceEach, b.live())
	b.push(object{"text": "news"})
	b.untilEqual([]string{"news"}, texts)
	b.until(`document.querySelector("[data-flash-live] > [aria-live=polite]").textContent === "Info. news"`)
}

// Check 5: a reader leaves out what a page says that nobody sees. It is said when somebody does.
func TestHiddenPageSpeaksWhenItIsSeen(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := newTab(t)
	b.beforeFile("clock.js")
	b.beforeFile("log.js")
	b.open(s.url)
	b.ready()
	b.js(hide)
	b.push(object{"text": "one"})
	b.push(object{"text": "two"})
	b.forward(60_000)
	assert.Equal(t, []any{}, eval[[]any](b, `spoken`))
	b.js(show)
	b.forward(2000)
	b.untilEqual([]string{"Info. one", "Info. two"}, `spoken.map(s => s.text)`)
}

// Check 4: the live regions stay the same objects. What is inserted is what an application could
// send by hand.
func TestLiveRegionsStayTheSame(t *testing.T) {
	const item = `<li data-status="success" id="flash-%"><p data-flash-title>Success</p><p data-flash-text>%</p></li>`
	for _, test := range []struct {
		name, head, content, act string
	}{
		{"pushed", ``, ``, `FlashMessages.push({text: "%"})`},
		{"htmx 2, out of band", `<script src="/npm/htmx2/dist/htmx.js"></script>`, `hx-get="/oob"`,
			`document.getElementById("b").click()`},
		{"htmx 4, out of band", `<script src="/npm/htmx4/dist/htmx.js"></script>`, `hx-get="/oob"`,
			`document.getElementById("b").click()`},
		{"htmx 2, header", `<script src="/npm/htmx2/dist/htmx.js"></script>`, `hx-get="/header"`,
			`document.getElementById("b").click()`},
		{"htmx 4, header", `<script src="/npm/htmx4/dist/htmx.js"></script>`, `hx-get="/header"`,
			`document.getElementById("b").click()`},
		{"Turbo stream", withTurbo, ``,
			`fetch("/stream").then(r => r.text()).then(text => Turbo.renderStreamMessage(text))`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{},
				`{{define "head"}}{{flashAssets}}`+test.head+`{{end}}`,
				`{{define "content"}}<button id="b" `+test.content+
					` hx-target="#out">Go</button><div id="out">-</div>{{end}}`)
			s.policy = "" // htmx and Turbo have style elements of their own
			s.GET("/oob", func(c *gin.Context) {
				c.Data(http.StatusOK, "text/html",
					[]byte(`done<ul hx-swap-oob="beforeend:[data-flash-live] ul">`+
						strings.ReplaceAll(item, "%", "news")+`</ul>`))
			})
			s.GET("/header", func(c *gin.Context) {
				c.Header("HX-Trigger", `{"flash:show":{"messages":[{"text":"news"}]}}`)
				c.Data(http.StatusOK, "text/html", []byte(`done`))
			})
			s.GET("/stream", func(c *gin.Context) {
				c.Data(http.StatusOK, "text/vnd.turbo-stream.html",
					[]byte(`<turbo-stream action="append" targets="[data-flash-live] ul"><template>`+
						strings.ReplaceAll(item, "%", "news")+`</template></turbo-stream>`))
			})
			b := newTab(t)
			b.beforeFile("log.js")
			b.open(s.url)
			b.ready()
			b.js(`globalThis.first = document.querySelectorAll("[data-flash-live] > [aria-live]")`)
			b.js(strings.ReplaceAll(test.act, "%", "news"))
			b.untilEqual([]string{"news"}, texts)
			b.until(
				`document.querySelector("[data-flash-live] [popover]").matches(":popover-open")`)
			b.untilEqual(1, `spoken.length`)
			assert.True(t, eval[bool](b,
				`[...document.querySelectorAll("[data-flash-live] > [aria-live]")].every((e, i) => e === first[i])`))
			assert.True(t, eval[bool](b, `/(Success|Info)\. news/.test(spoken[0].text)`))
		})
	}
}

// Check 5. The clock is the test's: a busy machine would be late with one text, and so seem early
// with the next.
func TestAnnouncements(t *testing.T) {
	const later = `for (let ms = 0; ms < 5000; ms += 10) { clock.forward(10); await null }`
	const said = `[...voices].map(v => v.textContent).join("")`
	s := newSite(t, flashgin.Config{})
	b := newTab(t)
	b.beforeFile("clock.js")
	b.beforeFile("log.js")
	s.leave(flashgin.Success("saved"), flashgin.Error("full"),
		flashgin.Message{Title: "News", Text: "Version 2 is here."})
	b.open(s.url)
	b.ready()
	b.js(later)
	b.untilEqual([]string{"assertive Error. full", "polite Success. saved",
		"polite Info: News. Version 2 is here."}, `spoken.map(s => s.live + " " + s.text)`)
	b.js(`clock.forward(24000)`)
	// a busy reader finds them all
	b.until(said + `.includes("full") && ` + said + `.includes("saved") && ` +
		said + `.includes("News")`)
	b.js(`clock.forward(3000)`)
	assert.True(t,
		eval[bool](b, `spoken.every((s, i) => i === 0 || s.at - spoken[i - 1].at >= 150)`),
		"one after the other")

	b.js(`spoken.length = 0`)
	b.push(object{"text": "again"})
	b.push(object{"text": "again"})
	b.push(object{"text": "again"})
	b.js(later)
	b.untilEqual(3, `spoken.length`)
	b.untilEqual([]string{"Info. again", "Info. again. ×2", "Info. again. ×3"},
		`spoken.map(s => s.text)`)
	assert.True(t,
		eval[bool](b, `spoken.every((s, i) => i === 0 || s.at - spoken[i - 1].at >= 150)`))

	b.js(`clock.forward(30000)`)
	assert.Equal(t, "", eval[string](b, said), "silent again")
	b.js(`spoken.length = 0; document.querySelectorAll("[data-flash-close]").forEach(button => button.click());` +
		later)
	assert.Empty(t, eval[[]string](b, texts))
	assert.Equal(t, 0, eval[int](b, `spoken.length`))
}

// Check 6.
func TestPushedMessagesDoNotDisturb(t *testing.T) {
	s := newSite(t, flashgin.Config{}, `{{define "content"}}<div class="tall"></div>
		<p><label for="field">Field</label> <input id="field" value="some words"></p><div class="tall"></div>{{end}}`)
	b := s.opened()
	b.click("#field")
	b.js(`field.setSelectionRange(2, 5)`)
	const state = `[document.activeElement.id, scrollY, field.selectionStart, field.selectionEnd]`
	before := eval[[]any](b, state)
	b.pushFive()
	b.until(`document.querySelectorAll("[data-flash-live] [data-status]").length === 5`)
	assert.Equal(t, before, eval[[]any](b, state))
	b.untilEqual(true,
		`document.querySelector("[data-flash-live] > [aria-live=assertive]").textContent !== ""`)
	assert.Equal(t, before, eval[[]any](b, state))
	b.press("x")
	b.untilEqual("soxwords", `field.value.replace(" ", "")`)
}
