package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// newTurboSite has a page "/" with content of the test, and the page "/away".
func newTurboSite(t testing.TB, content string) *site {
	s := newSite(t, flashgin.Config{Turbo: true},
		`{{define "head"}}{{flashAssets}}`+withTurbo+`{{end}}`,
		`{{define "content"}}{{if eq .Path "/"}}`+content+
			`{{else}}<p><a id="home" href="/">Home</a></p>{{end}}{{end}}`)
	s.policy = "" // Turbo has a style element of its own
	return s
}

// openedWithTurbo returns a tab with the page "/", and makes sure that it is never loaded anew.
func (s *site) openedWithTurbo() *tab {
	s.t.Helper()
	b := newTab(s.t)
	b.beforeFile("shown.js")
	b.beforeFile("log.js")
	b.open(s.url)
	b.ready()
	b.until(`globalThis.Turbo !== undefined`)
	b.remember()
	b.js(`globalThis.visit = 1`)
	return b
}

// turboPath waits until Turbo has come to a page, and not with the copy of it that it shows
// meanwhile.
func (b *tab) turboPath(path string) {
	b.t.Helper()
	b.untilEqual(path, `location.pathname`)
	b.until(`!document.documentElement.hasAttribute("data-turbo-preview") && !document.documentElement.hasAttribute("aria-busy")`)
}

// shownOnceByTurbo checks that a message was shown, and does not come back on any way.
func (b *tab) shownOnceByTurbo(s *site, want ...string) {
	b.t.Helper()
	b.untilEqual(want, texts)
	b.untilEqual(want, shownEver)
	here := eval[string](b, `location.pathname`)
	other := map[string]string{"/": "/away", "/away": "/"}[here]
	b.js(`Turbo.visit(` + quote(other) + `)`)
	b.turboPath(other)
	b.untilEqual([]string{}, texts)
	b.js(`history.back()`) // from Turbo's cache
	b.turboPath(here)
	b.never(texts + `.length > 0`)
	b.js(`Turbo.visit(` + quote(other) + `)`) // a preview from the cache first
	b.turboPath(other)
	b.never(texts + `.length > 0`)
	b.untilEqual(want, shownEver)
	assert.Equal(b.t, oneVoiceEach, b.live())
	assert.Equal(b.t, 1, eval[int](b, `visit`), "no page was loaded")
	assert.Empty(b.t, s.waiting("/")+s.waiting("/away")+s.waiting(flashgin.Anywhere))
}

// Check 21: forms.
func TestTurboForms(t *testing.T) {
	form := `<form method="post" action="/save"><button id="save">Save</button></form>`
	for _, test := range []struct {
		name   string
		answer func(s *site, c *gin.Context)
		path   string
		logged string
	}{
		{"422", func(s *site, c *gin.Context) {
			assert.NoError(s.t, flashgin.AddFlash(c, flashgin.Error("news")))
			c.HTML(http.StatusUnprocessableEntity, "page", gin.H{"Path": "/"})
		}, "/", "422"},
		{"303", func(s *site, c *gin.Context) {
			assert.NoError(s.t, flashgin.RedirectFlash(c, "/away", flashgin.Error("news")))
		}, "/away", ""},
		{"303 to the same page", func(s *site, c *gin.Context) {
			assert.NoError(s.t, flashgin.RedirectFlash(c, "/", flashgin.Error("news")))
		}, "/", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newTurboSite(t, form)
			s.POST("/save", func(c *gin.Context) { test.answer(s, c) })
			b := s.openedWithTurbo()
			if test.logged != "" {
				b.expect(test.logged)
			}
			b.click("#save")
			b.untilEqual([]string{"news"}, texts)
			b.turboPath(test.path)
			b.untilEqual([]string{"Error. news"}, `spoken.map(s => s.text)`)
			b.shownOnceByTurbo(s, "news")
		})
	}
}

// Check 21: streams. The page stays, and so do its live regions.
func TestTurboStreams(t *testing.T) {
	const stream = `<turbo-stream action="update" target="out"><template>done</template></turbo-stream>`
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		logged string
	}{
		{"200", func(c *gin.Context) {
			c.Data(200, "text/vnd.turbo-stream.html", []byte(stream))
		}, ""},
		{"200, with a charset, in several writes", func(c *gin.Context) {
			c.Header("Content-Type", "text/vnd.turbo-stream.html; charset=utf-8")
			_, _ = c.Writer.WriteString(stream[:20])
			_, _ = c.Writer.WriteString(stream[20:])
		}, ""},
		{"422", func(c *gin.Context) {
			c.Data(422, "text/vnd.turbo-stream.html", []byte(stream))
		}, "422"},
		{"500", func(c *gin.Context) {
			c.Data(500, "text/vnd.turbo-stream.html", []byte(stream))
		}, "500"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newTurboSite(t,
				`<form method="post" action="/save"><button id="save">Save</button></form><p id="out">kept</p>`)
			s.POST("/save", func(c *gin.Context) {
				assert.Contains(t, c.GetHeader("Accept"), "text/vnd.turbo-stream.html")
				assert.NoError(t,
					flashgin.AddFlash(c, flashgin.Success("one"), flashgin.Error("two <b>")))
				test.answer(c)
			})
			b := s.openedWithTurbo()
			if test.logged != "" {
				b.expect(test.logged)
			}
			b.click("#save")
			b.untilEqual("done", `document.querySelector("#out").textContent`)
			b.untilEqual([]string{"one", "two <b>"}, texts)
			b.untilEqual([]string{"Error. two <b>", "Success. one"}, `spoken.map(s => s.text)`)
			assert.True(t, eval[bool](b, sameVoices), "the live regions are the same nodes")
			assert.True(t, eval[bool](b,
				`document.querySelector("[data-flash-live] [popover]").matches(":popover-open")`))
			b.axe("a stream")
			b.shownOnceByTurbo(s, "one", "two <b>")
		})
	}
}

// Check 21: a frame throws away what is around it, so it takes nothing. What its handler has to say
// is for the page around it, and comes there by the stream.
func TestTurboFrames(t *testing.T) {
	const frame = `<turbo-frame id="frame"><a id="link" href="/part">Part</a><form method="post" action="/part"><button id="save">Save</button></form></turbo-frame>`
	newFrameSite := func(t *testing.T) *site {
		s := newTurboSite(t, frame)
		s.line.lay(nil)
		// a page of its own, with a frame, as handlers for frames often are
		s.GET("/part", func(c *gin.Context) {
			c.HTML(200, "page", gin.H{"Path": "/"})
		})
		return s
	}
	t.Run("what waits for its page waits on", func(t *testing.T) {
		s := newFrameSite(t)
		b := s.openedWithTurbo()
		s.untilOpen(1)
		s.leave(flashgin.Info("for the part").At("/part"),
			flashgin.Info("for any page").At(flashgin.Anywhere))
		b.until(texts + `.includes("for any page")`) // by the page's stream,
		// which gives back what was shown for less than a second
		b.until(`performance.getEntriesByType("resource").some(e => e.name.endsWith("/ack"))`)
		asked := `performance.getEntriesByType("resource").filter(e => e.name.endsWith("/part")).length`
		b.js(`document.querySelector("#link").click()`)
		b.until(asked + ` === 1`)
		b.until(`!document.querySelector("#frame").hasAttribute("aria-busy")`)
		assert.Equal(t, "for the part", s.waiting("/part"))
		assert.Equal(t, []string{"for any page"}, eval[[]string](b, texts))
		b.open(s.url + "/part")
		b.untilEqual([]string{"for the part"}, texts)
	})
	for _, test := range []struct {
		name   string
		answer gin.HandlerFunc
		logged string
	}{
		{"page", func(c *gin.Context) { c.HTML(200, "page", gin.H{"Path": "/"}) }, ""},
		{"422", func(c *gin.Context) { c.HTML(422, "page", gin.H{"Path": "/"}) }, "422"},
		{"303", func(c *gin.Context) { c.Redirect(303, "/part") }, ""},
		{"stream", func(c *gin.Context) {
			c.Data(200, "text/vnd.turbo-stream.html",
				[]byte(`<turbo-stream action="append" target="frame"><template><i>done</i></template></turbo-stream>`))
		}, ""},
	} {
		t.Run("form, "+test.name, func(t *testing.T) {
			s := newFrameSite(t)
			s.POST("/part", func(c *gin.Context) {
				assert.Equal(t, "frame", c.GetHeader("Turbo-Frame"))
				assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("news")))
				test.answer(c)
			})
			b := s.openedWithTurbo()
			if test.logged != "" {
				b.expect(test.logged)
			}
			s.untilOpen(1)
			b.click("#save")
			b.untilEqual([]string{"news"}, texts)
			assert.True(t, eval[bool](b, sameVoices), "the page around the frame is the same")
			if test.name != "stream" {
				assert.Eventually(t, func() bool { return s.line.acks.Load() > 0 }, patience,
					5*time.Millisecond, "it was seen")
			}
			b.shownOnceByTurbo(s, "news")
		})
	}
}

// Check 21: a frame that changes the address makes Turbo keep a copy of the page that stays, and
// take what is temporary out of that page. The messages on it are still there.
func TestTurboFrameThatChangesTheAddress(t *testing.T) {
	s := newTurboSite(t, `<turbo-frame id="frame" data-turbo-action="advance">`+
		`<form method="post" action="/part"><button id="save">Save</button></form></turbo-frame>`)
	s.line.lay(nil)
	s.GET("/part", func(c *gin.Context) { c.HTML(200, "page", gin.H{"Path": "/"}) })
	s.POST("/part", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("news")))
		c.Redirect(http.StatusSeeOther, "/part")
	})
	s.leave(numbered(7, 3)...)
	b := s.openedWithTurbo()
	s.untilOpen(1)
	b.untilEqual(7, texts+`.length`)
	b.js(`addEventListener("turbo:before-cache", () => globalThis.kept = true)`)
	b.click("#save")
	b.untilEqual("/part", `location.pathname`)
	b.until(`globalThis.kept`)
	b.untilEqual(8, texts+`.length`)
	b.never(texts + `.length < 8`)
	assert.Equal(t, 1, eval[int](b, `document.querySelectorAll("[data-flash-more]").length`))
	b.js(`Turbo.visit("/away")`)
	b.turboPath("/away")
	b.js(`history.back()`)
	b.turboPath("/part")
	b.never(texts + `.length > 0`)
	assert.Equal(t, 8, eval[int](b, shownEver+`.length`))
}

// Check 21: what the page has shown and what it stands for is not shown once more, although the
// copy in the header of the answer has all of it.
func TestTurboMessagesThatTakeAPlace(t *testing.T) {
	for _, test := range []struct {
		name     string
		messages []flashgin.Message
		texts    []string
		spoken   []string
	}{
		{"equal", []flashgin.Message{flashgin.Info("saved"), flashgin.Info("saved")},
			[]string{"saved"}, []string{"Info. saved. ×2"}},
		{"with a key, at two views", []flashgin.Message{
			{Text: "50 %", Key: "job", View: flashgin.Anywhere}, {Text: "done", Key: "job"},
		}, []string{"done"}, []string{"Info. 50 %", "Info. done"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newTurboSite(t,
				`<form method="post" action="/save"><button id="save">Save</button></form>`)
			s.POST("/save", func(c *gin.Context) {
				assert.NoError(t, flashgin.RedirectFlash(c, "/away", test.messages...))
			})
			b := s.openedWithTurbo()
			b.click("#save")
			b.turboPath("/away")
			b.untilEqual(test.texts, texts)
			b.untilEqual(test.spoken, `spoken.map(s => s.text)`)
			again := fmt.Sprintf(`spoken.length > %d || %s.length > 1`, len(test.spoken), texts)
			b.never(again)
		})
	}
}

// Check 21: a link that the pointer is over is loaded ahead of time, which takes nothing.
func TestTurboPrefetchesOnHover(t *testing.T) {
	s := newTurboSite(t, `<p><a id="link" href="/ahead">Ahead</a></p>`)
	purposes := make(chan string, 10)
	s.GET("/ahead", func(c *gin.Context) {
		purposes <- c.GetHeader("X-Sec-Purpose")
		s.page(c)
	})
	b := s.openedWithTurbo()
	s.leave(flashgin.Info("for this page").At("/ahead"))
	b.point("#link")
	require.Equal(t, "prefetch", <-purposes)
	assert.Equal(t, "for this page", s.waiting("/ahead"))
	b.never(texts + `.length > 0`)
	b.click("#link")
	b.untilEqual("/ahead", `location.pathname`)
	b.untilEqual([]string{"for this page"}, texts)
	assert.Empty(t, purposes, "it was not loaded again")
	assert.Empty(t, s.waiting("/ahead"))
	b.js(`history.back()`)
	b.turboPath("/")
	b.js(`history.forward()`)
	b.turboPath("/ahead")
	b.never(texts + `.length > 0`)
	b.untilEqual([]string{"for this page"}, shownEver)
}

// More than the header of a compressed stream would hold: here streams have no such limit.
func TestTurboLargeMessages(t *testing.T) {
	s := newTurboSite(t,
		`<form method="post" action="/save"><button id="save">Save</button></form><p id="out"></p>`)
	var want []string
	var messages []flashgin.Message
	for _, n := range []string{"1", "2", "3"} {
		text := n + strings.Repeat(" Café ✓ 😀", 150)
		want, messages = append(want, text), append(messages, flashgin.Success(text))
	}
	s.POST("/save", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, messages...))
		c.Data(200, "text/vnd.turbo-stream.html",
			[]byte(`<turbo-stream action="update" target="out"><template>done</template></turbo-stream>`))
	})
	b := s.openedWithTurbo()
	b.click("#save")
	b.untilEqual(want, texts)
	assert.True(t, eval[bool](b, sameVoices))
}
