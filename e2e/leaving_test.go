package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
)

// Check 24: a handler tells its own session something with Messenger.Add, and redirects to the page
// that is open. The next page shows it each time, and not the one that is being left.
func TestPageThatIsLeftLeavesTheMessageToTheNext(t *testing.T) {
	s, b := live(t, flashgin.Config{}, `{{define "content"}}<form method="post" action="/start">
		<button id="start">Start</button></form>{{end}}`)
	s.POST("/start", func(c *gin.Context) {
		assert.NoError(t, s.messenger.Add(c, ada, flashgin.Info("started").At("/")))
		time.Sleep(300 * time.Millisecond) // long enough for a stream, as a slow handler
		c.Redirect(http.StatusSeeOther, "/")
	})
	for range 4 {
		b.js(`addEventListener("flash:shown", () => sessionStorage.setItem("shown", "by the old page"));
			globalThis.left = true`)
		s.asks(1, func() {
			b.click("#start")
			b.until(`!globalThis.left && document.readyState === "complete"`)
			b.ready()
		})
		b.untilEqual([]string{"started"}, texts)
		b.untilEqual(nil, `sessionStorage.getItem("shown")`)
	}
	assert.Empty(t, s.waiting("/"))
}
