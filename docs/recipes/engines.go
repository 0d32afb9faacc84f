package recipes

import (
	"bytes"
	"net/http"

	"github.com/CloudyKit/jet/v6"
	"github.com/flashgin/flashgin"
	"github.com/flosch/pongo2/v6"
	"github.com/gin-gonic/gin"
	g "maragu.dev/gomponents"
)

// ByPongo2 prints a template that has {{ messages|safe }}.
func ByPongo2(c *gin.Context, page *pongo2.Template) {
	text, err := page.ExecuteBytes(pongo2.Context{"messages": string(flashgin.Markup(c))})
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	c.Data(http.StatusOK, "text/html; charset=utf-8", text)
}

// ByJet prints a template that has {{ raw: messages }}.
func ByJet(c *gin.Context, page *jet.Template) {
	var text bytes.Buffer
	data := make(jet.VarMap).Set("messages", string(flashgin.Markup(c)))
	if err := page.Execute(&text, data, nil); err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	c.Data(http.StatusOK, "text/html; charset=utf-8", text.Bytes())
}

// ByGomponents prints a page of components.
func ByGomponents(c *gin.Context) {
	var text bytes.Buffer
	if err := g.El("main", g.Raw(string(flashgin.Markup(c)))).Render(&text); err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	c.Data(http.StatusOK, "text/html; charset=utf-8", text.Bytes())
}
