// Jobs is a web server and a worker: two processes that share nothing but a Redis server. A file
// that is sent to the one is read by the other, and what becomes of it appears on the open page of
// whoever has sent it, without a reload.
//
//	go run .          # in _examples/jobs: starts a Redis server, the worker and the web server
//	go run . server   # the web server alone, as on a machine of its own
//	go run . worker   # a worker alone; there may be many
//
// ADDR says where to listen, by default 127.0.0.1:8080. REDIS_URL, such as
// redis://127.0.0.1:6379/0, names a Redis server to use; without it the first form starts one, for
// as long as it runs. SECRET signs the session cookies; without it a random one does, and sessions
// end with the process. TAKES is how long a job takes, by default 4s.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

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
	if err := run(ctx, strings.Join(os.Args[1:], " ")); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, what string) error {
	url := os.Getenv("REDIS_URL")
	switch {
	case what == "":
		return runAll(ctx, url)
	case what != "server" && what != "worker":
		return fmt.Errorf("%q: want server, worker, or nothing for both", what)
	case url == "":
		return errors.New("REDIS_URL is not set: server and worker need the same one, " +
			"such as redis://127.0.0.1:6379/0")
	case what == "server":
		return runServer(ctx, url)
	}
	return runWorker(ctx, url)
}

// connect returns a client of the Redis server, and a messenger on it. Web server and worker have
// the same App, so what one of them adds the other finds.
func connect(ctx context.Context, url string) (*redis.Client, *flashgin.Messenger, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	client := redis.NewClient(options)
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("REDIS_URL: %w", err), client.Close())
	}
	store, err := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "jobs"})
	if err != nil {
		return nil, nil, errors.Join(err, client.Close())
	}
	messenger, err := flashgin.New(flashgin.Config{Store: store})
	if err != nil {
		return nil, nil, errors.Join(err, client.Close())
	}
	return client, messenger, nil
}
