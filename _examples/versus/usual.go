package versus

import (
	"net/http"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
)

// usualShop has the flashes of gin-contrib/sessions. Its page hands pop's result to the template.
func usualShop(pop func(*gin.Context) any) *gin.Engine {
	shop := gin.New()
	shop.SetHTMLTemplate(page("{{range .Messages}}<p>{{.}}</p>{{end}}"))
	shop.Use(sessions.Sessions("id", cookies()))
	shop.GET("/login", func(c *gin.Context) {
		session := sessions.Default(c)
		session.Set("user", "Ada")
		_ = session.Save()
	})
	shop.GET("/orders/:id", func(c *gin.Context) {
		c.HTML(http.StatusOK, "page", gin.H{"Order": orderOf(c), "Messages": pop(c)})
	})
	shop.POST("/orders/:id", func(c *gin.Context) {
		session := sessions.Default(c)
		session.AddFlash("Order " + c.Param("id") + " was changed.")
		_ = session.Save()
		c.Redirect(http.StatusSeeOther, c.Request.URL.Path)
	})
	return shop
}

// before takes the messages before the page is rendered, and saves the session, as one should.
func before(c *gin.Context) any {
	session := sessions.Default(c)
	messages := session.Flashes()
	if len(messages) > 0 {
		_ = session.Save()
	}
	return messages
}

// during leaves that to the template, so that only pages which show messages take them. It looks
// well.
func during(c *gin.Context) any {
	return func(yield func(any) bool) {
		for _, message := range before(c).([]any) {
			if !yield(message) {
				return
			}
		}
	}
}
