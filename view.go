package flashgin

import (
	"net/url"
	"path"
	"strings"
)

// cleanView returns the one spelling of a view that is given from outside, written as in an href: without host, query, fragment, prefix and
// trailing slash, and escaped no further than it must be. A view that is no path is a name, and stays as it is.
func (m *Messenger) cleanView(view string) string {
	if i := strings.Index(view, "://"); i > 0 && !strings.Contains(view[:i], "/") {
		rest := view[i+len("://"):]
		host := strings.IndexAny(rest, "/?#")
		if host < 0 || rest[host] != '/' {
			return "/"
		}
		view = rest[host:]
	}
	if !strings.HasPrefix(view, "/") {
		return validUTF8(view)
	}
	if i := strings.IndexAny(view, "?#"); i >= 0 {
		view = view[:i]
	}
	return m.withoutPrefix(cleanEscaped(view))
}

// encodedSlash is how a view has a slash that is part of a segment and separates none: an engine may
// take "/a%2Fb" and "/a/b" for two pages. While a path is cleaned, keptSlash, which is no UTF-8,
// stands for it.
const (
	encodedSlash = "%2F"
	keptSlash    = "\xff"
)

// cleanEscaped is cleanPath for a path that is written as in an href.
func cleanEscaped(path string) string {
	if !strings.Contains(path, "%") {
		return cleanPath(path)
	}
	parts := strings.Split(strings.ReplaceAll(path, "%2f", encodedSlash), encodedSlash)
	for i, part := range parts {
		decoded, err := url.PathUnescape(part)
		if err != nil {
			return cleanPath(path)
		}
		parts[i] = validUTF8(decoded)
	}
	return cleanDecoded(strings.Join(parts, keptSlash))
}

// cleanPath returns the one spelling of a path, or a route, that is decoded already. What would be read otherwise in an href stays escaped, so that the
// view of a message that was taken is good for adding it again.
func cleanPath(decoded string) string { return cleanDecoded(validUTF8(decoded)) }

func cleanDecoded(decoded string) string {
	if !strings.HasPrefix(decoded, "/") || strings.HasPrefix(decoded, "//") {
		decoded = "/" + strings.TrimLeft(decoded, "/")
	}
	return escapes.Replace(path.Clean(decoded))
}

var escapes = strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23", keptSlash, encodedSlash)

// withoutPrefix turns a path that a browser sees into the engine's.
func (m *Messenger) withoutPrefix(cleaned string) string {
	rest, ok := strings.CutPrefix(cleaned, m.cfg.Prefix)
	switch {
	case !ok || m.cfg.Prefix == "":
		return cleaned
	case rest == "":
		return "/"
	case rest[0] == '/':
		return rest
	}
	return cleaned // "/apple" does not lie below "/app"
}
