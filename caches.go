package flashgin

import (
	"net/http"
	"strings"
)

// keepOutOfCaches is for answers that are for one user: those that show messages, and those that
// bring a session its key. Nobody else must get them, nor the user again.
func keepOutOfCaches(h http.Header) {
	for name := range h {
		if steersCaches(name) {
			delete(h, name)
		}
	}
	h.Set("Cache-Control", "private, no-store")
}

// steersCaches reports whether a cache decides by the header of this name what it keeps, for how
// long, or whether it still has it. Many caches obey a header of their own before Cache-Control.
func steersCaches(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Expires", "Etag", "Last-Modified":
		return true
	}
	return isCacheControl(name) || targetsCaches(name)
}

// targetsCaches reports whether the header is for some caches alone, which let it decide instead
// of Cache-Control: RFC 9213 names such headers after their caches, as CDN-Cache-Control.
func targetsCaches(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Surrogate-Control", "Edge-Control", "X-Accel-Expires":
		return true
	}
	before := len(name) - len("-Cache-Control")
	return before > 0 && strings.EqualFold(name[before:], "-Cache-Control")
}

// isCacheControl takes names as they are in the map of a header: a handler may have put one there
// that is not canonical, and net/http writes it all the same.
func isCacheControl(name string) bool { return strings.EqualFold(name, "Cache-Control") }
