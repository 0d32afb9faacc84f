#!/usr/bin/env bash
# Gin's redirect to the path with a trailing slash decodes an encoded slash, also with UseRawPath.
#
# With Engine.UseRawPath, /files/a%2Fb/ is the page of one file, whose name has a slash in it. Asked
# for without the trailing slash, the router redirects. The guess: to /files/a%2Fb/. Seen: to
# /files/a/b/, which is another page, or none. RedirectFixedPath likewise looks at the decoded path
# alone: /Files/a%2Fb/ is not found at all.
#
# Gin v1.12.0, November 2026. Neither is documented: https://pkg.go.dev/github.com/gin-gonic/gin#Engine
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
export GOTOOLCHAIN=go1.26.8
cat >go.mod <<'GO'
module finding

go 1.26.0

require github.com/gin-gonic/gin v1.12.0
GO
cat >main.go <<'GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/gin-gonic/gin"
)

func main() {
	fmt.Println("version: gin", gin.Version)
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.UseRawPath, engine.RedirectFixedPath = true, true
	engine.GET("/files/:name/", func(c *gin.Context) { c.String(http.StatusOK, c.Param("name")) })
	get := func(path string) (int, string, string) {
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code, w.Header().Get("Location"), w.Body.String()
	}
	same := true
	check := func(path, expected string, code int, location string) {
		gotCode, gotLocation, body := get(path)
		fmt.Printf("%s\n  expected: %s\n  seen:     %d %s %q\n", path, expected, gotCode, gotLocation, body)
		same = same && gotCode == code && gotLocation == location
	}
	check("/files/a%2Fb/", "200, the page of the file", http.StatusOK, "")
	check("/files/a%2Fb", "301 /files/a%2Fb/", http.StatusMovedPermanently, "/files/a/b/")
	check("/files/a/b/", "404", http.StatusNotFound, "")
	check("/Files/a%2Fb/", "301 /files/a%2Fb/", http.StatusNotFound, "")
	if !same {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
GO
go mod tidy >/dev/null 2>&1
go run .
