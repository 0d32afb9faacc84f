#!/usr/bin/env bash
# Go's net/http takes a page that can no longer be sent, and says nothing.
#
# A server has a WriteTimeout, and the handler is slower than that. The guess: the handler's Write
# fails, so whoever writes the page learns that nobody gets it. Seen: Write returns nil for a page
# that fits into the server's buffer, by HTTP/1.1 and by HTTP/2, and the client gets no answer at
# all. Only Flush returns an error, which is os.ErrDeadlineExceeded.
#
# Go 1.26.8, November 2026. The documentation of http.Server.WriteTimeout says when it ends, and
# nothing of Write: https://pkg.go.dev/net/http#Server
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.26.8
cat >go.mod <<'GO'
module finding

go 1.26.0
GO
cat >main.go <<'GO'
package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"time"
)

func main() {
	fmt.Println("version:", runtime.Version())
	same := true
	for _, http2 := range []bool{false, true} {
		type seen struct {
			proto        string
			write, flush error
		}
		report := make(chan seen, 1)
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(300 * time.Millisecond)
			_, err := w.Write(bytes.Repeat([]byte("x"), 1024))
			report <- seen{r.Proto, err, http.NewResponseController(w).Flush()}
		}))
		server.Config.WriteTimeout = 100 * time.Millisecond
		server.EnableHTTP2 = http2
		server.StartTLS()
		_, client := server.Client().Get(server.URL)
		s := <-report
		server.Close()
		fmt.Println("expected:", s.proto, "the Write of a page that cannot be sent returns an error")
		fmt.Printf("seen:     %s Write returned %v, Flush %v; the client got: %v\n", s.proto, s.write, s.flush, client)
		same = same && s.write == nil && errors.Is(s.flush, os.ErrDeadlineExceeded) && client != nil
	}
	if !same {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
GO
go run .
