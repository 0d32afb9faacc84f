package flashgin

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/writers"
)

// leftOpen reports whether the headers have left and let caches keep the answer: then others might
// see the messages that it shows. If the headers left without passing us, we have not seen them,
// and leftOpen returns true.
func (r *request) leftOpen() bool {
	if r.committed.Load() {
		return r.open.Load()
	}
	return r.writer.Written()
}

// begunBefore notes that the headers of the answer have left before the request came to us.
func (r *request) begunBefore(header http.Header) {
	r.open.Store(!caching.Forbidden(header))
	r.committed.Store(true)
}

// sent reports whether w writes to the answer of r, whose headers have left. r may be nil.
func (r *request) sent(w http.ResponseWriter) bool {
	return r != nil && r.committed.Load() && requestBehind(w) == r
}

// warnOfEarlyHeaders says why a page shows nothing.
func (r *request) warnOfEarlyHeaders() {
	r.warnOnce(&r.m.earlyHeaders, fmt.Sprintf("the headers of an answer of %q left before its "+
		"messages were asked for, and they let caches keep it: it shows none, and its messages wait; "+
		"call flashes, Flashes or Markup before the first flush, or set Cache-Control to no-store "+
		"before it", r.views.Route()))
}

// Some middleware for Gin stores pages in the application and gives them to everybody, whatever
// their headers say. No header can stop it. So an answer that it would store shows no messages, and
// brings no key. Who would miss this: users whose page another user is shown.

// pageCacheOver returns the package of a page cache that stores what w writes, or "". It knows page
// caches by the types of their writers.
func pageCacheOver(w http.ResponseWriter) string {
	for w := range writers.Chain(w) {
		if path := writers.Package(w); caching.IsPageCache(path) {
			return path
		}
	}
	return ""
}

// storedByPageCache reports whether a page cache stores what w writes, and says so once.
func (r *request) storedByPageCache(w http.ResponseWriter) bool {
	pkg := pageCacheOver(w)
	if pkg == "" {
		return false
	}
	r.warnOnce(&r.m.pageCache, pageCacheWarning(pkg, r.views.Route()))
	return true
}

func pageCacheWarning(pkg, route string) string {
	return fmt.Sprintf("%s stores the pages of %q whatever their headers say, and would show one "+
		"user's messages to others: none are shown there, and they wait; keep routes with messages, and "+
		"those of Mount, out of it", pkg, route)
}

// storedByPageCache is the same for our own routes.
func (m *Messenger) storedByPageCache(c *gin.Context) bool {
	pkg := pageCacheOver(c.Writer)
	if pkg == "" {
		return false
	}
	m.errs.WarnOnce(&m.pageCache, pageCacheWarning(pkg, c.FullPath()))
	return true
}

// errPageCache returns an error if a page cache stores what w writes: others would get the cookie
// with a new key from it.
func errPageCache(w http.ResponseWriter) error {
	if pkg := pageCacheOver(w); pkg != "" {
		return fmt.Errorf("%w: %s would give the cookie with its new key to others: keep this route "+
			"out of it, or call SessionKey on another one before", ErrNoSession, pkg)
	}
	return nil
}

// keepOut keeps the answer of one of our own routes out of caches. Page caches, even those that we
// do not know, store no aborted answers.
func keepOut(c *gin.Context) {
	caching.KeepOut(c.Writer.Header())
	c.Abort()
}
