package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/doctest"
)

// The page docs/recipes.md, as far as it needs a browser.
func TestRecipesPage(t *testing.T) {
	page, err := doctest.Open("..", "docs/recipes.md")
	require.NoError(t, err)
	scripts := map[string]string{} // by heading
	for _, block := range page.Blocks("js") {
		scripts[block.Heading] += block.Text
	}
	t.Run("toast library", func(t *testing.T) {
		s := newSite(t, flashgin.Config{},
			`{{define "head"}}{{flashAssets}}<link rel="stylesheet" href="/npm/notyf/notyf.min.css">
			<script src="/npm/notyf/notyf.min.js"></script>{{end}}`)
		s.policy = ""
		s.StaticFile("/npm/notyf/notyf.min.css", "node_modules/notyf/notyf.min.css")
		s.StaticFile("/npm/notyf/notyf.min.js", "node_modules/notyf/notyf.min.js")
		s.line.lay(nil)
		b := newTab(t)
		b.open(s.url)
		b.ready()
		b.js(scripts["A toast library"])
		s.untilOpen(1)
		s.leave(flashgin.Success("live <b>one</b>"))
		b.untilEqual([]string{"live <b>one</b>"},
			`[...document.querySelectorAll(".notyf__message")].map(e => e.textContent)`)
		assert.Empty(t, eval[[]string](b, texts), "shown twice")
		assert.Eventually(t, func() bool { return s.line.acks.Load() == 1 },
			patience, 5*time.Millisecond)
		assert.Empty(t, s.waiting("/"))
	})
	t.Run("single-page application", func(t *testing.T) {
		s := newSite(t, flashgin.Config{})
		s.POST("/api/orders", func(c *gin.Context) {
			assert.NoError(t, flashgin.AddFlash(c,
				flashgin.Success("Order 5 was placed.").At("/orders"),
				flashgin.Info("anywhere").At(flashgin.Anywhere)))
			c.JSON(http.StatusCreated, gin.H{"order": 5})
		})
		b := s.opened()
		b.js("globalThis.pull = " + scripts["A single-page application that pulls"])
		b.js(`fetch("/api/orders", {method: "POST"}).then(() => pull("/customers"))`)
		b.untilEqual([]string{"anywhere"}, texts)
		assert.Equal(t, "Order 5 was placed.", s.waiting("/orders"))
		b.js(`pull("/orders")`)
		b.untilEqual([]string{"anywhere", "Order 5 was placed."}, texts)
		assert.Empty(t, s.waiting("/orders"))
	})
}
