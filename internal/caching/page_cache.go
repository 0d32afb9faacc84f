package caching

import (
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/flashgin/flashgin/internal/writers"
)

// pageCaches are ends of import paths. Forks mostly keep them.
var pageCaches = [...]string{
	"/gin-contrib/cache",
	"/gin-gonic/contrib/cache",
	"/gin-cache", // of chenyahui
}

// IsPageCache reports whether the package with this import path stores the pages of an application
// and gives them to everybody, whatever their headers say.
func IsPageCache(pkg string) bool {
	if base := path.Base(pkg); strings.Trim(base, "0123456789") == "v" && len(base) > 1 {
		pkg = path.Dir(pkg)
	}
	for _, end := range pageCaches {
		if strings.HasSuffix(pkg, end) {
			return true
		}
	}
	return false
}

// PageCacheOver returns the package of a page cache that stores what w writes, or "". It knows page
// caches by the types of their writers. No header can stop them, so an answer that one would store
// shows no messages, and brings no key. Who would miss this: users whose page another user is
// shown.
func PageCacheOver(w http.ResponseWriter) string {
	for w := range writers.Chain(w) {
		if path := writers.Package(w); IsPageCache(path) {
			return path
		}
	}
	return ""
}

// PageCacheWarning says why the pages of a route show no messages.
func PageCacheWarning(pkg, route string) string {
	return fmt.Sprintf("%s stores the pages of %q whatever their headers say, and would show one "+
		"user's messages to others: none are shown there, and they wait; keep routes with messages, and "+
		"those of Mount, out of it", pkg, route)
}
