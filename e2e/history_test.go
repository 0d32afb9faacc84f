package e2e

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// Check 23: what was shown does not come back, whether the browser has kept the page alive or only
// its text.
func TestBackButton(t *testing.T) {
	for _, test := range []struct {
		name, before string
		kept         bool // by the back/forward cache
	}{
		{"kept by the browser", ``, true},
		{"not kept", `addEventListener("unload", () => {})`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, flashgin.Config{})
			b := newTab(t)
			b.before(`addEventListener("pageshow", e => globalThis.persisted = e.persisted);` +
				test.before)
			s.leave(flashgin.Info("one"))
			b.open(s.url)
			b.ready()
			b.push(object{"text": "two"})
			b.untilEqual([]string{"one", "two"}, texts)
			b.js(`globalThis.kept = true`)
			b.do(chromedp.Navigate(s.url + "/away"))
			b.ready()
			b.js(`setTimeout(() => history.back())`)
			b.untilEqual("/", `location.pathname`)
			b.untilEqual([]string{}, texts)
			b.never(texts + `.length > 0`)
			if test.kept {
				assert.Equal(t, []any{true, true}, eval[[]any](b, `[kept, persisted]`),
					"the page was restored")
				assert.False(t, eval[bool](b,
					`document.querySelector("[role=region]") !== null || document.querySelector(":popover-open") !== null`))
				b.push(object{"text": "three"})
				b.untilEqual([]string{"three"}, texts)
			} else {
				assert.Equal(t, "undefined", eval[string](b, `typeof kept`),
					"the page was loaded again")
			}
		})
	}
}

// Turbo keeps pages itself.
func TestTurboCache(t *testing.T) {
	s := newSite(t, flashgin.Config{}, `{{define "head"}}{{flashAssets}}`+withTurbo+`{{end}}`)
	s.policy = "" // Turbo has a style element of its own
	b := newTab(t)
	b.beforeFile("log.js")
	s.leave(flashgin.Info("one"))
	b.open(s.url)
	b.ready()
	b.js(`globalThis.visit = 1`)
	b.push(object{"text": "two"})
	b.untilEqual([]string{"one", "two"}, texts)
	b.untilEqual(2, `spoken.length`)
	b.js(`Turbo.visit("/away")`)
	b.untilEqual("/away", `location.pathname`)
	b.untilEqual([]string{}, texts)
	b.js(`setTimeout(() => history.back())`)
	b.untilEqual("/", `location.pathname`)
	b.never(texts + `.length > 0`)
	assert.Equal(t, 1, eval[int](b, `visit`), "no page was loaded")
	assert.Equal(t, oneVoiceEach, b.live())
	s.leave(flashgin.Info("three").At("/away"))
	b.js(`Turbo.visit("/away")`)
	b.untilEqual([]string{"three"}, texts)
	b.untilEqual(3, `spoken.length`)
	b.push(object{"text": "four"})
	b.untilEqual(4, `spoken.length`)
}

// ahead has a page "/ahead" that "/" makes the browser load ahead of time, and a message that waits
// there.
func ahead(t *testing.T, head string, templates ...string) (s *site, purposes chan string) {
	s = newSite(t, flashgin.Config{}, append([]string{
		`{{define "head"}}{{flashAssets}}{{block "test" .}}{{end}}{{if eq .Path "/"}}` + head +
			`{{end}}{{end}}`,
		`{{define "content"}}<p><a id="ahead" href="/ahead">Ahead</a></p>{{end}}`,
	}, templates...)...)
	s.policy = ""
	purposes = make(chan string, 10)
	s.GET("/ahead", func(c *gin.Context) {
		purposes <- strings.ReplaceAll(c.GetHeader("Sec-Purpose")+c.GetHeader("X-Sec-Purpose"),
			" ", "")
		c.Header("Cache-Control", "max-age=300")
		s.page(c)
	})
	s.leave(flashgin.Info("for this page").At("/ahead"),
		flashgin.Message{HTML: "<b>HTML</b>", View: "/ahead"},
		flashgin.Info("for another").At("/other"))
	return s, purposes
}

// aheadTaken checks what is left when the page was opened.
func (s *site) aheadTaken(purposes chan string) {
	s.t.Helper()
	assert.Empty(s.t, purposes, "requests for the page, after that ahead of time")
	assert.Equal(s.t, "HTML", s.waiting("/ahead"), "what a script cannot show waits for a template")
	assert.Equal(s.t, "for another", s.waiting("/other"))
	assert.Empty(s.t, s.waiting(flashgin.Anywhere))
}

// A page that was loaded ahead of time takes no message then, and shows it when it is opened.
func TestPrefetched(t *testing.T) {
	for _, test := range []struct{ name, head, open string }{
		{"by rules",
			`<script type="speculationrules">{"prefetch": [{"urls": ["/ahead"], "eagerness": "immediate"}]}</script>`,
			`location.href = "/ahead"`},
		{"by a link", `<link rel="prefetch" href="/ahead">`, `location.href = "/ahead"`},
		{"by Turbo", withTurbo, `document.getElementById("ahead").click()`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, purposes := ahead(t, test.head)
			b := newTab(t)
			b.open(s.url)
			b.ready()
			if strings.Contains(test.name, "Turbo") {
				b.point("#ahead")
			}
			s.leave(flashgin.Info("for any page").At(flashgin.Anywhere))
			require.Equal(t, "prefetch", <-purposes)
			assert.Contains(t, s.waiting("/ahead"), "for this page")
			b.js(test.open)
			b.untilEqual("/ahead", `location.pathname`)
			b.untilEqual([]string{"for this page", "for any page"}, texts)
			s.aheadTaken(purposes)
		})
	}
}

func TestPrerendered(t *testing.T) {
	s, purposes := ahead(t,
		`<script type="speculationrules">{"prerender": [{"urls": ["/ahead"], "eagerness": "immediate"}]}</script>`,
		`{{define "test"}}<script src="/test.js" defer></script>{{end}}`)
	s.StaticFile("/test.js", "testdata/prerender.js")
	var asked atomic.Bool
	s.GET("/asked", func(c *gin.Context) {
		if asked.Load() {
			c.String(http.StatusOK, "yes")
		}
	})
	reports := make(chan string, 1)
	s.POST("/rendered", func(c *gin.Context) {
		text, _ := c.GetRawData()
		assert.Equal(t, "[]", string(text), "before it is opened")
		assert.Contains(t, s.waiting("/ahead"), "for this page")
		s.leave(flashgin.Info("for any page").At(flashgin.Anywhere))
		asked.Store(true)
	})
	s.POST("/report", func(c *gin.Context) {
		text, _ := c.GetRawData()
		reports <- string(text)
	})
	b := newTab(t)
	b.js(`window.open(` + quote(s.url) + `, "_blank", "noopener")`)
	select {
	case report := <-reports:
		assert.JSONEq(t, `{"ahead": true, "texts": ["for this page", "for any page"]}`, report)
	case <-time.After(patience):
		require.Fail(t, "no report")
	}
	require.Equal(t, "prefetch;prerender", <-purposes)
	s.aheadTaken(purposes)
}
