package flashgin

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gin-gonic/gin"
)

// CookieKey returns a function for Config.SessionKey that keeps the secret in a cookie of its own, for applications without gin-contrib/sessions, and for
// pages that shall not pay for decoding a session. The key is the hash of the secret, as it is with sessions. The cookie is made with the first
// message that waits, or by [Messenger.SessionKey], and never by a read: visitors without messages get none. It needs [Messenger.Install].
//
// The cookie ends with the browser. It is HttpOnly, SameSite=Lax, has the path "/", and is Secure where the request came by TLS or has an
// X-Forwarded-Proto of https. Whether that header can be trusted does not matter: who invents it loses only messages of their own. A name that begins with
// "__Host-", which keeps other hosts of the domain from setting the cookie, or with "__Secure-" makes it Secure always; browsers then want https, or
// localhost.
//
// What is to know, besides what holds for sessions:
//
//   - The cookie outlives a logout, and the next user of the browser reads what waits: call [Messenger.Forget] at login and at logout. Do not delete
//     the cookie, which takes the goodbye along.
//   - When the first two messages of a visitor are added by two requests at the same time, each makes a cookie, and the browser keeps one. Where that can
//     happen, call [Messenger.SessionKey] where the form is shown.
//   - A request that brings two different secrets has no key: another host of the domain has planted
//     one of them. A message that it adds gets a new one, its answer expires the others, and the log
//     says so. A name that begins with "__Host-" cannot be planted.
//
// A function of yours may hand on to this one: users who are logged in may have a key from elsewhere, visitors one of these.
//
// CookieKey panics if name is not the name of a cookie. The function never returns an error, and is safe for concurrent use by multiple goroutines.
func CookieKey(name string) func(*gin.Context) (string, error) {
	if err := (&http.Cookie{Name: name}).Valid(); err != nil {
		panic(fmt.Sprintf("flashgin: CookieKey: %q is not the name of a cookie: want letters, digits, - and _", name))
	}
	return func(c *gin.Context) (string, error) {
		r := requestOf(c)
		if r == nil {
			if c.Request == nil {
				return "", nil
			}
			secret, _ := sentSecret(c.Request, name)
			return keyOf(secret), nil
		}
		r.cookie.name.Store(&name)
		made := r.madeSecrets(name)
		if secret := made.find(name); secret != "" {
			return keyOf(secret), nil
		}
		secret, several := sentSecret(&r.http, name)
		if several {
			made.several(name)
		}
		return keyOf(secret), nil
	}
}

// A cookieKey is what a request knows of the cookie behind Config.SessionKey. From outside, the function of CookieKey is one like any other, so it says
// its name when it is called.
type cookieKey struct {
	name atomic.Pointer[string] // of the cookie that was looked for last; nil if Config.SessionKey has not come to CookieKey
	made madeSecrets
}

// canMake reports whether there is a cookie for a new secret.
func (k *cookieKey) canMake() bool { return k.name.Load() != nil }

// renewCookie gives the cookie that was looked for a new secret, in the place of the one that it has. It leaves
// with the headers.
func (r *request) renewCookie() {
	name := *r.cookie.name.Load()
	r.madeSecrets(name).put(name)
}

// madeSecrets returns the secrets that were made for the cookie. If another engine has handed this request on,
// the two write one answer, which sets each cookie once; so they share the secret, if they are the same user's.
func (r *request) madeSecrets(cookie string) *madeSecrets {
	if r.outer == nil {
		return &r.cookie.made
	}
	ours, several := sentSecret(&r.http, cookie)
	theirs, severalThere := sentSecret(&r.outer.http, cookie)
	if ours != theirs || several != severalThere {
		return &r.cookie.made
	}
	return r.outer.madeSecrets(cookie)
}

// answers reports whether what is written to w is the answer of r, which may be nil.
func (r *request) answers(w http.ResponseWriter) bool {
	return r != nil && (requestBehind(w) == r || sameMap(w.Header(), r.header))
}

// madeSecrets are those that a request has made, for its answer to set.
type madeSecrets struct {
	mu      sync.Mutex
	list    []madeSecret
	planted []string // names of which the request has several secrets
	saved   bool     // the answer has another cookie with a secret
}

type madeSecret struct{ cookie, secret string }

func (m *madeSecrets) find(cookie string) (secret string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, made := range m.list {
		if made.cookie == cookie {
			return made.secret
		}
	}
	return ""
}

func (m *madeSecrets) put(cookie string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = slices.DeleteFunc(m.list, func(made madeSecret) bool { return made.cookie == cookie })
	m.list = append(m.list, madeSecret{cookie, rand.Text()})
}

// noteSaved notes that the answer brings a secret in the cookie of a session, or in one that an inner engine
// has made.
func (m *madeSecrets) noteSaved() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saved = true
}

// send sets the cookies in the header of the answer, each once. It reports whether the answer
// brings a secret, in these cookies or in that of a session.
func (m *madeSecrets) send(request *http.Request, header http.Header) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, made := range m.list {
		cookie := http.Cookie{
			Name: made.cookie, Value: made.secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
			Secure: byTLS(request) || secureName(made.cookie),
		}
		header["Set-Cookie"] = slices.DeleteFunc(header["Set-Cookie"], func(line string) bool { return strings.HasPrefix(line, made.cookie+"=") })
		header.Add("Set-Cookie", cookie.String())
	}
	return m.saved || len(m.list) > 0
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

// sentSecret returns the secret that the request has in a cookie of that name, or "". If there are
// different ones, it returns none of them: somebody else has planted one. It reads the header by
// itself: net/http's way allocates, on every page.
func sentSecret(r *http.Request, name string) (secret string, several bool) {
	for _, line := range r.Header["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			sent, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
			if sent != name || !isSecret(value) || value == secret {
				continue
			}
			if secret != "" {
				return "", true
			}
			secret = value
		}
	}
	return secret, false
}

// isSecret reports whether s can be a text of rand.Text, which has 26 characters today.
func isSecret(s string) bool {
	if len(s) < 26 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}
