#!/usr/bin/env bash
# redis.NewClient of go-redis looks the host name of its server up, before any connection.
#
# The program makes a client for a server with a name, with a Dialer of its own, and calls nothing.
# It counts the questions to the resolver. The guess: a constructor that returns no error and takes
# no context does no network I/O; the name is looked up by the Dialer, when a connection is opened,
# and with a Dialer of one's own not at all. Seen: NewClient asks the resolver, and waits for its
# answer, to choose what kind of address it will ask for in maintenance notifications. It does so
# also where these are never used. A client for an IP address asks nothing.
#
# It matters where a resolver is slow or away at the start of a program, and in tests with
# testing/synctest, in whose bubble nothing should wait for the network.
#
# go-redis v9.19.0, Go 1.26, November 2026. Its documentation of NewClient says nothing of it; that
# of maintnotifications.DetectEndpointType says that a name is resolved:
# https://pkg.go.dev/github.com/redis/go-redis/v9/maintnotifications#DetectEndpointType
#
# It needs Go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'GO'
module finding

go 1.26.0

require github.com/redis/go-redis/v9 v9.19.0
GO
cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

func main() {
	var asked, dialled atomic.Int32
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(context.Context, string, string) (net.Conn, error) {
			asked.Add(1)
			return nil, errors.New("no resolver here")
		},
	}
	redis.SetLogger(silent{})
	count := func(addr string) int32 {
		before := asked.Load()
		client := redis.NewClient(&redis.Options{
			Addr: addr,
			Dialer: func(context.Context, string, string) (net.Conn, error) {
				dialled.Add(1)
				return nil, errors.New("no server here")
			},
		})
		defer client.Close()
		return asked.Load() - before
	}
	name, address := count("redis.example:6379"), count("192.0.2.1:6379")
	fmt.Println("version: go-redis", redis.Version())
	fmt.Println("expected: NewClient asks no resolver: 0 questions, and 0 connections")
	fmt.Printf("seen:     %d questions for a name, %d for an IP address, %d connections\n", name, address,
		dialled.Load())
	if name == 0 || address != 0 || dialled.Load() != 0 {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
GO
go mod tidy >/dev/null 2>&1
go run .
