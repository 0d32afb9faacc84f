package e2e

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// The debug page tells a developer in her own browser what waits and where, which page has shown
// what, and what was refused and why. It takes nothing.
func TestDebugPage(t *testing.T) {
	gin.SetMode(gin.DebugMode)
	t.Cleanup(func() { gin.SetMode(gin.TestMode) })
	s := newSite(t, flashgin.Config{})
	s.GET("/silent", func(c *gin.Context) { c.Data(http.StatusOK, "text/html", []byte("<p>")) })
	s.leave(flashgin.Error("Your order has failed.").At("/order/7"))
	b := s.opened(flashgin.Success("Saved."))
	b.open(s.url + "/silent")
	b.js(`await fetch("/away")`)
	rows := func(table string) string {
		return `[...document.querySelectorAll("#` + table + ` tr")].map(r => r.innerText).join("\n")`
	}
	contains := func(table, text string) string {
		return "(" + rows(table) + ").includes(" + encode(text) + ")"
	}
	for range 2 {
		b.open(s.url + "/_flash/debug")
		b.until(contains("waiting", "Your order has failed."))
		b.until(contains("waiting", "no page has this view"))
		b.until(contains("lines", "shown"))
		b.until(contains("visits", "the page does not call flashes"))
		b.until(contains("visits", "refused: not seen"))
		assert.NotContains(t, eval[string](b, rows("waiting")), "Saved.")
		assert.NotContains(t, eval[string](b, `document.documentElement.outerHTML`), ">"+ada+"<")
	}
	assert.Equal(t, "Your order has failed.", s.waiting("/order/7"))
}
