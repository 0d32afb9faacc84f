package secret

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Sent returns the secret that the request has in a cookie of that name, or "". If it has different
// secrets, somebody else has planted one: Sent returns "" and true. It parses the header itself
// because net/http's parser allocates, on every page.
func Sent(r *http.Request, name string) (secret string, several bool) {
	return sent(r, name, IsSecret)
}

// sent returns the valid value of a cookie, or "" and true if there are different ones.
func sent(
	r *http.Request, name string, valid func(string) bool,
) (found string, several bool) {
	for _, line := range r.Header["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			sent, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if sent != name || !valid(value) || value == found {
				continue
			}
			if found != "" {
				return "", true
			}
			found = value
		}
	}
	return found, false
}

// Sets reports whether an answer with this header sets a cookie of that name.
func Sets(header http.Header, name string) bool {
	return slices.ContainsFunc(header["Set-Cookie"], setsCookie(name))
}

func setsCookie(name string) func(line string) bool {
	return func(line string) bool { return strings.HasPrefix(line, name+"=") }
}

// lastSet returns what an answer with this header makes of a cookie, or nil if it does not set
// that. A cookie of the same name with another path or domain is another cookie.
func lastSet(header http.Header, name, path, domain string) (last *http.Cookie) {
	for _, line := range header["Set-Cookie"] {
		if !setsCookie(name)(line) {
			continue
		}
		cookie, err := http.ParseSetCookie(line)
		if err == nil && (cookie.Path == "" || cookie.Path == path) &&
			strings.EqualFold(strings.TrimPrefix(cookie.Domain, "."),
				strings.TrimPrefix(domain, ".")) {
			last = cookie
		}
	}
	return last
}

func isOver(cookie *http.Cookie) bool {
	return cookie.MaxAge < 0 ||
		cookie.MaxAge == 0 && !cookie.Expires.IsZero() && cookie.Expires.Before(time.Now())
}

// Takes reports whether an answer with this header takes a secret, which the browser has in the
// cookie of that name, from the browser.
func Takes(secret string, header http.Header, name string) bool {
	cookie := lastSet(header, name, "/", "")
	return cookie != nil && (isOver(cookie) || cookie.Value != secret)
}

// setSecret sets the cookie of a secret in the header of the answer to r, and removes others of its
// name there. The cookie has no Domain and the Path "/", so the browser sends it to this host
// alone.
func setSecret(r *http.Request, header http.Header, name, secret string) {
	cookie := http.Cookie{
		Name: name, Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: byTLS(r) || secureName(name),
	}
	header["Set-Cookie"] = slices.DeleteFunc(header["Set-Cookie"], setsCookie(name))
	header.Add("Set-Cookie", cookie.String())
}

// byTLS reports whether the browser sent the request by TLS, to this server or to a proxy.
func byTLS(r *http.Request) bool {
	proto, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",") // the first proxy's word
	return r.TLS != nil || strings.EqualFold(strings.TrimSpace(proto), "https")
}

// secureName reports whether browsers take a cookie of this name only if it is Secure.
func secureName(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "__host-") || strings.HasPrefix(name, "__secure-")
}
