package recipes

import (
	"net/http"

	"github.com/flashgin/flashgin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
)

// Notice adds a message to a page until the user has closed it. Call it right before c.HTML.
func Notice(c *gin.Context, name string, m flashgin.Message) {
	if sessions.Default(c).Get("closed "+name) == nil {
		m.Key = name
		_ = flashgin.AddFlash(c, m)
	}
}

// CloseNotice is the handler of POST /notices/:name/closed.
func CloseNotice(c *gin.Context) {
	session := sessions.Default(c)
	session.Set("closed "+c.Param("name"), true)
	if err := session.Save(); err != nil {
		c.AbortWithStatus(http.StatusInternalServerError)
		return
	}
	c.Status(http.StatusNoContent)
}
