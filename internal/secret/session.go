package secret

import (
	"errors"
	"io/fs"
	"net/http"

	"github.com/gin-contrib/sessions"
)

// valueName is the name of the secret among the values of a gin-contrib session. It must never
// change: some sessions are kept for weeks.
const valueName = "flashgin"

// KeyIn returns the session key of the secret in a session, or "" if there is none.
func KeyIn(session sessions.Session) string {
	secret, _ := session.Get(valueName).(string)
	return Key(secret)
}

// Put gives a session a new secret. The caller must save the session.
func Put(session sessions.Session) { session.Set(valueName, newSecret()) }

// Copy gives a session the secret of another.
func Copy(to, from sessions.Session) { to.Set(valueName, from.Get(valueName)) }

// IsSaved reports whether header brings the cookie of a session with all its values, as far as the
// session tells.
func IsSaved(session sessions.Session, header http.Header) bool {
	written, ok := session.(interface{ Written() bool })
	return ok && !written.Written() && Sets(header, CookieOf(session))
}

// IsLost reports whether the session of a server-side store is empty because that store was out of
// reach when it was loaded. gin-contrib goes on with an empty session then, which keeps the ID:
// saving it would log the user out. Only an empty session with an ID is in doubt. The store is
// asked again, and either fails again or has the session after all.
func IsLost(r *http.Request, session sessions.Session) bool {
	loaded, ok := underlying(sessions.Store.New, session)
	if !ok || !loaded.IsNew || loaded.ID == "" {
		return false
	}
	again, err := loaded.Store().New(r, loaded.Name())
	if err != nil {
		return !isForgotten(err)
	}
	return !again.IsNew
}

// IsKnownByID reports whether a session is on the server and the browser has its ID. Then no answer
// has to bring a cookie.
func IsKnownByID(session sessions.Session) bool {
	loaded, ok := underlying(sessions.Store.New, session)
	return ok && loaded.ID != "" && !loaded.IsNew
}

// CookieOf returns the name of the session's cookie, or "" if that is not known.
func CookieOf(session sessions.Session) string {
	if loaded, ok := underlying(sessions.Store.New, session); ok {
		return loaded.Name()
	}
	return ""
}

// LeadsTo reports whether the browser still has the key of a session after an answer with this
// header, as far as can be told: the answer may set the session's cookie to anything.
func LeadsTo(key string, session sessions.Session, header http.Header) bool {
	loaded, ok := underlying(sessions.Store.New, session)
	if !ok {
		return true
	}
	cookie := lastCookie(session, header)
	if cookie == nil || isOver(cookie) {
		return cookie == nil
	}
	next := &http.Request{Header: http.Header{}}
	next.AddCookie(cookie)
	again, err := loaded.Store().New(next, loaded.Name())
	if err != nil {
		return !isForgotten(err)
	}
	secret, _ := again.Values[valueName].(string)
	return Key(secret) == key
}

// Ends reports whether an answer with this header takes the session's cookie from the browser.
func Ends(session sessions.Session, header http.Header) bool {
	cookie := lastCookie(session, header)
	return cookie != nil && isOver(cookie)
}

// lastCookie returns what an answer with this header makes of the session's cookie, or nil if it
// does not set that, or nobody can tell.
func lastCookie(session sessions.Session, header http.Header) *http.Cookie {
	loaded, ok := underlying(sessions.Store.New, session)
	if !ok || loaded.Options == nil {
		return nil
	}
	return lastSet(header, loaded.Name(), loaded.Options.Path, loaded.Options.Domain)
}

// IsWithheld reports whether the browser that sent r keeps the session's cookie to itself: the
// cookie is Secure, and r came by plain http.
func IsWithheld(r *http.Request, session sessions.Session) bool {
	loaded, ok := underlying(sessions.Store.New, session)
	return ok && loaded.Options != nil && loaded.Options.Secure && !byTLS(r)
}

// IsStrict reports whether the session's cookie is SameSite=Strict, or may be: not all sessions
// tell.
func IsStrict(session sessions.Session) bool {
	loaded, ok := underlying(sessions.Store.New, session)
	return !ok || loaded.Options == nil || loaded.Options.SameSite == http.SameSiteStrictMode
}

// Reload loads sessions again: value is what the middleware of gin-contrib has put under
// sessions.DefaultKey, a session or several by name. Handlers that use the session see the change.
func Reload(r *http.Request, value any) error {
	switch value := value.(type) {
	case sessions.Session:
		return reload(r, value)
	case map[string]sessions.Session:
		for _, session := range value {
			if err := reload(r, session); err != nil {
				return err
			}
		}
	}
	return nil
}

// reload gives a session the values that its store has now. A cookie store has those that the
// request brought.
func reload(r *http.Request, session sessions.Session) error {
	loaded, ok := underlying(sessions.Store.New, session)
	if !ok {
		return nil
	}
	again, err := loaded.Store().New(r, loaded.Name())
	if err != nil && !isForgotten(err) {
		return err
	}
	clear(loaded.Values)
	if err == nil {
		loaded.Values = again.Values
	}
	return nil
}

// underlying returns the gorilla session below one of gin-contrib. Its type, which we do not
// import, is inferred from the method.
func underlying[S any](
	_ func(sessions.Store, *http.Request, string) (S, error), session sessions.Session,
) (S, bool) {
	if wrapper, ok := session.(interface{ Session() S }); ok {
		return wrapper.Session(), true
	}
	var none S
	return none, false
}

// isForgotten reports whether a session could not be loaded because there is none: its cookie was
// forged or signed with an older secret, or a store of files has removed it.
func isForgotten(err error) bool {
	decode, ok := err.(interface{ IsDecode() bool })
	return ok && decode.IsDecode() || errors.Is(err, fs.ErrNotExist)
}
