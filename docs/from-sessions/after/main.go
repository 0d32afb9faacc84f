// A small application whose pages say what happened.
package main

import (
	"html/template"
	"log"
	"net/http"
	"strings"

	"github.com/flashgin/flashgin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
)

var pages = template.Must(template.New("").Funcs(flashgin.FuncMap()).Parse(`
{{define "messages"}}
{{range flashes}}<p class="{{.Status}}">{{.Text}}</p>{{end}}
{{end}}

{{define "profile"}}<title>Profile</title>{{template "messages" .}}
<form method="post"><input name="name" value="{{.Name}}"><button>Save</button></form>
{{end}}

{{define "orders"}}<title>Orders</title>{{template "messages" .}}
{{end}}
`))

// flash leaves a message for the page that it is about.
func flash(c *gin.Context, kind, text string) {
	_ = flashgin.AddFlash(c, flashgin.Message{Status: flashgin.Status(kind), Text: text})
}

func editProfile(c *gin.Context) {
	c.HTML(http.StatusOK, "profile", gin.H{})
}

func updateProfile(c *gin.Context) {
	name := c.PostForm("name")
	if strings.TrimSpace(name) == "" {
		flash(c, "error", "A profile needs a name.")
		c.HTML(http.StatusUnprocessableEntity, "profile", gin.H{"Name": name})
		return
	}
	flash(c, "notice", "Your profile was saved.")
	c.Redirect(http.StatusSeeOther, "/profile")
}

func orders(c *gin.Context) {
	c.HTML(http.StatusOK, "orders", gin.H{})
}

func main() {
	messages, err := flashgin.New(flashgin.Config{})
	if err != nil {
		log.Fatal(err)
	}
	router := gin.Default(messages.Install)
	router.SetHTMLTemplate(pages)
	cookies := cookie.NewStore([]byte("your secret of 32 random bytes"))
	cookies.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	router.Use(sessions.Sessions("id", cookies))

	router.GET("/profile", editProfile)
	router.POST("/profile", updateProfile)
	router.GET("/orders", orders)
	log.Fatal(router.Run("127.0.0.1:8080"))
}
