package secret

import (
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/flashgin/flashgin/internal/browser"
)

// Another host of the domain can plant a cookie of our name in the browser, with a longer Path or
// for the whole domain. The planted cookie then comes beside ours, or before it, and no request
// says which is which. So a request with two secrets has no session key, and its answer expires the
// cookies that are not ours. Who would miss this: users whose messages the planter would read.

const (
	// linesAtMost and bytesAtMost bound what is added to the header of an answer. Proxies accept
	// only a few kilobytes.
	linesAtMost = 24
	bytesAtMost = 2 << 10
	// pathAtMost and domainsAtMost bound how much of a path and of a host counts.
	pathAtMost    = 256
	domainsAtMost = 4
)

// ExpirePlanted expires the cookies that came beside ours, and reports whether there were any. Ours
// alone has the Path "/" and no Domain, so it stays. prefix is what the browser has before the path
// of r. If there are too many lines, it picks some at random: later answers expire the others.
func (c *Cookies) ExpirePlanted(r *http.Request, prefix string, header http.Header) bool {
	c.mu.Lock()
	planted := slices.Clone(c.planted)
	c.mu.Unlock()
	if len(planted) == 0 {
		return false
	}
	var lines []string
	for _, name := range planted {
		lines = append(lines, expiries(r, prefix, name)...)
	}
	rand.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	bytes, n := 0, 0
	for n < min(len(lines), linesAtMost) && bytes+len(lines[n]) <= bytesAtMost {
		bytes += len(lines[n])
		n++
	}
	// These lines come before ours: some clients ignore Domain, and would remove our cookie.
	header["Set-Cookie"] = append(lines[:n:n], header["Set-Cookie"]...)
	return true
}

// expiries returns a Set-Cookie line for each cookie of that name that a browser may send with the
// request, except ours.
func expiries(r *http.Request, prefix, name string) (lines []string) {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") {
		path = r.URL.EscapedPath()
	}
	secure := byTLS(r)
	for _, domain := range domainsOf(r) {
		for _, path := range pathsOf(prefix + path) {
			cookie := http.Cookie{
				Name: name, Path: path, Domain: domain, MaxAge: -1,
				Secure: secure || secureName(name),
			}
			if path == "/" && domain == "" || cookie.Valid() != nil {
				continue
			}
			lines = append(lines, cookie.String())
			if cookie.Partitioned = secure; secure { // browsers keep these apart
				lines = append(lines, cookie.String())
			}
		}
	}
	return lines
}

// pathsOf returns the Paths of the cookies that a browser sends with a request for path.
func pathsOf(path string) []string {
	paths := []string{"/"}
	for i := 1; i < min(len(path), pathAtMost); i++ {
		if path[i] == '/' {
			paths = append(paths, path[:i], path[:i+1])
		}
	}
	if len(path) <= pathAtMost && !strings.HasSuffix(path, "/") {
		paths = append(paths, path)
	}
	return paths
}

// domainsOf returns the Domains of the cookies that a browser sends to the host of the request:
// none, the host, and the domains above it. Browsers refuse domains under which anybody can
// register, such as "co.uk".
func domainsOf(r *http.Request) []string {
	host, _, _ := strings.Cut(browser.Sent(r.Header, "X-Forwarded-Host"), ",")
	if host = strings.TrimSpace(host); host == "" {
		host = r.Host
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	domains := []string{""}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || len(host) > 253 {
		return domains
	}
	for strings.Contains(host, ".") {
		domains = append(domains, host)
		_, host, _ = strings.Cut(host, ".")
	}
	if len(domains) > 1+domainsAtMost { // keeps the shortest, which most hosts can set
		domains = append(domains[:1], domains[len(domains)-domainsAtMost:]...)
	}
	return domains
}
