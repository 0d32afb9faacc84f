package router

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
)

// ginsOwn matches the handlers that Gin makes: of files, and by WrapF and WrapH of handlers that
// know no Gin, as those of pprof and of metrics. What stands before is Gin, or who called it: the
// compiler names a function that it has inlined after its caller.
var ginsOwn = regexp.MustCompile(
	`\.(WrapF|WrapH|\(\*RouterGroup\)\.(StaticFile|StaticFileFS|createStaticHandler))\.(func)?\d+$`)

// Pages names the first few routes that show pages of the application, and says how many more there
// are. Without such routes it returns "".
func Pages(routes gin.RoutesInfo) string {
	const most = 10
	var names []string
	for _, route := range routes {
		if !ginsOwn.MatchString(route.Handler) {
			names = append(names, route.Method+" "+route.Path)
		}
	}
	if more := len(names) - most; more > 0 {
		names = append(names[:most], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
