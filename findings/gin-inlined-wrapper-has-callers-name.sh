#!/usr/bin/env bash
# Gin's Routes names a handler of gin.WrapF or gin.WrapH after the package that registers it.
#
# Three routes get handlers that gin makes: by WrapF, by WrapH and by BasicAuth. Routes() tells the
# name of each handler, which Gin also prints in debug mode. The guess: all three names begin with
# the import path of gin, so they tell handlers of gin's from those of the application. Seen: the
# compiler inlines WrapF and WrapH, and then names their closures after the caller, such as
# main.main.WrapF.func1. BasicAuth is too large to be inlined, and keeps its name. Built without
# inlining, all three begin with the path of gin.
#
# gin v1.12.0, Go 1.26, November 2026. Gin asks runtime.FuncForPC for the name:
# https://github.com/gin-gonic/gin/blob/v1.12.0/utils.go
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
	"net/http"
	"os"
	"strings"

	"github.com/gin-gonic/gin"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/wrapf", gin.WrapF(http.NotFound))
	engine.GET("/wraph", gin.WrapH(http.NotFoundHandler()))
	engine.GET("/auth", gin.BasicAuth(gin.Accounts{"ada": "x"}))
	ofGin := map[string]bool{}
	for _, route := range engine.Routes() {
		ofGin[route.Path] = strings.HasPrefix(route.Handler, "github.com/gin-gonic/gin.")
		fmt.Printf("          %-7s %s\n", route.Path, route.Handler)
	}
	inlined := len(os.Args) > 1 && os.Args[1] == "inlined"
	if !ofGin["/auth"] || ofGin["/wrapf"] == inlined || ofGin["/wraph"] == inlined {
		fmt.Println("this has changed")
		os.Exit(1)
	}
}
GO
go mod tidy >/dev/null 2>&1
echo "version: gin v1.12.0, $(go version | cut -d' ' -f3)"
echo "expected: names that begin with github.com/gin-gonic/gin."
echo "seen:"
go run . inlined
echo "          without inlining:"
go run -gcflags=all=-l .
