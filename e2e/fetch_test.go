package e2e

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// An answer to fetch brings messages along for a script that asks, and the script goes on with the
// answer as if nothing had been.
func TestHandle(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	s.POST("/api/:what", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("news")))
		switch c.Param("what") {
		case "json":
			c.JSON(http.StatusOK, gin.H{"n": 7})
		case "empty":
			c.Status(http.StatusNoContent)
		case "wrong":
			c.JSON(http.StatusUnprocessableEntity, gin.H{"n": 7})
		case "broken":
			c.Data(http.StatusOK, "application/json", []byte("{"))
		case "large":
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Success(strings.Repeat("é", 1000))))
			c.JSON(http.StatusOK, gin.H{"n": 7})
		case "envelope":
			c.JSON(http.StatusOK, gin.H{"n": 7, "flash": flashgin.Flashes(c)})
		case "other":
			c.JSON(http.StatusOK, gin.H{"n": 7, "flash": "of light"})
		}
	})
	b := s.opened()
	for _, test := range []struct {
		what string
		body string
		want []string
	}{
		{"json", `{"n":7}`, []string{"news"}},
		{"empty", ``, []string{"news"}},
		{"wrong", `{"n":7}`, []string{"news"}},
		{"broken", `{`, []string{"news"}},
		{"large", `{"n":7}`, []string{"news", strings.Repeat("é", 1000)}},
		{"envelope", "", []string{"news"}},
		{"other", `{"flash":"of light","n":7}`, []string{"news"}},
	} {
		t.Run(test.what, func(t *testing.T) {
			b.t = t
			if test.what == "wrong" {
				b.expect("422")
			}
			b.open(s.url)
			b.ready()
			b.remember()
			b.js(`const response = await fetch("/api/` + test.what +
				`", {method: "POST", headers: {"X-Get-Flash": "1"}});
				globalThis.same = await FlashMessages.handle(response) === response; globalThis.body = await response.text()`)
			b.untilEqual(test.want, texts)
			if test.what == "large" {
				s.acknowledged(1) // what was pulled and hardly seen is for the next page
			}
			assert.True(t, eval[bool](b, `same`))
			if test.body != "" || test.what == "empty" {
				assert.Equal(t, test.body, eval[string](b, `body`))
			}
			assert.True(t, eval[bool](b, sameVoices))
			b.never(texts + `.length !== ` + encode(len(test.want)))
			assert.Empty(t, s.waiting("/")+s.waiting("/api/:what")+s.waiting("/api/"+test.what))
		})
	}
	b.t = t
}

// A script that does not ask gets the answer alone. Its message waits for the page.
func TestFetchThatDoesNotAsk(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	s.GET("/api", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("news").At("/")))
		c.JSON(http.StatusOK, gin.H{"n": 7})
	})
	b := s.opened()
	assert.Equal(t, "null 7", eval[string](b,
		`fetch("/api").then(FlashMessages.handle).then(async r => r.headers.get("Flash-Messages") + " " + (await r.json()).n)`))
	b.never(texts + `.length > 0`)
	b.open(s.url)
	b.untilEqual([]string{"news"}, texts)
}

// Check 28: a page that is left before it has got what it pulled leaves it to the next one.
func TestPullThatIsAborted(t *testing.T) {
	s := newSite(t, flashgin.Config{Lease: 2 * time.Second})
	s.GET("/orders", s.page)
	b := newTab(t)
	// However late it is left, the page that pulls was not looked at for long enough.
	b.before(`if (location.pathname === "/") performance.now = () => 0`)
	const pulls = 25
	var all []string
	for i := range pulls {
		text := strconv.Itoa(i)
		all = append(all, text)
		s.leave(flashgin.Info(text).At("/orders"))
		b.open(s.url + "/?" + text)
		b.ready()
		b.js(fmt.Sprintf(`const detail = {url: "/_flash/messages?view=/orders"};
			document.dispatchEvent(new CustomEvent("flash:pull", {detail}));
			setTimeout(() => location.href = "/page.css", %d / 5)`, i))
		b.until(`location.pathname === "/page.css"`)
	}
	var shown []string
	waits := func() bool { return s.waiting("/orders") != "" }
	for assert.Eventually(t, waits, patience, 50*time.Millisecond) {
		b.open(s.url + "/orders")
		b.ready()
		shown = append(shown, eval[[]string](b, texts)...)
		if len(shown) >= pulls {
			break
		}
	}
	assert.ElementsMatch(t, all, shown)
}
