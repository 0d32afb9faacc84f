// A small application whose pages say what happened.
package main

import (
	"html/template"
	"log"
	"net/http"
	"strings"

	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
)

var pages = template.Must(template.New("").Parse(`
{{define "messages"}}
{{range .Errors}}<p class="error">{{.}}</p>{{end}}
{{range .Notices}}<p class="notice">{{.}}</p>{{end}}
{{end}}

{{define "profile"}}<title>Profile</title>{{template "messages" .}}
<form method="post"><input name="name" value="{{.Name}}"><button>Save</button></form>
{{end}}

{{define "orders"}}<title>Orders</title>{{template "messages" .}}
{{end}}
`))

// flash leaves a message for the next page.
func flash(c *gin.Context, kind, text string) {
	session := sessions.Default(c)
	session.AddFlash(text, kind)
	if err := session.Save(); err != nil {
		log.Print(err)
	}
}

// render shows a page with the messages that wait.
func render(c *gin.Context, status int, page string, data gin.H) {
	session := sessions.Default(c)
	data["Errors"], data["Notices"] = session.Flashes("error"), session.Flashes("notice")
	if err := session.Save(); err != nil {
		log.Print(err)
	}
	c.HTML(status, page, data)
}

func editProfile(c *gin.Context) {
	render(c, http.StatusOK, "profile", gin.H{})
}

func updateProfile(c *gin.Context) {
	name := c.PostForm("name")
	if strings.TrimSpace(name) == "" {
		flash(c, "error", "A profile needs a name.")
		render(c, http.StatusUnprocessableEntity, "profile", gin.H{"Name": name})
		return
	}
	flash(c, "notice", "Your profile was saved.")
	c.Redirect(http.StatusSeeOther, "/profile")
}

func orders(c *gin.Context) {
	render(c, http.StatusOK, "orders", gin.H{})
}

func main() {
	router := gin.Default()
	router.SetHTMLTemplate(pages)
	cookies := cookie.NewStore([]byte("your secret of 32 random bytes"))
	cookies.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	router.Use(sessions.Sessions("id", cookies))

	router.GET("/profile", editProfile)
	router.POST("/profile", updateProfile)
	router.GET("/orders", orders)
	log.Fatal(router.Run("127.0.0.1:8080"))
}
