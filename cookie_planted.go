package flashgin

import (
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/flashgin/flashgin/internal/browser"
)

// Another host of the domain can plant a cookie of the name in the browser, with a longer Path or for
// the whole domain. The planted one then comes beside ours, or before it, and no request says which
// is which. So a request with two secrets has no key, and its answer expires what is not ours.

const (
	// plantedLinesAtMost and plantedBytesAtMost bound what is added to the header of an answer.
	// Proxies take few kilobytes.
	plantedLinesAtMost = 24
	plantedBytesAtMost = 2 << 10
	// cookiePathAtMost and cookieDomainsAtMost bound what is looked at in a path and in a host.
	cookiePathAtMost    = 256
	cookieDomainsAtMost = 4
)

// several notes that the request has different secrets in cookies of that name.
func (m *madeSecrets) several(cookie string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Contains(m.planted, cookie) {
		m.planted = append(m.planted, cookie)
	}
}

// severalSecrets reports whether the cookie that was looked for has come with different secrets.
func (r *request) severalSecrets() bool {
	name := r.cookie.name.Load()
	if name == nil {
		return false
	}
	made := r.madeSecrets(*name)
	made.mu.Lock()
	defer made.mu.Unlock()
	return slices.Contains(made.planted, *name)
}

// expirePlanted expires the cookies that have come beside ours, and reports whether there were any.
// Ours alone has the Path "/" and no Domain, so it stays. If there are too many lines, chance picks
// some: later answers expire the others.
func (m *madeSecrets) expirePlanted(request *http.Request, prefix string, header http.Header) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.planted) == 0 {
		return false
	}
	var lines []string
	for _, name := range m.planted {
		lines = append(lines, expiries(request, prefix, name)...)
	}
	rand.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	bytes, n := 0, 0
	for n < min(len(lines), plantedLinesAtMost) && bytes+len(lines[n]) <= plantedBytesAtMost {
		bytes += len(lines[n])
		n++
	}
	// Before ours: a client that does not tell a Domain from none would remove that, too.
	header["Set-Cookie"] = append(lines[:n:n], header["Set-Cookie"]...)
	return true
}

// expiries returns a Set-Cookie line for each cookie of that name which a browser may send with the
// request, except ours.
func expiries(request *http.Request, prefix, name string) (lines []string) {
	path, _, _ := strings.Cut(request.RequestURI, "?")
	if !strings.HasPrefix(path, "/") {
		path = request.URL.EscapedPath()
	}
	secure := byTLS(request)
	for _, domain := range cookieDomains(request) {
		for _, path := range cookiePaths(prefix + path) {
			cookie := http.Cookie{
				Name: name, Path: path, Domain: domain, MaxAge: -1, Secure: secure || secureName(name),
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

// cookiePaths returns the Paths of the cookies that a browser sends with a request for path.
func cookiePaths(path string) []string {
	paths := []string{"/"}
	for i := 1; i < min(len(path), cookiePathAtMost); i++ {
		if path[i] == '/' {
			paths = append(paths, path[:i], path[:i+1])
		}
	}
	if len(path) <= cookiePathAtMost && !strings.HasSuffix(path, "/") {
		paths = append(paths, path)
	}
	return paths
}

// cookieDomains returns the Domains of the cookies that a browser sends to the host of the request:
// none, the host, and what the host belongs to. Browsers refuse those that are nobody's, such as
// "co.uk".
func cookieDomains(request *http.Request) []string {
	host, _, _ := strings.Cut(browser.Sent(request.Header, "X-Forwarded-Host"), ",")
	if host = strings.TrimSpace(host); host == "" {
		host = request.Host
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
	if len(domains) > 1+cookieDomainsAtMost { // the shortest can be set by most hosts
		domains = append(domains[:1], domains[len(domains)-cookieDomainsAtMost:]...)
	}
	return domains
}
