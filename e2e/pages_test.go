package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/doctest"
)

// The scripts on all pages of documentation are JavaScript. What most of them do, the tests of
// their pages show.
func TestScriptsOnPages(t *testing.T) {
	pages, err := doctest.Pages("..")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "script.mjs")
	count := 0
	for _, page := range pages {
		for _, block := range page.Blocks("js") {
			require.NoError(t, os.WriteFile(file, []byte(block.Text), 0o600))
			output, err := exec.Command("node", "--check", file).CombinedOutput()
			assert.NoError(t, err, "%s:%d\n%s", page.Path, block.Line, output)
			count++
		}
	}
	assert.Positive(t, count)
}

// The page docs/answers.md, as far as it has scripts.
func TestAnswersPage(t *testing.T) {
	page, err := doctest.Open("..", "docs/answers.md")
	require.NoError(t, err)
	scripts := page.Blocks("js")
	require.Len(t, scripts, 2)
	t.Run(scripts[0].Heading, func(t *testing.T) {
		s := newSite(t, flashgin.Config{})
		s.POST("/api/orders", func(c *gin.Context) {
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("in a header")))
			c.JSON(http.StatusCreated, gin.H{"order": 5})
		})
		s.POST("/api/carts", func(c *gin.Context) {
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Success("in an envelope")))
			c.JSON(http.StatusCreated, gin.H{"cart": 6, "flash": flashgin.Flashes(c)})
		})
		s.POST("/api/none", func(c *gin.Context) {
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Error("There is none.")))
			c.JSON(http.StatusNotFound, gin.H{})
		})
		b := s.opened()
		b.js(`globalThis.send = ` + scripts[0].Text)
		b.js(`send("/api/orders", {}).then(answer => globalThis.order = answer.order)`)
		b.untilEqual([]string{"in a header"}, texts)
		b.untilEqual(5, `globalThis.order`)
		b.js(`send("/api/carts", {}).then(answer => globalThis.cart = answer.cart)`)
		b.untilEqual([]string{"in a header", "in an envelope"}, texts)
		b.untilEqual(6, `globalThis.cart`)
		b.expect("404")
		b.js(`send("/api/none", {}).catch(error => globalThis.failed = error.message)`)
		b.untilEqual("Not Found", `globalThis.failed`)
		b.untilEqual([]string{"in a header", "in an envelope", "There is none."}, texts)
		b.untilConsole("404")
	})
	t.Run(scripts[1].Heading, func(t *testing.T) {
		s := newSite(t, flashgin.Config{})
		b := s.opened()
		b.js(`globalThis.toasts = []; globalThis.toast = (...args) => toasts.push(args);` +
			scripts[1].Text)
		b.js(`document.body.dispatchEvent(new CustomEvent("flash:show", {bubbles: true,
			detail: {messages: [{status: "success", title: "Order 5", text: "It was placed."}]}}))`)
		b.untilEqual([][]string{{"success", "Order 5: It was placed."}}, `toasts`)
	})
}
