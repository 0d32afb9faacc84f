package flashgin_test

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// Problems embeds the Controller, so that its handlers call p.AddFlash and the like.
type Problems struct{ flashgin.Controller }

func (p *Problems) Answer(c *gin.Context) {
	p.RedirectFlash(c, "/problems/"+c.Param("id"), flashgin.Success("That is right."))
}

func ExampleController() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	problems := &Problems{}
	router.GET("/problems/:id", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	router.POST("/problems/:id", problems.Answer)

	visit := exampleBrowser(router)
	visit("POST", "/problems/108")
	visit("GET", "/problems/108")
	// Output:
	// POST /problems/108: 303
	// GET /problems/108: 200 That is right.
}

// Mail embeds the Controller, so its handlers have the functions of the package as methods. Its messages are for all pages of the mail: see exampleMail.
type Mail struct{ flashgin.Controller }

func (m *Mail) Send(c *gin.Context) {
	if err := m.AddFlash(c, flashgin.Success("Sent.").At("mail")); err != nil {
		fmt.Println(err)
	}
	c.Redirect(http.StatusSeeOther, "/mail")
}

func (m *Mail) Delete(c *gin.Context) {
	m.RedirectFlash(c, "/mail", flashgin.Success("Deleted.").At("mail"))
}

func (m *Mail) Count(c *gin.Context) {
	c.String(http.StatusOK, "%d", len(m.PeekFlashes(c)))
}

func (m *Mail) News(c *gin.Context) {
	c.String(http.StatusOK, "%s", m.Flashes(c))
}

// exampleMail returns a browser on an application that sends and deletes mail.
func exampleMail() func(method, path string) {
	messages, _ := flashgin.New(flashgin.Config{
		View: func(*gin.Context) string { return "mail" }, // which each page reads, besides its route and path
	})
	router := exampleRouter(messages, "")
	mail := &Mail{}
	router.POST("/mail", mail.Send)
	router.DELETE("/mail", mail.Delete)
	router.GET("/mail", mail.News)
	router.GET("/mail/count", mail.Count)
	return exampleBrowser(router)
}

func ExampleController_AddFlash() {
	visit := exampleMail()
	visit("POST", "/mail")
	visit("GET", "/mail")
	// Output:
	// POST /mail: 303
	// GET /mail: 200 Sent.
}

func ExampleController_RedirectFlash() {
	visit := exampleMail()
	visit("DELETE", "/mail")
	visit("GET", "/mail")
	// Output:
	// DELETE /mail: 303
	// GET /mail: 200 Deleted.
}

func ExampleController_Flashes() {
	visit := exampleMail()
	visit("POST", "/mail")
	visit("GET", "/mail")
	visit("GET", "/mail")
	// Output:
	// POST /mail: 303
	// GET /mail: 200 Sent.
	// GET /mail: 200
}

func ExampleController_PeekFlashes() {
	visit := exampleMail()
	visit("POST", "/mail")
	visit("GET", "/mail/count")
	visit("GET", "/mail")
	visit("GET", "/mail/count")
	// Output:
	// POST /mail: 303
	// GET /mail/count: 200 1
	// GET /mail: 200 Sent.
	// GET /mail/count: 200 0
}
