#!/usr/bin/env bash
# A command that a go-redis hook refuses has no error if it was in a pipeline.
#
# A hook of the client, such as a limit for the rate, returns an error without calling the next one.
# The guess: the command then has that error, by itself as in a pipeline, because one reads the
# results of a pipeline from its commands. Seen: a command by itself has the error. In a pipeline
# Exec returns it, but the commands have none: a GET says "" and nil, as if the value were empty,
# and a SET says that it went well.
#
# go-redis v9.23.0, Go 1.26, November 2026. Client.Process gives its command the error that hooks
# return; what Exec of a pipeline calls does not:
# https://github.com/redis/go-redis/blob/v9.23.0/redis.go
# It needs Go, and no server: nothing is sent.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'GO'
module finding

go 1.26.0

require github.com/redis/go-redis/v9 v9.23.0
GO
cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/redis/go-redis/v9"
)

var errRefused = errors.New("too many commands")

type refuses struct{}

func (refuses) DialHook(next redis.DialHook) redis.DialHook { return next }

func (refuses) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(context.Context, redis.Cmder) error { return errRefused }
}

func (refuses) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error { return errRefused }
}

func main() {
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	client.AddHook(refuses{})

	alone := client.Get(ctx, "key")
	pipeline := client.Pipeline()
	get, set := pipeline.Get(ctx, "key"), pipeline.Set(ctx, "key", "value", 0)
	_, err := pipeline.Exec(ctx)

	fmt.Println("version: go-redis", redis.Version())
	fmt.Printf("expected: each command has the error of the hook, %q\n", errRefused)
	fmt.Printf("seen:     GET alone: %v; Exec: %v; GET and SET in the pipeline: %v, %v\n",
		alone.Err(), err, get.Err(), set.Err())
	if alone.Err() != errRefused || err != errRefused || get.Err() != nil || set.Err() != nil {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
GO
go mod tidy >/dev/null 2>&1
go run .
