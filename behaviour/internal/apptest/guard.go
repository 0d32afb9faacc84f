package apptest

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// Guarded is an application on a store that can fail, with a visitor for whom a message waits
// anywhere.
func Guarded(t *testing.T, store flashgin.Store, cfg flashgin.Config) (*App, *Visitor) {
	cfg.Store = store
	a := NewApp(t, cfg)
	a.Template("page", `page{{range flashes}}[{{.Text}}]{{end}}`)
	a.GET("/", Page)
	a.GET("/peek", func(c *gin.Context) { c.JSON(http.StatusOK, Texts(flashgin.PeekFlashes(c))) })
	a.POST("/", Add(t, Redirect("/"), flashgin.Info("hello").At(flashgin.Anywhere)))
	visitor := a.Visitor()
	visitor.Post("/")
	require.Empty(t, a.Failures.String())
	return a, visitor
}
