package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/gin-contrib/sessions"
	"github.com/gin-contrib/sessions/cookie"
	"github.com/gin-gonic/gin"
	"github.com/hibiken/asynq"
)

//go:embed templates/*.html style.css
var files embed.FS

// runServer serves until ctx ends, then lets requests come to their end. Open pages listen to
// requests that have none: those end by themselves.
func runServer(ctx context.Context, redisURL string) error {
	client, messenger, err := connect(ctx, redisURL)
	if err != nil {
		return err
	}
	defer client.Close()
	secret := []byte(cmp.Or(os.Getenv("SECRET"), rand.Text()))
	router, err := newRouter(messenger, asynq.NewClientFromRedisClient(client), secret)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"))
	if err != nil {
		return err
	}
	fmt.Printf("Listening on http://%s (Ctrl-C stops)\n", listener.Addr())

	server := &http.Server{
		Handler:           http.NewCrossOriginProtection().Handler(router), // no foreign forms
		ReadHeaderTimeout: 10 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(server.Shutdown(ending), messenger.Close(ending))
}

func newRouter(
	messenger *flashgin.Messenger, queue *asynq.Client, secret []byte,
) (*gin.Engine, error) {
	// Install comes before the routes: those that are registered earlier show no messages.
	router := gin.Default(messenger.Install)
	if err := router.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	router.LoadHTMLFS(http.FS(files), "templates/*.html")
	router.StaticFileFS("/style.css", "style.css", http.FS(files))

	cookies := cookie.NewStore(secret)
	// Without these options the cookie would be Secure, and no browser would send it back over
	// plain http. Under TLS, set Secure.
	cookies.Options(sessions.Options{Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	router.Use(sessions.Sessions("id", cookies))
	// The style sheet and the script that {{flashAssets}} of the layout loads, and the stream to
	// which that script listens.
	messenger.Mount(router)

	uploads := &Uploads{messenger: messenger, queue: queue}
	router.GET("/", uploads.Show)
	router.POST("/", uploads.Upload)
	router.GET("/elsewhere", func(c *gin.Context) {
		c.HTML(http.StatusOK, "elsewhere.html", gin.H{"Path": c.FullPath()})
	})
	return router, nil
}
