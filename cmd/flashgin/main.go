// Command flashgin shows operators which messages an application has in Redis, and removes them:
//
//	flashgin waiting -app shop [-session HASH]
//	flashgin stats   -app shop
//	flashgin watch   -app shop
//	flashgin purge   -app shop -older 1h -yes
//
// Without arguments it explains its flags.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/operator"
)

// silent keeps the client from writing each attempt of a connection between what operators read:
// the command says by itself what has failed.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func main() {
	redis.SetLogger(silent{})
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := operator.Main(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
