package e2e

import (
	"net/http"
	"testing"

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
