package flashgin_test

import (
	"fmt"
	"html/template"
	"net/http"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// At login the session gets a new key: who planted the old session in this browser reads nothing from here on.
func ExampleMessenger_Forget() {
	messages, _ := flashgin.New(flashgin.Config{})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	router.GET("/", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	router.POST("/hint", func(c *gin.Context) {
		flashgin.RedirectFlash(c, "/", flashgin.Info("Please log in."))
	})
	router.POST("/login", func(c *gin.Context) {
		sessions.Default(c).Set("user", "Ada")
		if err := messages.Forget(c); err != nil { // it saves the session
			fmt.Println(err)
		}
		flashgin.RedirectFlash(c, "/", flashgin.Success("Welcome, Ada."))
	})

	visit := exampleBrowser(router)
	visit("POST", "/hint")
	visit("POST", "/login")
	visit("GET", "/")
	// Output:
	// POST /hint: 303
	// POST /login: 303
	// GET /: 200 Welcome, Ada.
}

// The keys are the IDs of users, which outlive a login. So a logout says that the pages that are open
// must ask again whose they are.
func ExampleMessenger_End() {
	messages, _ := flashgin.New(flashgin.Config{SessionKey: func(c *gin.Context) (string, error) {
		user, _ := sessions.Default(c).Get("user").(string)
		return user, nil
	}})
	router := exampleRouter(messages, "{{range flashes}}{{.Text}}{{end}}")
	messages.Mount(router)
	router.POST("/logout", func(c *gin.Context) {
		session := sessions.Default(c)
		user, _ := session.Get("user").(string)
		session.Clear()
		if err := session.Save(); err != nil {
			fmt.Println(err)
		}
		if user != "" {
			if err := messages.End(user); err != nil { // another process may not know
				fmt.Println(err)
			}
		}
		c.Redirect(http.StatusSeeOther, "/")
	})

	visit := exampleBrowser(router)
	visit("POST", "/logout")
	// Output:
	// POST /logout: 303
}

// An application without gin-contrib/sessions.
func ExampleCookieKey() {
	messages, _ := flashgin.New(flashgin.Config{SessionKey: flashgin.CookieKey("flash")})
	router := gin.New(messages.Install)
	router.SetHTMLTemplate(template.Must(template.New("page").Funcs(router.FuncMap).Parse("{{range flashes}}{{.Text}}{{end}}")))
	router.GET("/settings", func(c *gin.Context) { c.HTML(http.StatusOK, "page", nil) })
	router.POST("/settings", func(c *gin.Context) {
		flashgin.RedirectFlash(c, "/settings", flashgin.Success("Your settings have been changed successfully."))
	})
	router.POST("/logout", func(c *gin.Context) {
		messages.Forget(c) // the next user of this browser shall not read what waits
		flashgin.RedirectFlash(c, "/settings", flashgin.Info("Goodbye."))
	})

	visit := exampleBrowser(router)
	visit("POST", "/settings")
	visit("GET", "/settings")
	visit("POST", "/settings")
	visit("POST", "/logout")
	visit("GET", "/settings")
	// Output:
	// POST /settings: 303
	// GET /settings: 200 Your settings have been changed successfully.
	// POST /settings: 303
	// POST /logout: 303
	// GET /settings: 200 Goodbye.
}
