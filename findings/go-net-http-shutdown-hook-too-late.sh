#!/usr/bin/env bash
# A function that is given to net/http's RegisterOnShutdown while Shutdown runs is never called.
#
# A handler of a long answer wants to end when the server shuts down, and registers a function for
# that, as the documentation proposes for protocols of one's own. Its request came just before
# Shutdown, so the handler registers just after. The guess: the function is called at once, or
# RegisterOnShutdown tells that it is too late. Seen: it returns nothing, and nobody calls the
# function. Shutdown then waits for the handler until its context ends.
#
# Go 1.26, November 2026. Shutdown calls the functions that it knows when it begins:
# https://github.com/golang/go/blob/go1.26.0/src/net/http/server.go
#
# It needs Go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'GO'
module finding

go 1.26.0
GO
cat >main.go <<'GO'
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"
)

func main() {
	fmt.Println("version:", runtime.Version())
	early, earlyErr := serve(false)
	late, lateErr := serve(true)
	fmt.Println("expected: both handlers are told, and Shutdown returns nil")
	fmt.Printf("seen:     registered before Shutdown: told %v, Shutdown returned %v\n", early, earlyErr)
	fmt.Printf("          registered after it began:  told %v, Shutdown returned %v\n", late, lateErr)
	if !early || earlyErr != nil || late || !errors.Is(lateErr, context.DeadlineExceeded) {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}

// serve reports whether a handler was told of Shutdown, and what Shutdown returned.
func serve(late bool) (told bool, err error) {
	server := &http.Server{}
	arrived, begun := make(chan bool), make(chan bool)
	registered, ended := make(chan bool), make(chan bool)
	server.RegisterOnShutdown(func() { close(begun) })
	server.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		defer close(ended)
		close(arrived)
		if late {
			<-begun
		}
		over := make(chan bool)
		server.RegisterOnShutdown(func() { close(over) })
		close(registered)
		select {
		case <-over:
			told = true
		case <-time.After(4 * time.Second):
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(listener) }()
	go func() { _, _ = http.Get("http://" + listener.Addr().String()) }()
	<-arrived
	if !late {
		<-registered
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	err = server.Shutdown(ctx)
	<-ended
	return told, err
}
GO
go run .
