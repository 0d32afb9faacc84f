// Package sessionkey finds and makes the session key of a request: in a session of gin-contrib, in
// a cookie of its own, or by a function of the application.
//
// A key that a request makes is of use if the answer brings the cookie that leads to it. Else
// nobody has the key, and what waits under it is lost without a word; or the cookie leaves with
// another user's answer, because Gin has given the writer away. So whoever makes a key asks first
// whether that can still happen.
package sessionkey

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/request"
	"github.com/flashgin/flashgin/internal/secret"
)

// A Keeper finds the keys of all requests. It is safe for concurrent use by multiple goroutines.
type Keeper struct {
	// Config.SessionKey; nil is gin-contrib's session.
	Own         func(*gin.Context) (string, error)
	SessionName string // Config.SessionName
	Prefix      string // Config.Prefix
	Marks       bool   // browsers are told of news: see NoteNews
	Errors      *report.Reporter

	// The errors that callers can act on.
	ErrNotInstalled, ErrNoSession, ErrTooLate error

	inUse        secret.InUse
	secureCookie sync.Once // for the warning that browsers do not bring the session's cookie back
	planted      sync.Once // for the warning that a cookie was planted
}

// Key returns the key of the session of c, or "" if it has none. It never makes one. k has the keys
// of the request of c; it may be nil.
func (kr *Keeper) Key(k *Keys, c *gin.Context) (key string, err error) {
	if kr.Own != nil {
		key, err := kr.Own(c)
		if err != nil {
			return "", fmt.Errorf("%w: Config.SessionKey: %w", kr.ErrNoSession, err)
		}
		return key, nil
	}
	session, err := kr.session(c)
	if err != nil {
		return "", err
	}
	err = k.use(func() error {
		if key = secret.KeyIn(session); key != "" {
			kr.inUse.Note(session)
		}
		return nil
	})
	return key, err
}

// SessionKey is flashgin.Messenger.SessionKey for a request that may be used; k may be nil.
func (kr *Keeper) SessionKey(k *Keys, c *gin.Context) (string, error) {
	k.NoteNews()
	if key, err := k.beside(); key != "" || err != nil {
		return key, err
	}
	key, err := kr.Key(k, c)
	switch {
	case err != nil:
		return "", err
	case key == "":
		return kr.newKey(k, c, "")
	case k != nil:
		err = k.handOut(c, key)
	}
	if err != nil {
		return "", err
	}
	return key, nil
}

// Renew is flashgin.Messenger.Forget for a request that may be used; k may be nil. It returns the
// key that the session had, or "" if the session keeps what it has.
func (kr *Keeper) Renew(k *Keys, c *gin.Context) (old string, err error) {
	if request.IsCopy(c) {
		return "", kr.errCopy()
	}
	if old, err = kr.Key(k, c); err != nil {
		return "", err
	}
	if kr.Own != nil && k != nil && !k.cookie.canMake() {
		return "", errOwnKeys
	}
	if old == "" && (k == nil || !k.arePlanted()) {
		return "", nil
	}
	renewed, err := kr.newKey(k, c, old)
	if err != nil {
		return "", err
	}
	if renewed == old { // a function that hands on to CookieKey's has used another key
		return "", errOwnKeys
	}
	k.NoteNews()
	return old, nil
}

// newKey gives the session a new key in the place of old, saves it and returns the key.
func (kr *Keeper) newKey(k *Keys, c *gin.Context, old string) (string, error) {
	switch {
	case k != nil:
		return k.make(c, old)
	case kr.Own != nil:
		return "", fmt.Errorf("%w, and CookieKey makes none here: %w", kr.errNoKey(),
			kr.ErrNotInstalled)
	case request.IsCopy(c):
		return "", kr.errCopy()
	case c.Writer.Written():
		return "", kr.ErrTooLate
	}
	if err := kr.errPageCache(c.Writer); err != nil {
		return "", err
	}
	session, err := kr.putSecret(nil, c)
	if err != nil {
		return "", err
	}
	if err := kr.save(nil, c, session); err != nil {
		return "", err
	}
	return kr.Key(nil, c)
}

// putSecret gives the session of c a secret, to be saved with it.
func (kr *Keeper) putSecret(k *Keys, c *gin.Context) (session sessions.Session, err error) {
	if session, err = kr.session(c); err != nil {
		return nil, err
	}
	asked := c.Request
	if asked == nil && k != nil {
		asked = k.request.Given
	}
	err = k.use(func() error {
		if secret.IsLost(asked, session) {
			return fmt.Errorf("%w: the session could not be loaded, and is not overwritten",
				kr.ErrNoSession)
		}
		secret.Put(session)
		return nil
	})
	return session, err
}

// save saves the session. gin-contrib's memstore panics over values that gob cannot encode.
func (kr *Keeper) save(k *Keys, c *gin.Context, session sessions.Session) error {
	if err := k.use(session.Save); err != nil {
		return fmt.Errorf("flashgin: saving the session: %w", err)
	}
	asked, header := c.Request, http.Header(nil)
	if k != nil {
		asked, header = &k.request.HTTP, k.request.Header
		k.cookie.made.NoteSaved()
	} else {
		header = c.Writer.Header()
	}
	caching.KeepOut(header) // now, too: HandleContext with another *http.Request forgets k
	withheld := false
	_ = k.use(func() error { withheld = secret.IsWithheld(asked, session); return nil })
	if withheld {
		kr.Errors.WarnOnce(&kr.secureCookie, "the session's cookie is Secure, and a request came by "+
			"plain http: browsers bring such a cookie back on localhost at most, other clients not "+
			"even there, and without it no message is shown; set the Options of the session store, "+
			"or let the proxy that speaks TLS say so in X-Forwarded-Proto")
	}
	return nil
}

// session returns the gin-contrib session of the request. It is looked up when it is needed and not
// before, for its middleware may come after ours.
func (kr *Keeper) session(c *gin.Context) (sessions.Session, error) {
	value, _ := c.Get(sessions.DefaultKey)
	switch s := value.(type) {
	case sessions.Session:
		return s, nil
	case map[string]sessions.Session:
		if session := s[kr.SessionName]; session != nil {
			return session, nil
		}
		if kr.SessionName == "" {
			return nil, fmt.Errorf("%w: sessions.SessionsMany is in use: "+
				"set Config.SessionName to one of its names", kr.ErrNoSession)
		}
		return nil, fmt.Errorf("%w: sessions.SessionsMany has no session named %q, "+
			"as Config.SessionName says", kr.ErrNoSession, kr.SessionName)
	}
	return nil, fmt.Errorf("%w: let sessions.Sessions run before this handler "+
		"(router.Use, above its route), or set Config.SessionKey, "+
		"for example to CookieKey(\"flash\")", kr.ErrNoSession)
}

// Owns reports whether the request of an open page still belongs to the session with this key. It
// asks as a new request would: it loads the sessions anew, if the key may come from there, which
// changes what the handlers see in them. So call it for a request that has no other handlers any
// more. If the session is in a cookie alone, the request always gives the same answer.
func (kr *Keeper) Owns(k *Keys, c *gin.Context, session string) (owns bool, err error) {
	err = guard.Caught("finding the session of a stream again", func() error {
		err := k.use(func() error {
			if k != nil && k.cookie.canMake() {
				return nil // it is CookieKey's
			}
			value, _ := c.Get(sessions.DefaultKey)
			if err := secret.Reload(c.Request, value); err != nil {
				return fmt.Errorf("flashgin: loading the session: %w", err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		key, err := kr.Key(k, c)
		owns = err == nil && key == session
		return err
	})
	return owns, err
}
