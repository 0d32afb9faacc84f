package flashgin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/guard"
)

// secretName is the name of our secret among the values of the gin-contrib session.
const secretName = "flashgin"

// errNoKey is what an add says where Config.SessionKey has none.
var errNoKey = fmt.Errorf(`%w: Config.SessionKey returned ""`, ErrNoSession)

// errCookieWithheld is what an answer says that leaves without the cookie of a new key.
var errCookieWithheld = fmt.Errorf("%w: a middleware, such as one that ends slow handlers, has answered without "+
	"the headers of the handler, and so without the session's new cookie: what waits under its key is lost; "+
	"let sessions.Sessions run around that middleware, or make the key before, with Messenger.SessionKey", ErrTooLate)

// errOwnKeys is what Forget says where it cannot help.
var errOwnKeys = errors.New("flashgin: Forget: Config.SessionKey makes the keys here, so give the session a new one there")

// SessionKey returns the key of the request's session: what a handler hands to a job, which adds messages with [Messenger.Add]. It is a hash, so who
// knows it can add and take messages of the session, but cannot become its user. If the session has no key yet, one is made and the session is saved.
// The answer that brings it is kept out of caches, as one with messages.
//
// The errors are [ErrNoSession], [ErrTooLate], and that of saving the session; with [CookieKey] also [ErrNotInstalled]. Call it in the request's own
// goroutine.
func (m *Messenger) SessionKey(c *gin.Context) (string, error) {
	r := requestOf(c)
	key, err := m.key(r, c)
	if err != nil {
		return "", err
	}
	if key == "" {
		return m.newKey(r, c)
	}
	if r != nil && r.lacksKey() {
		return "", errCookieWithheld
	}
	if r == nil || !r.madeKey() {
		return key, nil
	}
	if c.Writer.Written() {
		return "", ErrTooLate
	}
	session, err := m.session(c)
	if err != nil {
		return "", err
	}
	return key, m.save(r, c, session)
}

// Forget gives the session a new key from here on, and saves it: call it at login, so that a session that somebody planted in the browser
// reads nothing that its user is told. Messages that wait under the old key are not shown any more; those that this request has added use the new one.
// A session without a key is left as it is.
//
// The errors are [ErrNoSession], [ErrTooLate], that of saving the session, and an error where a Config.SessionKey other than that of [CookieKey] makes the
// keys. Call it in the request's own goroutine.
func (m *Messenger) Forget(c *gin.Context) error {
	r := requestOf(c)
	key, err := m.key(r, c)
	if err != nil {
		return err
	}
	if m.cfg.SessionKey != nil && r != nil && !r.cookie.canMake() {
		return errOwnKeys
	}
	if key == "" && (r == nil || !r.cookie.several()) {
		return nil
	}
	renewed, err := m.newKey(r, c)
	if err != nil {
		return err
	}
	if renewed == key { // a function that hands on to CookieKey's has used another key
		return errOwnKeys
	}
	m.live.endSession(m.live.key(key), byeOver)
	m.store.tellEndLater(key)
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

// use calls f, which uses a session of the request: one goroutine at a time, and a panic of the session's
// store is an error. r may be nil.
func (r *request) use(f func() error) error {
	if r != nil {
		r.sessions.Lock()
		defer r.sessions.Unlock()
	}
	return guard.Caught("the store of the session", f)
}

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

// newKey puts a new secret into the session, saves it and returns the key.
func (m *Messenger) newKey(r *request, c *gin.Context) (string, error) {
	if err := errPageCache(r.answerOf(c)); err != nil {
		return "", err
	}
	if m.cfg.SessionKey != nil {
		return m.newCookieKey(r, c)
	}
	if c.Writer.Written() {
		return "", ErrTooLate
	}
	session, err := m.putSecret(r, c)
	if err != nil {
		return "", err
	}
	if err := m.save(r, c, session); err != nil {
		return "", err
	}
	return m.key(r, c)
}

// newCookieKey is newKey where Config.SessionKey, which has just been called, may be that of CookieKey.
func (m *Messenger) newCookieKey(r *request, c *gin.Context) (string, error) {
	switch {
	case r == nil:
		return "", fmt.Errorf("%w, and CookieKey makes none here: %w", errNoKey, ErrNotInstalled)
	case !r.cookie.canMake():
		return "", errNoKey
	case r.committed.Load():
		return "", ErrTooLate
	}
	r.cookie.renew()
	key, err := m.key(r, c)
	if key == "" && err == nil {
		err = errNoKey
	}
	return key, err
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
		r.cookie.made.sessionSaved()
		r.noteCookieApart(c, session)
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

// noteCookieApart notes the cookie of a session that was just saved, if a middleware between flashgin and
// the handler keeps it with headers of its own, and it is the only way to the session: the browser
// does not know the session by its ID yet. If that middleware answers without these headers, who was
// given the key would never be told that it is nobody's.
func (r *request) noteCookieApart(c *gin.Context, session sessions.Session) {
	if !r.headersApart(c) {
		return
	}
	saved, ok := underlying(sessions.Store.New, session)
	if ok && (saved.ID == "" || saved.IsNew) && setsCookie(c.Writer.Header(), saved.Name()) {
		r.cookie.made.keptApart(saved.Name())
	}
}

// headersApart reports whether such a middleware is there.
func (r *request) headersApart(c *gin.Context) bool {
	return requestBehind(c.Writer) == r && !sameMap(c.Writer.Header(), r.writer.Header())
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
