// Package caching knows which answers caches keep: HTTP caches, which go by the headers of an
// answer, and page caches within the application, which ignore the headers.
package caching

import (
	"fmt"
	"net/http"
	"strings"
)

// KeepOut sets the headers of an answer that is for one user: one that shows messages, or brings a
// session its key. No other user must get it, and this user not twice.
func KeepOut(h http.Header) {
	for name := range h {
		if steersCaches(name) {
			delete(h, name)
		}
	}
	h.Set("Cache-Control", "private, no-store")
}

// steersCaches reports whether a cache decides by this header whether and how long it keeps an
// answer, or whether its copy is still good. Many caches obey a header of their own before
// Cache-Control.
func steersCaches(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Expires", "Etag", "Last-Modified":
		return true
	}
	return isCacheControl(name) || targetsCaches(name)
}

// targetsCaches reports whether the header is for some caches alone, which obey it instead of
// Cache-Control: RFC 9213 names such headers after their caches, such as CDN-Cache-Control.
func targetsCaches(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Surrogate-Control", "Edge-Control", "X-Accel-Expires":
		return true
	}
	before := len(name) - len("-Cache-Control")
	return before > 0 && strings.EqualFold(name[before:], "-Cache-Control")
}

// Forbidden reports whether no cache gives an answer with these headers to anybody else:
// Cache-Control has no-store or private, and no header that caches obey instead allows more.
// no-cache does not count: a cache may keep such a page if it asks before it shows the page again,
// and the application may answer with 304.
func Forbidden(h http.Header) bool {
	if len(h["Cache-Control"]) == 0 { // as on most pages
		return false
	}
	for name, lines := range h {
		switch {
		case !isCacheControl(name) && !targetsCaches(name), hasDirective(lines, "no-store"):
		case !isCacheControl(name) || !hasDirective(lines, "private"):
			return false
		}
	}
	return true
}

// hasDirective reports whether a header has a directive without an argument, such as no-store. With
// an argument, as in private="Set-Cookie", a directive is about some headers alone.
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

// isCacheControl ignores case: a handler may have put a name that is not canonical into the map of
// the header, and net/http writes it all the same.
func isCacheControl(name string) bool { return strings.EqualFold(name, "Cache-Control") }

// EarlyHeadersWarning says why a page of a route shows no messages.
func EarlyHeadersWarning(route string) string {
	return fmt.Sprintf("the headers of an answer of %q left before its messages were asked for, and "+
		"they let caches keep it: it shows none, and its messages wait; call flashes, Flashes or "+
		"Markup before the first flush, or set Cache-Control to no-store before it", route)
}
