package main

import (
	"embed"
	"net/http"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
)

//go:embed templates/*.html style.css
var files embed.FS

// app is the application as main and its test need it.
type app struct {
	handler   http.Handler
	messenger *flashgin.Messenger
	imports   *Imports
}

func newApp(config flashgin.Config, secret []byte) (*app, error) {
	messenger, err := flashgin.New(config)
	if err != nil {
		return nil, err
	}
	// Install comes before the routes: those that are registered earlier show no messages.
	router := gin.Default(messenger.Install)
	if err := router.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	router.Delims("<<", ">>") // before the templates are loaded
	router.LoadHTMLFS(http.FS(files), "templates/*.html")
	router.StaticFileFS("/style.css", "style.css", http.FS(files))

	cookies := cookie.NewStore(secret)
	// Without these options the cookie would be Secure, and no browser would send it back over
	// plain http. Under TLS, set Secure.
	cookies.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	router.Use(sessions.Sessions("id", cookies))
	messenger.Mount(router) // the style sheet and the script of {{flashAssets}} in the layout

	settings := &Settings{}
	problems := &Problems{}
	imports := &Imports{messenger: messenger, takes: 3 * time.Second}
	login := &Login{messenger: messenger}

	router.GET("/", func(c *gin.Context) {
		render(c, http.StatusOK, "home.html", gin.H{"Problems": allProblems})
	})
	router.GET("/settings", settings.Edit)
	router.POST("/settings", settings.Update)
	router.GET("/problems/:id", problems.Show)
	router.POST("/problems/:id", problems.Answer)
	router.GET("/imports", imports.Show)
	router.POST("/imports", imports.Start)
	router.GET("/login", login.Show)
	router.POST("/login", login.Login)
	router.POST("/logout", login.Logout)

	return &app{
		handler:   http.NewCrossOriginProtection().Handler(router), // no forms of other sites
		messenger: messenger,
		imports:   imports,
	}, nil
}

// render renders a page with what the layout needs. None of the handlers mentions messages here:
// the layout asks for them.
func render(c *gin.Context, status int, page string, data gin.H) {
	if data == nil {
		data = gin.H{}
	}
	data["Path"] = c.Request.URL.Path
	data["User"] = sessions.Default(c).Get("user")
	c.HTML(status, page, data)
}
