package flashgin

import (
	"fmt"
	"net/http"
	"path"
	"reflect"
	"strings"

	"github.com/gin-gonic/gin"
)

// Some middleware for Gin stores pages in the application and gives them to everybody, whatever
// their headers say. Nothing that we write can stop it. So an answer that it would store shows no
// messages, and brings no key. Who would miss this: users whose page another user is shown.

// pageCaches are ends of the paths of such packages. Forks mostly keep them.
var pageCaches = [...]string{
	"/gin-contrib/cache",
	"/gin-gonic/contrib/cache",
	"/gin-cache", // of chenyahui
}

// isPageCache takes the path of a package.
func isPageCache(pkg string) bool {
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

// pageCacheOver returns the package of a page cache that stores what w writes, or "". Page caches
// see an answer by a writer of their own.
func pageCacheOver(w http.ResponseWriter) string {
	for range wrappersAtMost {
		if w == nil {
			return ""
		}
		t := reflect.TypeOf(w)
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if isPageCache(t.PkgPath()) {
			return t.PkgPath()
		}
		w = below(w)
	}
	return ""
}

// storedByPageCache reports whether a page cache stores what w writes, and says so once.
func (r *request) storedByPageCache(w http.ResponseWriter) bool {
	pkg := pageCacheOver(w)
	if pkg == "" {
		return false
	}
	if firstOf(&r.m.pageCache) {
		r.warn(pageCacheWarning(pkg, r.places[len(r.places)-1].route))
	}
	return true
}

func pageCacheWarning(pkg, route string) string {
	return fmt.Sprintf("%s stores the pages of %q whatever their headers say, and would show one "+
		"user's messages to others: none are shown there, and they wait; keep routes with messages, and "+
		"those of Mount, out of it", pkg, route)
}

// storedByPageCache is for our own routes.
func (m *Messenger) storedByPageCache(c *gin.Context) bool {
	pkg := pageCacheOver(c.Writer)
	if pkg == "" {
		return false
	}
	m.pageCache.Do(func() { m.errs.warn(pageCacheWarning(pkg, c.FullPath())) })
	return true
}

// errPageCache says why there is no new key: others would get its cookie from a page cache. It is
// nil if there is none over w.
func errPageCache(w http.ResponseWriter) error {
	if pkg := pageCacheOver(w); pkg != "" {
		return fmt.Errorf("%w: %s would give the cookie with its new key to others: keep this route "+
			"out of it, or call SessionKey on another one before", ErrNoSession, pkg)
	}
	return nil
}

// keepOut is for the answers of our own routes. Page caches, also those that we do not know, leave
// out what was aborted.
func keepOut(c *gin.Context) {
	keepOutOfCaches(c.Writer.Header())
	c.Abort()
}
