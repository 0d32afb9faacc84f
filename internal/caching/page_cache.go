package caching

import (
	"path"
	"strings"
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
