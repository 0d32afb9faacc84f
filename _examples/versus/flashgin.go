package versus

import (
	"net/http"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// flashginShop is usualShop with flashgin.
func flashginShop() *gin.Engine {
	messages, err := flashgin.New(flashgin.Config{})
	if err != nil {
		panic(err)
	}
	shop := gin.New(messages.Install)
	shop.SetHTMLTemplate(page("{{range flashes}}<p>{{.Text}}</p>{{end}}"))
	shop.Use(sessions.Sessions("id", cookies()))
	shop.GET("/login", func(c *gin.Context) {
		sessions.Default(c).Set("user", "Ada")
		// It saves the session, and messages that come at the same time are for one session from
		// here on.
		_, _ = messages.SessionKey(c)
	})
	shop.GET("/orders/:id", func(c *gin.Context) {
		c.HTML(http.StatusOK, "page", gin.H{"Order": orderOf(c)})
	})
	shop.POST("/orders/:id", func(c *gin.Context) {
		_ = flashgin.AddFlash(c, flashgin.Success("Order "+c.Param("id")+" was changed."))
		c.Redirect(http.StatusSeeOther, c.Request.URL.Path)
	})
	return shop
}
