package flashgin_test

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin"
)

// Settings is a handler with the methods of the Controller that it embeds.
type Settings struct{ flashgin.Controller }

func (s *Settings) Edit(c *gin.Context) { c.HTML(http.StatusOK, "settings", nil) }

func (s *Settings) Update(c *gin.Context) {
	s.AddFlash(c, flashgin.Success("Your settings have been changed successfully."))
	c.Redirect(http.StatusSeeOther, "/settings")
}

// A whole application: post the form, be redirected, read the message, and read it once.
func Example() {
	messages, err := flashgin.New(flashgin.Config{})
	if err != nil {
		panic(err)
	}
	router := gin.New(messages.Install)
	router.SetHTMLTemplate(template.Must(template.New("settings").Funcs(flashgin.FuncMap()).Parse(
		"{{range flashes}}{{.Status}}: {{.Text}}{{else}}No messages.{{end}}")))
	cookies := cookie.NewStore([]byte("your secret of 32 random bytes"))
	cookies.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}) // Secure: true under TLS
	router.Use(sessions.Sessions("id", cookies))

	settings := &Settings{}
	router.GET("/settings", settings.Edit)
	router.POST("/settings", settings.Update)

	// Now a browser.
	server := httptest.NewServer(router)
	defer server.Close()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	response, err := browser.PostForm(server.URL+"/settings", nil) // follows the redirect
	fmt.Println(exampleBody(response, err))
	response, err = browser.Get(server.URL + "/settings")
	fmt.Println(exampleBody(response, err))
	// Output:
	// success: Your settings have been changed successfully.
	// No messages.
}
