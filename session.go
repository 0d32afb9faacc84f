package flashgin

import (
	"errors"
	"fmt"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/secret"
)

// errNoKey is what an add says where Config.SessionKey has none.
var errNoKey = fmt.Errorf(`%w: Config.SessionKey returned ""`, ErrNoSession)

// errOwnKeys is what Forget says where it cannot help.
var errOwnKeys = errors.New("flashgin: Forget: Config.SessionKey makes the keys here, " +
	"so give the session a new one there")

// SessionKey returns the key of the request's session: what a handler hands to a job, which adds
// messages with [Messenger.Add]. It is a hash, so who knows it can add and take messages of the
// session, but cannot become its user. If the session has no key yet, one is made and the session
// is saved. The answer that brings it is kept out of caches, as one with messages.
//
// The errors are [ErrNoSession], [ErrTooLate], and that of saving the session; with [CookieKey]
// also [ErrNotInstalled]. Call it in the handler, in the request's own goroutine, and hand the key
// to what outlives the request: after it, c is another user's. A copy of c has the key that there
// is, and makes none.
func (m *Messenger) SessionKey(c *gin.Context) (string, error) {
	r, err := requestFor(c, toAdd)
	if r != nil && err != nil {
		return "", err
	}
	r.noteNews()
	if key, err := r.keyBeside(); key != "" || err != nil {
		return key, err
	}
	key, err := m.key(r, c)
	switch {
	case err != nil:
		return "", err
	case key == "":
		return m.newKey(r, c, "")
	case r != nil:
		err = r.handOut(c, key)
	}
	if err != nil {
		return "", err
	}
	return key, nil
}

// Forget gives the session a new key from here on, and saves it: call it at login, so that a
// session that somebody planted in the browser reads nothing that its user is told. Messages that
// wait under the old key are not shown any more; those that this request has added use the new one.
// A session without a key is left as it is.
//
// The errors are [ErrNoSession], [ErrTooLate], that of saving the session, and an error where a
// Config.SessionKey other than that of [CookieKey] makes the keys. Call it in the handler, in the
// request's own goroutine: after the request, c is another user's, and a copy of c can do nothing.
func (m *Messenger) Forget(c *gin.Context) error {
	r, err := requestFor(c, toAdd)
	if r != nil && err != nil {
		return err
	}
	if isCopy(c) {
		return errCopy
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
	renewed, err := m.newKey(r, c, key)
	if err != nil {
		return err
	}
	if renewed == key { // a function that hands on to CookieKey's has used another key
		return errOwnKeys
	}
	r.noteNews()
	m.endForgotten(key)
	return nil
}

// key returns the key of the session, or "" if it has none. It never makes one. r is the request of
// c, or nil.
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
		if key = secret.KeyIn(session); key != "" {
			m.sessions.Note(session)
		}
		return nil
	})
	return key, err
}

// use calls f, which uses a session of the request. r may be nil.
func (r *request) use(f func() error) error { return r.inTurn("the store of the session", f) }

// newKey gives the session a new key in the place of old, saves it and returns the key.
func (m *Messenger) newKey(r *request, c *gin.Context, old string) (string, error) {
	switch {
	case r != nil:
		return r.makeKey(c, old)
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
		if secret.IsLost(request, session) {
			return fmt.Errorf("%w: the session could not be loaded, and is not overwritten",
				ErrNoSession)
		}
		secret.Put(session)
		return nil
	})
	return session, err
}

// copySecret gives a session the secret of another.
func (m *Messenger) copySecret(r *request, to, from sessions.Session) error {
	return r.use(func() error {
		secret.Copy(to, from)
		return nil
	})
}

// save saves the session. gin-contrib's memstore panics over values that gob cannot encode.
func (m *Messenger) save(r *request, c *gin.Context, session sessions.Session) error {
	if err := r.use(session.Save); err != nil {
		return fmt.Errorf("flashgin: saving the session: %w", err)
	}
	request := c.Request
	if r != nil {
		request = &r.http
		r.cookie.made.NoteSaved()
		caching.KeepOut(r.header) // now, too: HandleContext with another *http.Request forgets r
	} else {
		caching.KeepOut(c.Writer.Header())
	}
	withheld := false
	_ = r.use(func() error { withheld = secret.IsWithheld(request, session); return nil })
	if withheld {
		m.errs.WarnOnce(&m.secureCookie, "the session's cookie is Secure, and a request came by plain "+
			"http: browsers bring such a cookie back on localhost at most, other clients not even "+
			"there, and without it no message is shown; set the Options of the session store, or let "+
			"the proxy that speaks TLS say so in X-Forwarded-Proto")
	}
	return nil
}

// session returns the gin-contrib session of the request. It is looked up when it is needed and not
// before, for its middleware may come after ours.
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
			return nil, fmt.Errorf("%w: sessions.SessionsMany is in use: "+
				"set Config.SessionName to one of its names", ErrNoSession)
		}
		return nil, fmt.Errorf("%w: sessions.SessionsMany has no session named %q, "+
			"as Config.SessionName says", ErrNoSession, m.cfg.SessionName)
	}
	return nil, fmt.Errorf("%w: let sessions.Sessions run before this handler "+
		"(router.Use, above its route), or set Config.SessionKey, "+
		"for example to CookieKey(\"flash\")", ErrNoSession)
}

// noteSession says once that messages wait in vain because two sessions have keys.
func (r *request) noteSession() {
	if r.m.cfg.SessionKey != nil || r.m.sessions.Told() {
		return
	}
	var mistake string
	r.ask(func(session sessions.Session) { mistake = r.m.sessions.Mistake(&r.http, session) })
	if mistake != "" {
		r.warn(mistake)
	}
}

// ask calls f with the request's session and the request unlocked. Without a session, or if the
// session's store panics, f tells nothing.
func (r *request) ask(f func(sessions.Session)) {
	if session, err := r.m.session(r.c); err == nil {
		r.askSession(session, f)
	}
}

func (r *request) askSession(session sessions.Session, f func(sessions.Session)) {
	r.outside(func() {
		_ = r.use(func() error {
			f(session)
			return nil
		})
	})
}

// reloadSessions loads the gin-contrib sessions of a stream's request anew, if the key may come
// from there. It changes what the handlers see in them, and the stream is the last of these.
func reloadSessions(r *request, c *gin.Context) error {
	if r != nil && r.cookie.canMake() {
		return nil // it is CookieKey's
	}
	value, _ := c.Get(sessions.DefaultKey)
	if err := secret.Reload(c.Request, value); err != nil {
		return fmt.Errorf("flashgin: loading the session: %w", err)
	}
	return nil
}

// SessionHash returns how a session key is called where people read: in the log at the level Debug
// and, in braces, in the Redis keys of a [RedisStore]. It has 22 characters and gives no access to
// the messages. It is safe for concurrent use by multiple goroutines.
func SessionHash(session string) string { return queue.Hash(session) }
