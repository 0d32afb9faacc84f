// Templ is a guest book whose pages are templ components. They print their messages with the module
// flashtempl.
//
//	cd _examples/templ && go run .
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

//go:generate go run github.com/a-h/templ/cmd/templ@v0.3.1100 generate

func main() {
	if os.Getenv(gin.EnvGinMode) == "" {
		gin.SetMode(gin.ReleaseMode)
	}
	handler, err := newHandler(flashgin.Config{})
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("Listening on http://%s (Ctrl-C stops)\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}
