#!/usr/bin/env bash
# go-redis sees that the server has closed an idle connection, but not if the connection is TLS.
#
# A client has twenty idle connections in its pool. The server's side closes them, as after a quick
# restart, or a load balancer that ends what is idle. The guess: the next command works, with TLS as
# without: before go-redis takes a connection from the pool, it looks whether the server has closed
# it, and it sends a command again up to three times. Seen: without TLS no command fails. With TLS
# go-redis does not look, and each try uses up one closed connection. So every fourth of them costs
# an EOF: five commands fail, one after the other, although the server is there.
#
# go-redis v9.23.0 with miniredis v2.40.0, Go 1.26, November 2026. Its source says why it does not
# look: below TLS it could find a record that is no reply, and wait for one.
# https://github.com/redis/go-redis/blob/v9.23.0/internal/pool/conn_check.go
# It needs Go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'GO'
module finding

go 1.26.0

require (
	github.com/alicebob/miniredis/v2 v2.40.0
	github.com/redis/go-redis/v9 v9.23.0
)
GO
cat >main.go <<'GO'
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"sync"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

const connections = 20

// A line hands connections on to a server.
type line struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

func (l *line) serve(server string) {
	for {
		near, err := l.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", server)
		check(err)
		l.mu.Lock()
		l.conns = append(l.conns, near)
		l.mu.Unlock()
		go io.Copy(far, near)
		go io.Copy(near, far)
	}
}

// closeAll closes the connections that there are, and goes on.
func (l *line) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.conns {
		conn.Close()
	}
	l.conns = nil
}

// failures returns how many commands fail, before one works, when idle connections were closed.
func failures(l net.Listener, server string, config *tls.Config) (n int) {
	line := &line{Listener: l}
	go line.serve(server)
	ctx := context.Background()
	client := redis.NewClient(&redis.Options{
		Addr: l.Addr().String(), PoolSize: connections, TLSConfig: config,
	})
	var idle []*redis.Conn
	for range connections {
		conn := client.Conn()
		check(conn.Ping(ctx).Err())
		idle = append(idle, conn)
	}
	for _, conn := range idle {
		conn.Close() // back into the pool
	}
	line.closeAll()
	for n < connections && client.Ping(ctx).Err() != nil {
		n++
	}
	return n
}

func main() {
	server := miniredis.NewMiniRedis()
	check(server.Start())
	web := httptest.NewTLSServer(nil) // for its certificate
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	secure, err := tls.Listen("tcp", "127.0.0.1:0", web.TLS)
	check(err)

	withoutTLS := failures(plain, server.Addr(), nil)
	withTLS := failures(secure, server.Addr(), &tls.Config{RootCAs: roots})
	fmt.Println("version: go-redis", redis.Version())
	fmt.Println("expected: no command fails, because go-redis sees that its idle connections are closed")
	fmt.Printf("seen:     %d fail without TLS, %d with TLS\n", withoutTLS, withTLS)
	if withoutTLS > 0 || withTLS == 0 {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
GO
go mod tidy >/dev/null 2>&1
go run .
