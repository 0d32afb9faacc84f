package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// Check 33: the page says that its addresses are those of another host.
func coreBase(t *testing.T, _ engine, b *tab) {
	s := newCoreSite(t, flashgin.Config{},
		`{{define "content"}}<base href="http://elsewhere.example/a/">{{end}}`)
	// WebKitGTK gets the icon from there.
	s.policy = strings.NewReplacer("base-uri 'none'", "base-uri *", "img-src 'self'", "img-src *").
		Replace(s.policy)
	s.line.lay(nil)
	large := strings.Repeat("é", 1000) // more than a header takes
	s.POST("/api", func(c *gin.Context) {
		assert.NoError(t, flashgin.AddFlash(c, flashgin.Success(large)))
		c.Status(http.StatusNoContent)
	})
	b.open(s.url)
	b.ready()
	assert.Equal(t, "http://elsewhere.example/a/", eval[string](b, `document.baseURI`))
	s.untilOpen(1)
	s.leave(flashgin.Info("live"))
	b.untilEqual([]string{"live"}, texts)
	s.acknowledged(1)
	b.js(`await FlashMessages.handle(await fetch(location.origin + "/api",
		{method: "POST", headers: {"X-Get-Flash": "1"}}))`)
	b.untilEqual([]string{"live", large}, texts)
	s.acknowledged(2)
}

// Check 33: an extension of the browser takes something of ours away. Nothing fails, and what
// cannot be shown waits.
func coreRemoved(t *testing.T, _ engine, b *tab) {
	for _, test := range []struct {
		what  string
		shows bool // nevertheless
	}{
		{"flash-messages", false},
		{"[data-flash-live]", false},
		{"[popover]", false},
		{"flash-messages template", false},
		{"[data-flash-live] > [aria-live]", true},
		{"flash-messages [data-status]", true},
	} {
		t.Run(test.what, func(t *testing.T) {
			s := newCoreSite(t, flashgin.Config{})
			b := b.of(t)
			s.line.lay(nil)
			s.leave(flashgin.Info("one"))
			b.open(s.url)
			b.ready()
			s.untilOpen(1)
			b.js(`document.querySelectorAll(` + quote(test.what) +
				`).forEach(element => element.remove())`)
			if !test.shows {
				s.untilOpen(0)
				assert.True(t, eval[bool](b, `FlashMessages.push({text: "pushed"}) === null`))
				s.leave(flashgin.Info("two"))
				b.open(s.url)
			} else {
				s.leave(flashgin.Info("two"))
			}
			b.until(texts + `.includes("two")`)
		})
	}
}

// Check 33: the page is in a frame, which may have an origin of its own.
func coreFramed(t *testing.T, _ engine, b *tab) {
	for _, test := range []struct{ name, frame string }{
		{"of a strict page", `<iframe src="/in"></iframe>`},
		{"without its origin", `<iframe sandbox="allow-scripts" src="/in"></iframe>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newCoreSite(t, flashgin.Config{},
				`{{define "test"}}<script src="/report.js" defer></script>{{end}}`)
			b := b.of(t)
			s.policy = "" // of the page in the frame
			s.line.lay(nil)
			s.GET("/in", s.page)
			s.GET("/report.js", func(c *gin.Context) {
				c.Data(http.StatusOK, "text/javascript", []byte(`addEventListener("load", () => {
					const shown = document.querySelectorAll("[data-status]").length;
					document.querySelector("[data-flash-close]")?.click();
					const left = document.querySelectorAll("[data-status]").length;
					const pushed = FlashMessages.push({text: "pushed"}) !== null;
					parent.postMessage([shown, left, pushed], "*");
				})`))
			})
			s.GET("/strict", func(c *gin.Context) {
				c.Header("Content-Security-Policy", "default-src 'none'; script-src 'self'; "+
					"frame-src 'self'; require-trusted-types-for 'script'")
				html(c, http.StatusOK, `<!doctype html><title>Strict</title>
					<script src="/heard.js"></script>`+test.frame)
			})
			s.GET("/heard.js", func(c *gin.Context) {
				c.Data(http.StatusOK, "text/javascript",
					[]byte(`addEventListener("message", event => globalThis.heard = event.data)`))
			})
			s.leave(flashgin.Info("one").At("/in"))
			b.open(s.url + "/strict")
			b.untilEqual([]any{1, 0, true}, `globalThis.heard`)
		})
	}
}

// Check 33: at 400 % a window of 1280 by 1024 has 320 by 256 pixels. Nothing leaves it to the
// side, and all that was pushed can be scrolled to.
func TestZoom(t *testing.T) {
	s := newSite(t, flashgin.Config{})
	b := s.opened(every()...)
	b.size(320, 256)
	b.pushFive()
	b.until(`document.documentElement.scrollWidth <= 320`)
	b.until(`(() => { const corner = document.querySelector("[popover]"), r = corner.getBoundingClientRect();
		return r.top >= 0 && r.left >= 0 && r.right <= 320 && r.bottom <= 256 &&
			corner.scrollWidth <= corner.clientWidth; })()`)
}
