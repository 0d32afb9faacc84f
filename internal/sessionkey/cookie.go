package sessionkey

import (
	"net/http"
	"sync/atomic"

	"github.com/flashgin/flashgin/internal/secret"
)

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

// InCookie returns the key of the secret in the cookie of that name, or "". k has the keys of the
// request r, or is nil. The lock may be held or not.
func InCookie(k *Keys, r *http.Request, name *string) string {
	if k != nil {
		k.cookie.name.Store(name)
		return secret.Key(k.cookies(*name).Secret(&k.request.HTTP, *name))
	}
	if r == nil {
		return ""
	}
	sent, _ := secret.Sent(r, *name)
	return secret.Key(sent)
}

// renewCookie gives the cookie that was looked for a new secret, in the place of the one that it
// has. It leaves with the headers.
func (k *Keys) renewCookie() {
	name := *k.cookie.name.Load()
	k.cookies(name).Renew(name)
}

// arePlanted reports whether the cookie that was looked for has come with different secrets.
func (k *Keys) arePlanted() bool {
	name := k.cookie.name.Load()
	return name != nil && k.cookies(*name).ArePlanted(*name)
}

// cookies returns what the answer does about the cookie of that name. If another engine has handed
// this request on, the two write one answer, which sets each cookie once. So they share the secret,
// if they are the same user's.
func (k *Keys) cookies(name string) *secret.Cookies {
	if k.outer == nil {
		return &k.cookie.made
	}
	ours, several := secret.Sent(&k.request.HTTP, name)
	theirs, severalThere := secret.Sent(&k.outer.request.HTTP, name)
	if ours != theirs || several != severalThere {
		return &k.cookie.made
	}
	return k.outer.cookies(name)
}
