#!/usr/bin/env bash
# Behind gin-contrib/timeout, a handler that flushes loses its headers.
#
# A handler sets headers, writes, calls Flush, and writes the rest. It sets no status, which is 200
# then. The middleware is given a minute, so its time never ends. It keeps the body and the headers
# until the handler has come to its end. The guess: Flush does nothing there, or sends what was
# written so far. Seen: Flush goes past the buffer to Gin's own writer, which sends a head at once,
# without the handler's headers. The body follows whole when the handler has ended.
#
# gin-contrib/timeout v1.1.0, gin v1.12.0, Go 1.26, November 2026. Its writer overrides neither Flush
# nor Written: https://github.com/gin-contrib/timeout/blob/v1.1.0/writer.go
#
# It needs Go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'GO'
module finding

go 1.26.0

require (
	github.com/gin-contrib/timeout v1.1.0
	github.com/gin-gonic/gin v1.12.0
)
GO
cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/gin-contrib/timeout"
	"github.com/gin-gonic/gin"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	handler := func(flush bool) gin.HandlerFunc {
		return func(c *gin.Context) {
			c.Header("Content-Type", "text/csv")
			c.Header("X-Report", "7")
			_, _ = c.Writer.WriteString("first,")
			if flush {
				c.Writer.Flush()
			}
			_, _ = c.Writer.WriteString("second")
		}
	}
	engine.GET("/plain", handler(false))
	slow := engine.Group("/kept", timeout.New(timeout.WithTimeout(time.Minute)))
	slow.GET("/whole", handler(false))
	slow.GET("/flushed", handler(true))
	server := httptest.NewServer(engine)
	defer server.Close()

	plain, whole := get(server.URL+"/plain"), get(server.URL+"/kept/whole")
	flushed := get(server.URL + "/kept/flushed")
	fmt.Println("version: gin-contrib/timeout v1.1.0, gin", gin.Version)
	fmt.Println("expected: the same headers in all three")
	fmt.Println("seen:     without the middleware:", plain)
	fmt.Println("          within it:             ", whole)
	fmt.Println("          within it, flushed:    ", flushed)
	if plain != whole || flushed == plain {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}

func get(url string) string {
	answer, err := http.Get(url)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || string(body) != "first,second" {
		panic(fmt.Sprint("not the body that was to be seen: ", string(body), err))
	}
	return fmt.Sprintf("Content-Type %q, X-Report %q", answer.Header.Get("Content-Type"),
		answer.Header.Get("X-Report"))
}
GO
go mod tidy >/dev/null 2>&1
go run .
