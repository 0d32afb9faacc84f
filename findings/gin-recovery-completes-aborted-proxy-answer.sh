#!/usr/bin/env bash
# Behind Gin's Recovery, an answer that a reverse proxy has to break off looks complete.
#
# An upstream sends half of a chunked answer and breaks off. httputil.ReverseProxy then panics with
# http.ErrAbortHandler, so that net/http cuts the connection and the client knows. The proxy is
# served by net/http alone, and as a handler in a Gin engine with Recovery, as gin.Default has it.
# The guess: the client gets an error in both. Seen: Recovery takes the panic for a sign that the
# client has gone, and does not pass it on. So net/http ends the chunked answer in due form: the
# client reads half of the body, a status of 200, and no error.
#
# gin v1.12.0, Go 1.26, November 2026. net/http says that a panic with ErrAbortHandler aborts the
# response to the client: https://pkg.go.dev/net/http#ErrAbortHandler. What Recovery does is in
# https://github.com/gin-gonic/gin/blob/v1.12.0/recovery.go
#
# It needs Go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'GO'
module finding

go 1.26.0

require github.com/gin-gonic/gin v1.12.0
GO
cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"

	"github.com/gin-gonic/gin"
)

const half = "the first half of the report"

func main() {
	log.SetOutput(io.Discard)
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultErrorWriter = io.Discard
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, half)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer upstream.Close()
	target, err := url.Parse(upstream.URL)
	if err != nil {
		panic(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	engine := gin.New()
	engine.Use(gin.Recovery())
	engine.NoRoute(gin.WrapH(proxy))

	plain, behindGin := get(proxy), get(engine)
	fmt.Println("version: gin", gin.Version)
	fmt.Println("expected: reading an answer that was broken off is an error, with net/http and with Gin")
	fmt.Printf("seen:     net/http: %v; Gin with Recovery: %v\n", plain, behindGin)
	if plain == nil || behindGin != nil {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}

// get returns the error of reading the answer, of which half must have come.
func get(handler http.Handler) error {
	server := httptest.NewServer(handler)
	defer server.Close()
	answer, err := http.Get(server.URL)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if answer.StatusCode != http.StatusOK || string(body) != half {
		panic(fmt.Sprint("not the answer that was to be seen: ", answer.StatusCode, len(body)))
	}
	return err
}
GO
go mod tidy >/dev/null 2>&1
go run .
