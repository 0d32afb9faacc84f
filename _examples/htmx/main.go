// Htmx is a reading list that never reloads its page: what happened is told by the fragments that
// htmx asks for, by answers without a body, by the page that a redirect leads to, and by a job that
// ends later.
//
//	go run ./_examples/htmx
//
// ADDR says where to listen, by default 127.0.0.1:8080.
package main

import (
	"cmp"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/gin-gonic/gin"
)

func main() {
	if os.Getenv(gin.EnvGinMode) == "" {
		gin.SetMode(gin.ReleaseMode)
	}
	app, err := newApp(flashgin.Config{})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("Listening on http://%s (Ctrl-C stops)\n", listener.Addr())
	server := &http.Server{Handler: app.handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}
