package flashgin

import (
	"fmt"
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

// forbidsStoring reports whether no cache gives an answer with these headers to anybody else:
// Cache-Control has no-store or private, and no header that goes before it allows more. no-cache
// does not count. A cache may keep such a page if it asks before it shows it again, and to one that
// asks with a validator the application may say 304.
func forbidsStoring(h http.Header) bool {
	forbidden := false
	for name, lines := range h {
		switch {
		case isCacheControl(name):
			if !hasDirective(lines, "no-store") && !hasDirective(lines, "private") {
				return false
			}
			forbidden = true
		case targetsCaches(name) && !hasDirective(lines, "no-store"):
			return false
		}
	}
	return forbidden
}

// hasDirective reports whether a header has a directive without an argument, as no-store. One with
// an argument, as private="Set-Cookie", is about some headers alone.
func hasDirective(lines []string, directive string) bool {
	for _, line := range lines {
		quoted := false
		for text := range strings.SplitSeq(line, `"`) {
			for found := range strings.SplitSeq(text, ",") {
				if !quoted && strings.EqualFold(strings.TrimSpace(found), directive) {
					return true
				}
			}
			quoted = !quoted
		}
	}
	return false
}

// leftOpen reports whether the headers have left and let caches keep the answer: what it shows
// from here on, others might see.
func (r *request) leftOpen() bool { return r.committed.Load() && r.open.Load() }

// begunBefore notes that the headers have left before the request came to us. header is that of
// the answer.
func (r *request) begunBefore(header http.Header) {
	r.open.Store(!forbidsStoring(header))
	r.committed.Store(true)
}

// sent reports whether the headers of what w writes have left with the answer of r. r may be nil.
func (r *request) sent(w http.ResponseWriter) bool {
	return r != nil && r.committed.Load() && requestBehind(w) == r
}

// warnOfEarlyHeaders says why a page shows nothing.
func (r *request) warnOfEarlyHeaders() {
	if firstOf(&r.m.earlyHeaders) {
		r.warn(fmt.Sprintf("the headers of an answer of %q left before its messages were asked for, and "+
			"they let caches keep it: it shows none, and its messages wait; call flashes, Flashes or "+
			"Markup before the first flush, or set Cache-Control to no-store before it",
			r.places[len(r.places)-1].route))
	}
}

// isCacheControl takes names as they are in the map of a header: a handler may have put one there
// that is not canonical, and net/http writes it all the same.
func isCacheControl(name string) bool { return strings.EqualFold(name, "Cache-Control") }
