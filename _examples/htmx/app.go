package main

import (
	"crypto/rand"
	"embed"
	"net/http"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
)

//go:embed templates/*.html style.css htmx.org/htmx.min.js
var files embed.FS

// app is the application as main and its test need it.
type app struct {
	handler   http.Handler
	messenger *flashgin.Messenger
	books     *Books
}

func newApp(config flashgin.Config) (*app, error) {
	config.HTMX = true // messages come with the answers to htmx, too
	messenger, err := flashgin.New(config)
	if err != nil {
		return nil, err
	}
	router := gin.Default(messenger.Install)
	if err := router.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	router.LoadHTMLFS(http.FS(files), "templates/*.html")
	router.StaticFileFS("/style.css", "style.css", http.FS(files))
	router.StaticFileFS("/htmx.js", "htmx.org/htmx.min.js", http.FS(files))

	cookies := cookie.NewStore([]byte(rand.Text())) // sessions end with the process, like the books
	// Without these options the cookie would be Secure, and no browser would send it back over
	// plain http. Under TLS, set Secure.
	cookies.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	router.Use(sessions.Sessions("id", cookies))
	messenger.Mount(router)

	books := newBooks(messenger, 3*time.Second)
	router.GET("/", books.List)
	router.POST("/books", books.Add)
	router.POST("/books/:id/read", books.Read)
	router.DELETE("/books/:id", books.Remove)
	router.GET("/progress", books.Progress)
	router.POST("/reminder", books.Remind)
	router.POST("/finish", books.Finish)
	router.GET("/finished", books.Finished)

	return &app{
		handler:   http.NewCrossOriginProtection().Handler(router), // no scripts of other sites
		messenger: messenger,
		books:     books,
	}, nil
}
