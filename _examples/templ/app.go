package main

import (
	"crypto/rand"
	"embed"
	"net/http"

	"github.com/a-h/templ"
	"github.com/flashgin/flashgin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
)

//go:embed style.css
var files embed.FS

func newHandler(config flashgin.Config) (http.Handler, error) {
	messenger, err := flashgin.New(config)
	if err != nil {
		return nil, err
	}
	router := gin.Default(messenger.Install)
	if err := router.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	router.StaticFileFS("/style.css", "style.css", http.FS(files))

	cookies := cookie.NewStore([]byte(rand.Text())) // sessions end with the process, like the book
	// Without these options the cookie would be Secure, and no browser would send it back over
	// plain http. Under TLS, set Secure.
	cookies.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	router.Use(sessions.Sessions("id", cookies))
	messenger.Mount(router) // the style sheet and the script of flashtempl.Assets in the layout

	book := newGuestBook()
	router.GET("/", book.List)
	router.POST("/", book.Sign)
	router.GET("/entries/:id", book.Show)
	router.POST("/entries/:id/remove", book.Remove)

	return http.NewCrossOriginProtection().Handler(router), nil // no forms of other sites
}

// render answers with a page. Its components get the context of the request, by which they find
// their messages. The page is rendered before its first byte leaves: if it fails, the answer is a
// 500 and the messages wait for the next one.
func render(c *gin.Context, status int, page templ.Component) {
	templ.Handler(page, templ.WithStatus(status)).ServeHTTP(c.Writer, c.Request)
}
