// Package viewpath spells views: a path has many spellings, but its view has one.
package viewpath

import (
	"net/url"
	"path"
	"strings"
)

// Clean returns the view that is written as in an href: without host, query, fragment, prefix and
// trailing slash, and with only necessary escapes. prefix is a result of Prefix. A view that is not
// a path is a name, and stays as it is.
func Clean(view, prefix string) string {
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
	return WithoutPrefix(Escaped(view), prefix)
}

// EncodedSlash is how a view writes a slash inside a segment: an engine may take "/a%2Fb" and
// "/a/b" for two pages.
const EncodedSlash = "%2F"

// keptSlash stands for EncodedSlash while a path is cleaned. It is not UTF-8, so no view has it.
const keptSlash = "\xff"

// Escaped returns the view of a path that is written as in an href.
func Escaped(path string) string {
	if !strings.Contains(path, "%") {
		return Path(path)
	}
	parts := strings.Split(strings.ReplaceAll(path, "%2f", EncodedSlash), EncodedSlash)
	for i, part := range parts {
		decoded, err := url.PathUnescape(part)
		if err != nil {
			return Path(path)
		}
		parts[i] = validUTF8(decoded)
	}
	return clean(strings.Join(parts, keptSlash))
}

// Path returns the view of a path, or a route, that is decoded already. It escapes characters that
// have a meaning in an href, so a message that was taken can be added again with its View.
func Path(decoded string) string { return clean(validUTF8(decoded)) }

func clean(decoded string) string {
	if !strings.HasPrefix(decoded, "/") || strings.HasPrefix(decoded, "//") {
		decoded = "/" + strings.TrimLeft(decoded, "/")
	}
	return escapes.Replace(path.Clean(decoded))
}

var escapes = strings.NewReplacer("%", "%25", "?", "%3F", "#", "%23", keptSlash, EncodedSlash)

func validUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Prefix returns the one spelling of a Config.Prefix, which browsers see before the engine's paths.
func Prefix(configured string) string {
	if configured == "" {
		return ""
	}
	return strings.TrimSuffix(Escaped(configured), "/")
}

// WithoutPrefix returns the engine's path for a path that a browser sees.
func WithoutPrefix(path, prefix string) string {
	rest, ok := strings.CutPrefix(path, prefix)
	switch {
	case !ok || prefix == "":
		return path
	case rest == "":
		return "/"
	case rest[0] == '/':
		return rest
	}
	return path // "/apple" does not lie below "/app"
}
