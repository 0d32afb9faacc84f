// Package caching knows what caches may keep: by the headers of an answer, and whatever they say.
package caching

import (
	"net/http"
	"strings"
)

// KeepOut is for answers that are for one user: those that show messages, and those that
// bring a session its key. Nobody else must get them, nor the user again.
func KeepOut(h http.Header) {
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

// Forbidden reports whether no cache gives an answer with these headers to anybody else:
// Cache-Control has no-store or private, and no header that goes before it allows more. no-cache
// does not count. A cache may keep such a page if it asks before it shows it again, and to one that
// asks with a validator the application may say 304.
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

// isCacheControl takes names as they are in the map of a header: a handler may have put one there
// that is not canonical, and net/http writes it all the same.
func isCacheControl(name string) bool { return strings.EqualFold(name, "Cache-Control") }
