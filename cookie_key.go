package flashgin

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/sessionkey"
)

// CookieKey returns a function for Config.SessionKey that keeps the secret in a cookie of its own,
// for applications without gin-contrib/sessions, and for pages that should not pay for decoding a
// session. The key is the hash of the secret, as it is with sessions. The cookie is made with the
// first message that waits, or by [Messenger.SessionKey], and never by a read: visitors without
// messages get none. It needs [Messenger.Install].
//
// The cookie ends with the browser. It is HttpOnly, SameSite=Lax, has the path "/", and is Secure
// where the request came by TLS or has an X-Forwarded-Proto of https. Whether that header can be
// trusted does not matter: whoever forges it loses only their own messages. A name that begins with
// "__Host-", which keeps other hosts of the domain from setting the cookie, or with "__Secure-"
// makes it Secure always; browsers then want https, or localhost.
//
// Besides what holds for sessions:
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
// A Config.SessionKey of yours may call this one for visitors, and return another key for users who
// are logged in.
//
// CookieKey panics if name is not the name of a cookie. The function never returns an error, and is
// safe for concurrent use by multiple goroutines.
func CookieKey(name string) func(*gin.Context) (string, error) {
	if err := (&http.Cookie{Name: name}).Valid(); err != nil {
		panic(fmt.Sprintf("flashgin: CookieKey: %q is not the name of a cookie: "+
			"want letters, digits, - and _", name))
	}
	return func(c *gin.Context) (string, error) {
		return sessionkey.InCookie(requestOf(c).Keys(), c.Request, &name), nil
	}
}
