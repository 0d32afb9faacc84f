#!/usr/bin/env bash
# net/http's WriteTimeout also bounds how long a client may take for its TLS handshake.
#
# A server has no limit but a short WriteTimeout, and a handler that answers at once. A client
# connects, waits for longer than that, and then begins to speak. The guess, by the documentation of
# WriteTimeout, which speaks of writes of the response and of the end of the request's header: the
# client gets its answer, as it does without TLS. Seen: without TLS it does. With TLS the server has
# closed the connection before the handshake, so no handler was called.
#
# Go 1.26, November 2026. The least of ReadHeaderTimeout, ReadTimeout and WriteTimeout that is set is
# the deadline of the handshake: tlsHandshakeTimeout in
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
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"time"
)

const (
	limit = 500 * time.Millisecond
	pause = 3 * limit
)

func main() {
	plain := answer(false, limit)
	encrypted := answer(true, limit)
	unlimited := answer(true, 0)
	fmt.Println("version:", runtime.Version())
	fmt.Println("expected: the answer in all three, as the handler does not take long")
	fmt.Println("seen:     WriteTimeout without TLS:", plain)
	fmt.Println("          TLS without WriteTimeout:", unlimited)
	fmt.Println("          TLS with WriteTimeout:   ", encrypted)
	if plain != "200 OK" || unlimited != "200 OK" || encrypted == "200 OK" {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}

// answer is what a client gets that pauses before it speaks.
func answer(withTLS bool, writeTimeout time.Duration) string {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.WriteTimeout = writeTimeout
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if withTLS {
		server.StartTLS()
	} else {
		server.Start()
	}
	defer server.Close()
	dial := func(_ context.Context, network, address string) (net.Conn, error) {
		conn, err := net.Dial(network, address)
		time.Sleep(pause)
		return conn, err
	}
	client := &http.Client{Transport: &http.Transport{
		DialContext:     dial,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	defer client.CloseIdleConnections()
	response, err := client.Get(server.URL)
	if err != nil {
		return "no answer"
	}
	defer response.Body.Close()
	return response.Status
}
GO
go run .
