package flashgin

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/secret"
	"github.com/flashgin/flashgin/internal/writers"
)

// CookieKey returns a function for Config.SessionKey that keeps the secret in a cookie of its own,
// for applications without gin-contrib/sessions, and for pages that shall not pay for decoding a
// session. The key is the hash of the secret, as it is with sessions. The cookie is made with the
// first message that waits, or by [Messenger.SessionKey], and never by a read: visitors without
// messages get none. It needs [Messenger.Install].
//
// The cookie ends with the browser. It is HttpOnly, SameSite=Lax, has the path "/", and is Secure
// where the request came by TLS or has an X-Forwarded-Proto of https. Whether that header can be
// trusted does not matter: who invents it loses only messages of their own. A name that begins with
// "__Host-", which keeps other hosts of the domain from setting the cookie, or with "__Secure-"
// makes it Secure always; browsers then want https, or localhost.
//
// What is to know, besides what holds for sessions:
//
//   - The cookie outlives a logout, and the next user of the browser reads what waits: call
//     [Messenger.Forget] at login and at logout. Do not delete the cookie, which takes the goodbye
//     along.
//   - When the first two messages of a visitor are added by two requests at the same time, each
//     makes a cookie, and the browser keeps one. Where that can happen, call [Messenger.SessionKey]
//     where the form is shown.
//   - A request that brings two different secrets has no key: another host of the domain has
//     planted one of them. A message that it adds gets a new one, its answer expires the others,
//     and the log says so. A name that begins with "__Host-" cannot be planted.
//
// A function of yours may hand on to this one: users who are logged in may have a key from
// elsewhere, visitors one of these.
//
// CookieKey panics if name is not the name of a cookie. The function never returns an error, and is
// safe for concurrent use by multiple goroutines.
func CookieKey(name string) func(*gin.Context) (string, error) {
	if err := (&http.Cookie{Name: name}).Valid(); err != nil {
		panic(fmt.Sprintf("flashgin: CookieKey: %q is not the name of a cookie: "+
			"want letters, digits, - and _", name))
	}
	return func(c *gin.Context) (string, error) {
		r := requestOf(c)
		if r != nil {
			r.cookie.name.Store(&name)
			return secret.Key(r.cookies(name).Secret(&r.http, name)), nil
		}
		if c.Request == nil {
			return "", nil
		}
		sent, _ := secret.Sent(c.Request, name)
		return secret.Key(sent), nil
	}
}

// A cookieKey is what a request knows of the cookie behind Config.SessionKey. From outside, the
// function of CookieKey is one like any other, so it says its name when it is called.
type cookieKey struct {
	// name is that of the cookie that was looked for last. It is nil if Config.SessionKey has not
	// come to CookieKey.
	name atomic.Pointer[string]
	made secret.Cookies
}

// canMake reports whether there is a cookie for a new secret.
func (k *cookieKey) canMake() bool { return k.name.Load() != nil }

// renewCookie gives the cookie that was looked for a new secret, in the place of the one that it
// has. It leaves with the headers.
func (r *request) renewCookie() {
	name := *r.cookie.name.Load()
	r.cookies(name).Renew(name)
}

// severalSecrets reports whether the cookie that was looked for has come with different secrets.
func (r *request) severalSecrets() bool {
	name := r.cookie.name.Load()
	return name != nil && r.cookies(*name).ArePlanted(*name)
}

// noteNews makes the answer tell the browser that there may be news, so that its next page asks the
// store. r may be nil.
func (r *request) noteNews() {
	if r != nil && r.m.known != nil {
		r.cookie.made.NoteMark()
	}
}

// tellNews is noteNews for a handler, whose headers may have left. It returns false if the browser
// will not be told, so that the store must tell other processes.
func (r *request) tellNews() bool {
	if r.m.known == nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noteNews()
	return !r.tooLate()
}

// cookies returns what the answer does about the cookie of that name. If another engine has handed
// this request on, the two write one answer, which sets each cookie once. So they share the secret,
// if they are the same user's.
func (r *request) cookies(name string) *secret.Cookies {
	if r.outer == nil {
		return &r.cookie.made
	}
	ours, several := secret.Sent(&r.http, name)
	theirs, severalThere := secret.Sent(&r.outer.http, name)
	if ours != theirs || several != severalThere {
		return &r.cookie.made
	}
	return r.outer.cookies(name)
}

// answers reports whether what is written to w is the answer of r, which may be nil.
func (r *request) answers(w http.ResponseWriter) bool {
	return r != nil && (requestBehind(w) == r || writers.SameHeader(w.Header(), r.header))
}
