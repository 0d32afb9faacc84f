package flashgin

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/writers"
)

// leftOpen reports whether the headers have left and let caches keep the answer: what it shows
// from here on, others might see. Headers that left below us, we have not seen.
func (r *request) leftOpen() bool {
	if r.committed.Load() {
		return r.open.Load()
	}
	return r.writer.Written()
}

// begunBefore notes that the headers have left before the request came to us. header is that of
// the answer.
func (r *request) begunBefore(header http.Header) {
	r.open.Store(!caching.Forbidden(header))
	r.committed.Store(true)
}

// sent reports whether the headers of what w writes have left with the answer of r. r may be nil.
func (r *request) sent(w http.ResponseWriter) bool {
	return r != nil && r.committed.Load() && requestBehind(w) == r
}

// route returns that of the page, for the log: a path may have something secret.
func (r *request) route() string { return r.places[len(r.places)-1].route }

// warnOfEarlyHeaders says why a page shows nothing.
func (r *request) warnOfEarlyHeaders() {
	r.warnOnce(&r.m.earlyHeaders, fmt.Sprintf("the headers of an answer of %q left before its "+
		"messages were asked for, and they let caches keep it: it shows none, and its messages wait; "+
		"call flashes, Flashes or Markup before the first flush, or set Cache-Control to no-store "+
		"before it", r.route()))
}

// Some middleware for Gin stores pages in the application and gives them to everybody, whatever
// their headers say. Nothing that we write can stop it. So an answer that it would store shows no
// messages, and brings no key. Who would miss this: users whose page another user is shown.

// pageCacheOver returns the package of a page cache that stores what w writes, or "". Page caches
// see an answer by a writer of their own.
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
	r.warnOnce(&r.m.pageCache, pageCacheWarning(pkg, r.route()))
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
	m.errs.WarnOnce(&m.pageCache, pageCacheWarning(pkg, c.FullPath()))
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
	caching.KeepOut(c.Writer.Header())
	c.Abort()
}
