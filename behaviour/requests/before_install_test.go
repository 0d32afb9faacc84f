package requests_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// For middleware before Install, the request has ended when the handlers have. If it adds a message
// then, the error names the order in which it can.
func TestMiddlewareBeforeInstallIsToldTheOrder(t *testing.T) {
	sorry := flashgin.Error("Sorry.").At("/a")
	var added error
	tell := func(c *gin.Context) {
		added = flashgin.AddFlash(c, sorry)
		c.Redirect(http.StatusSeeOther, "/a")
	}
	for name, middleware := range map[string]gin.HandlerFunc{
		"Recovery": gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
			tell(c)
		}),
		"errors": func(c *gin.Context) {
			defer func() { _ = recover() }()
			defer tell(c)
			c.Next()
		},
	} {
		for _, mode := range []string{gin.TestMode, gin.DebugMode} {
			t.Run(name+"/"+mode, func(t *testing.T) {
				gin.SetMode(mode)
				t.Cleanup(func() { gin.SetMode(gin.TestMode) })
				log := new(apptest.LockedBuffer)
				order := func(before, after []gin.HandlerFunc) string {
					a := apptest.NewSite(t, log, func(engine *gin.Engine, install gin.OptionFunc) {
						engine.Use(before...)
						engine.With(install)
						engine.Use(after...)
					})
					a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
					a.GET("/a", apptest.Page)
					a.POST("/", func(*gin.Context) { panic("of the handler") })
					added = nil
					a.Visit(http.MethodPost, "/")
					return a.Shown("/a")
				}
				one := []gin.HandlerFunc{middleware}
				assert.Empty(t, order(one, nil))
				assert.True(t, errors.Is(added, flashgin.ErrTooLate), added)
				assert.ErrorContains(t, added, "call Install before that middleware")
				assert.Contains(t, log.String(), "call Install before that middleware")
				assert.Equal(t, "[Sorry.]", order(nil, one))
				assert.NoError(t, added)
			})
		}
	}
}
