package browser

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// FromPage returns the URL of page, from which a request says that it comes, if page is on this
// host.
func FromPage(r *http.Request, page string) (*url.URL, bool) {
	if page == "" {
		return nil, false
	}
	u, ok := Resolve(r.URL, page)
	if ok && u.Host != "" && r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return u, true // a proxy may have replaced the host that the browser knows
	}
	return OnThisHost(r, r.URL, page)
}

// OnThisHost resolves a location, relative to a page on this host, and reports whether it stays
// on the host that the browser asked.
func OnThisHost(r *http.Request, base *url.URL, location string) (*url.URL, bool) {
	target, ok := Resolve(base, location)
	if !ok || target.Host == "" {
		return target, ok
	}
	if target.Host == base.Host {
		return target, true
	}
	forwarded, _, _ := strings.Cut(Sent(r.Header, "X-Forwarded-Host"), ",")
	for _, host := range [...]string{r.Host, strings.TrimSpace(forwarded)} {
		if host != "" && withoutDefaultPort(host) == withoutDefaultPort(target.Host) {
			return target, true
		}
	}
	return nil, false
}

// Resolve resolves a location as browsers do, which accept more than net/url: they trim it, drop
// tabs and line breaks, take a backslash for a slash, and accept any character. The result has a
// path, and a host if location has one. Resolve returns false if no page can be there.
func Resolve(base *url.URL, location string) (target *url.URL, ok bool) {
	location = strings.TrimFunc(location, func(r rune) bool { return r <= ' ' })
	location = noBreaks.Replace(location)
	if i := strings.IndexAny(location, "?#"); i >= 0 {
		location = location[:i]
	}
	scheme, location := cutScheme(location)
	if scheme != "" && !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return nil, false
	}
	location = strings.ReplaceAll(location, `\`, "/")
	reference, path := new(url.URL), location
	if rest := strings.TrimLeft(location, "/"); len(location)-len(rest) > 1 {
		reference.Host, path, _ = strings.Cut(rest, "/")
		path = "/" + path
		if i := strings.LastIndexByte(reference.Host, '@'); i >= 0 {
			reference.Host = reference.Host[i+1:]
		}
		if reference.Host == "" {
			return nil, false
		}
	} else if scheme != "" {
		return nil, false // "https:page": browsers understand it, but nobody writes it
	}
	if strings.Contains(path, "%") {
		path = dots.Replace(path)
	}
	path = encoded(path)
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return nil, false // a server of net/http refuses it
	}
	reference.Path, reference.RawPath = decoded, path
	return base.ResolveReference(reference), true
}

var (
	noBreaks = strings.NewReplacer("\t", "", "\n", "", "\r", "")
	dots     = strings.NewReplacer("%2e", ".", "%2E", ".")
)

// encoded escapes the characters that a path must not have.
func encoded(path string) string {
	bad := func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r)
	}
	if strings.IndexFunc(path, bad) < 0 {
		return path
	}
	var escaped strings.Builder
	for _, c := range []byte(path) {
		if bad(rune(c)) {
			fmt.Fprintf(&escaped, "%%%02X", c)
		} else {
			escaped.WriteByte(c)
		}
	}
	return escaped.String()
}

// cutScheme returns the scheme of a URL, or "", and what follows it.
func cutScheme(location string) (scheme, rest string) {
	for i := range len(location) {
		switch c := location[i]; {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return location[:i], location[i+1:]
		default:
			return "", location
		}
	}
	return "", location
}

func withoutDefaultPort(host string) string {
	host = strings.ToLower(host)
	return strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
}
