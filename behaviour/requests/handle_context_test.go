package requests_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// A handler on to which HandleContext has gone panics. What it took was not shown, whatever
// Recovery answers, and waits for the next page.
func TestPanicBelowHandleContext(t *testing.T) {
	for _, test := range []struct {
		name   string
		before gin.HandlerFunc // the panic
	}{
		{"taken", func(c *gin.Context) { flashgin.Flashes(c) }},
		{"taken after the head", func(c *gin.Context) {
			c.Header("Cache-Control", "no-store")
			_, _ = c.Writer.WriteString("<head>")
			flashgin.Flashes(c)
		}},
		{"in markup", func(c *gin.Context) { flashgin.Markup(c) }},
	} {
		for status, answer := range map[string]gin.HandlerFunc{
			"an error": func(c *gin.Context) { c.String(http.StatusInternalServerError, "sorry") },
			"a page":   func(c *gin.Context) { c.String(http.StatusOK, "sorry") },
			"nothing":  func(c *gin.Context) { c.Status(http.StatusInternalServerError) },
		} {
			t.Run(test.name+", then "+status, func(t *testing.T) {
				recovery := gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
					answer(c)
				})
				a := apptest.NewAppBehind(t, flashgin.Config{}, recovery)
				a.GET("/page", apptest.Page)
				a.POST("/page", apptest.Add(t, apptest.Redirect("/page"),
					flashgin.Info("waits").At(flashgin.Anywhere)))
				a.GET("/inner", func(c *gin.Context) {
					test.before(c)
					panic("on purpose")
				})
				a.GET("/", func(c *gin.Context) {
					assert.NoError(t,
						flashgin.AddFlash(c, flashgin.Info("added").At(flashgin.Anywhere)))
					c.Request.URL.Path = "/inner"
					a.HandleContext(c)
				})
				for name, visitor := range map[string]*apptest.Visitor{
					"[added]": a.Visitor(), "[waits][added]": a.Visitor(),
				} {
					if name != "[added]" {
						visitor.Post("/page")
					}
					assert.NotContains(t, visitor.Get("/"), "added")
					assert.Equal(t, name, visitor.Get("/page"))
				}
				assert.Empty(t, a.Failures.String())
			})
		}
	}
}
