// Basic is a small web application that tells its users what happened: a settings form, problems to
// answer, an import that ends in the background, login and logout. Its templates use the delimiters
// << and >>.
//
//	go run ./_examples/basic
//
// ADDR says where to listen, by default 127.0.0.1:8080. REDIS_URL, such as
// redis://127.0.0.1:6379/0, says where messages are kept, by default in this process. SECRET signs
// the session cookies; without it a random one does, and sessions end with the process.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"
)

func main() {
	if os.Getenv(gin.EnvGinMode) == "" {
		gin.SetMode(gin.ReleaseMode)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	if err := run(ctx, cmp.Or(os.Getenv("ADDR"), "127.0.0.1:8080"), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends, then lets everything that has begun come to its end.
func run(ctx context.Context, addr string, out io.Writer) error {
	config := flashgin.Config{}
	if url := os.Getenv("REDIS_URL"); url != "" {
		options, err := redis.ParseURL(url)
		if err != nil {
			return fmt.Errorf("REDIS_URL: %w", err)
		}
		client := redis.NewClient(options)
		defer client.Close()
		config.Store, err = flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "basic"})
		if err != nil {
			return err
		}
	}
	app, err := newApp(config, []byte(cmp.Or(os.Getenv("SECRET"), rand.Text())))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Listening on http://%s (Ctrl-C stops)\n", listener.Addr())

	server := &http.Server{Handler: app.handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}

	// In this order: first nobody asks any more, then the jobs have said what they had to say, then
	// the messenger has passed it on.
	ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err = server.Shutdown(ending)
	app.imports.running.Wait()
	return errors.Join(err, app.messenger.Close(ending))
}
