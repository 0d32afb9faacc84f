package flashgin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/caching"
)

// secretName is the name of our secret among the values of the gin-contrib session.
const secretName = "flashgin"

// errNoKey is what an add says where Config.SessionKey has none.
var errNoKey = fmt.Errorf(`%w: Config.SessionKey returned ""`, ErrNoSession)

// errOwnKeys is what Forget says where it cannot help.
var errOwnKeys = errors.New("flashgin: Forget: Config.SessionKey makes the keys here, so give the session a new one there")

// SessionKey returns the key of the request's session: what a handler hands to a job, which adds messages with [Messenger.Add]. It is a hash, so who
// knows it can add and take messages of the session, but cannot become its user. If the session has no key yet, one is made and the session is saved.
// The answer that brings it is kept out of caches, as one with messages.
//
// The errors are [ErrNoSession], [ErrTooLate], and that of saving the session; with [CookieKey] also [ErrNotInstalled]. Call it in the handler, in the
// request's own goroutine, and hand the key to what outlives the request: after it, c is another user's. A copy of c has the key that there
// is, and makes none.
func (m *Messenger) SessionKey(c *gin.Context) (string, error) {
	r, err := requestFor(c)
	if r != nil && err != nil {
		return "", err
	}
	key, err := m.key(r, c)
	switch {
	case err != nil:
		return "", err
	case key == "":
		return m.newKey(r, c)
	case r != nil:
		err = r.handOut(c, key)
	}
	if err != nil {
		return "", err
	}
	return key, nil
}

// Forget gives the session a new key from here on, and saves it: call it at login, so that a session that somebody planted in the browser
// reads nothing that its user is told. Messages that wait under the old key are not shown any more; those that this request has added use the new one.
// A session without a key is left as it is.
//
// The errors are [ErrNoSession], [ErrTooLate], that of saving the session, and an error where a Config.SessionKey other than that of [CookieKey] makes the
// keys. Call it in the handler, in the request's own goroutine: after the request, c is another user's, and a copy of c can do nothing.
func (m *Messenger) Forget(c *gin.Context) error {
	r, err := requestFor(c)
	if r != nil && err != nil {
		return err
	}
	key, err := m.key(r, c)
	if err != nil {
		return err
	}
	if m.cfg.SessionKey != nil && r != nil && !r.cookie.canMake() {
		return errOwnKeys
	}
	if key == "" && (r == nil || !r.severalSecrets()) {
		return nil
	}
	renewed, err := m.newKey(r, c)
	if err != nil {
		return err
	}
	if renewed == key { // a function that hands on to CookieKey's has used another key
		return errOwnKeys
	}
	m.endForgotten(key)
	return nil
}

// key returns the key of the session, or "" if it has none. It never makes one. r is the request of c, or nil.
func (m *Messenger) key(r *request, c *gin.Context) (key string, err error) {
	if m.cfg.SessionKey != nil {
		key, err := m.cfg.SessionKey(c)
		if err != nil {
			return "", fmt.Errorf("%w: Config.SessionKey: %w", ErrNoSession, err)
		}
		return key, nil
	}
	session, err := m.session(c)
	if err != nil {
		return "", err
	}
	err = r.use(func() error {
		if key = keyIn(session); key != "" {
			m.sessions.note(session)
		}
		return nil
	})
	return key, err
}

// use calls f, which uses a session of the request. r may be nil.
func (r *request) use(f func() error) error { return r.inTurn("the store of the session", f) }

func keyIn(session sessions.Session) string {
	secret, _ := session.Get(secretName).(string)
	return keyOf(secret)
}

// keyOf returns the key of a secret, or "" if there is none.
func keyOf(secret string) string {
	if secret == "" {
		return ""
	}
	hash := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// newKey gives the session a new key, saves it and returns the key.
func (m *Messenger) newKey(r *request, c *gin.Context) (string, error) {
	switch {
	case r != nil:
		return r.makeKey(c)
	case m.cfg.SessionKey != nil:
		return "", fmt.Errorf("%w, and CookieKey makes none here: %w", errNoKey, ErrNotInstalled)
	case isCopy(c):
		return "", errCopy
	case c.Writer.Written():
		return "", ErrTooLate
	}
	if err := errPageCache(c.Writer); err != nil {
		return "", err
	}
	session, err := m.putSecret(nil, c)
	if err != nil {
		return "", err
	}
	if err := m.save(nil, c, session); err != nil {
		return "", err
	}
	return m.key(nil, c)
}

// putSecret gives the session of c a secret, to be saved with it.
func (m *Messenger) putSecret(r *request, c *gin.Context) (session sessions.Session, err error) {
	if session, err = m.session(c); err != nil {
		return nil, err
	}
	request := c.Request
	if request == nil && r != nil {
		request = r.given
	}
	err = r.use(func() error {
		if lost(request, session) {
			return fmt.Errorf("%w: the session could not be loaded, and is not overwritten", ErrNoSession)
		}
		session.Set(secretName, rand.Text())
		return nil
	})
	return session, err
}

// copySecret gives a session the secret of another.
func (m *Messenger) copySecret(r *request, to, from sessions.Session) error {
	return r.use(func() error {
		to.Set(secretName, from.Get(secretName))
		return nil
	})
}

// dirty reports whether the session has values that were not saved, as far as it tells.
func dirty(session sessions.Session) bool {
	written, ok := session.(interface{ Written() bool })
	return ok && written.Written()
}

// save saves the session. gin-contrib's memstore panics over values that gob cannot encode.
func (m *Messenger) save(r *request, c *gin.Context, session sessions.Session) error {
	if err := r.use(session.Save); err != nil {
		return fmt.Errorf("flashgin: saving the session: %w", err)
	}
	request := c.Request
	if r != nil {
		request = &r.http
		r.cookie.made.noteSaved()
		caching.KeepOut(r.header) // now, too: HandleContext with another *http.Request forgets r
	} else {
		caching.KeepOut(c.Writer.Header())
	}
	if saved, ok := underlying(sessions.Store.New, session); ok && saved.Options != nil && saved.Options.Secure && !byTLS(request) {
		if firstOf(&m.secureCookie) {
			m.errs.Warn("the session's cookie is Secure, and a request came by plain http: browsers bring such a cookie back on localhost at most, other clients not " +
				"even there, and without it no message is shown; set the Options of the session store, or let the proxy that speaks TLS say so in X-Forwarded-Proto")
		}
	}
	return nil
}

// session returns the gin-contrib session of the request. It is looked up when it is needed and not before, for its middleware may come after ours.
func (m *Messenger) session(c *gin.Context) (sessions.Session, error) {
	value, _ := c.Get(sessions.DefaultKey)
	switch s := value.(type) {
	case sessions.Session:
		return s, nil
	case map[string]sessions.Session:
		if session := s[m.cfg.SessionName]; session != nil {
			return session, nil
		}
		if m.cfg.SessionName == "" {
			return nil, fmt.Errorf("%w: sessions.SessionsMany is in use: set Config.SessionName to one of its names", ErrNoSession)
		}
		return nil, fmt.Errorf("%w: sessions.SessionsMany has no session named %q, as Config.SessionName says", ErrNoSession, m.cfg.SessionName)
	}
	return nil, fmt.Errorf("%w: let sessions.Sessions run before this handler (router.Use, above its route), or set Config.SessionKey, "+
		"for example to CookieKey(\"flash\")", ErrNoSession)
}

// lost reports whether the session of a server-side store is empty because that store was out of reach when it was loaded. gin-contrib goes on with an
// empty session then, which keeps the ID: saving it would log the user out. Only an empty session with an ID is in doubt, and the store is
// asked again; it either fails again, or has the session after all.
func lost(request *http.Request, session sessions.Session) bool {
	loaded, ok := underlying(sessions.Store.New, session)
	if !ok || !loaded.IsNew || loaded.ID == "" {
		return false
	}
	again, err := loaded.Store().New(request, loaded.Name())
	if err != nil {
		return !forgotten(err)
	}
	return !again.IsNew
}

// underlying returns the gorilla session below one of gin-contrib. Its type, which we do not import, is inferred from the method.
func underlying[S any](_ func(sessions.Store, *http.Request, string) (S, error), session sessions.Session) (S, bool) {
	if wrapper, ok := session.(interface{ Session() S }); ok {
		return wrapper.Session(), true
	}
	var none S
	return none, false
}

// reloadSessions loads the gin-contrib sessions of a stream's request anew, if the key may come from
// there. It changes what the handlers see in them, and the stream is the last of these.
func reloadSessions(r *request, c *gin.Context) error {
	if r != nil && r.cookie.canMake() {
		return nil // it is CookieKey's
	}
	value, _ := c.Get(sessions.DefaultKey)
	switch value := value.(type) {
	case sessions.Session:
		return reloadSession(c.Request, value)
	case map[string]sessions.Session:
		for _, session := range value {
			if err := reloadSession(c.Request, session); err != nil {
				return err
			}
		}
	}
	return nil
}

// reloadSession gives a session the values that its store has for it now. A session whose store is
// the request's own cookie gets those that it had.
func reloadSession(request *http.Request, session sessions.Session) error {
	loaded, ok := underlying(sessions.Store.New, session)
	if !ok {
		return nil
	}
	again, err := loaded.Store().New(request, loaded.Name())
	if err != nil && !forgotten(err) {
		return fmt.Errorf("flashgin: loading the session: %w", err)
	}
	clear(loaded.Values)
	if err == nil {
		loaded.Values = again.Values
	}
	return nil
}

// forgotten reports whether a session could not be loaded because there is none: its cookie was
// forged or signed with an older secret, or a store of files has removed it.
func forgotten(err error) bool {
	decode, ok := err.(interface{ IsDecode() bool })
	return ok && decode.IsDecode() || errors.Is(err, fs.ErrNotExist)
}
