package sessionkey

import (
	"cmp"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/request"
	"github.com/flashgin/flashgin/internal/secret"
)

// Keys has what one request knows of its session key. The lock of the request is held when its
// methods are called, unless a comment says otherwise.
type Keys struct {
	keeper  *Keeper
	request *request.Request
	outer   *Keys // of the engine around this one, if both write one answer; or nil

	key     string           // which the browser has, once it is known
	keyed   bool             // the session had a key when Read was last called
	unsaved sessions.Session // it was given a secret; it is saved when the headers leave
	made    madeKey          // what this request has made and its answer has not brought yet
	cookie  cookieKey        // where Config.SessionKey is CookieKey's
}

// madeKey is a key that a request has made, until its answer has brought the cookie that leads to
// it.
type madeKey struct {
	key    string
	cookie string // which must be among the headers of the answer; "" if that is not known
}

// Start makes k the keys of r. outer has those of the engine around this one, if both write one
// answer; or it is nil.
func (k *Keys) Start(keeper *Keeper, r *request.Request, outer *Keys) {
	k.keeper, k.request, k.outer = keeper, r, outer
}

// Known returns the key that the browser has, or "" if that is not known.
func (k *Keys) Known() string { return k.key }

// IsKeyed reports whether the session had a key when Read was last called.
func (k *Keys) IsKeyed() bool { return k.keyed }

// By returns the session key of c, or "".
func (k *Keys) By(c *gin.Context) (key string, err error) {
	if !k.request.Has(c) { // the handler has replaced c.Request and called HandleContext
		return k.key, nil
	}
	k.request.Outside(func() { key, err = k.keeper.Key(k, c) })
	return key, err
}

// Read returns the session key, and whether there is one. It never makes a key.
func (k *Keys) Read() (string, bool) {
	key, err := k.By(k.request.Gin())
	if err != nil {
		k.request.Fail("find the session", err)
	}
	if k.Note(key); k.key != "" {
		k.request.Called(request.ToAdd)
	}
	k.keyed = key != ""
	k.noteSession()
	k.request.Called(request.ToPeek)
	return key, k.keyed
}

// Peek is Read for a page that does not read messages.
func (k *Keys) Peek() bool {
	key, err := k.By(k.request.Gin())
	k.keyed = err == nil && key != ""
	return k.keyed
}

// MayExist reports whether there is a session to read the key from. Without it, a route that has no
// session and asks for no messages would report an error.
func (k *Keys) MayExist() bool {
	if k.keeper.Own != nil {
		return true
	}
	_, err := k.keeper.session(k.request.Gin())
	return err == nil
}

// Note notes a key that the browser has.
func (k *Keys) Note(key string) {
	if k.unsaved == nil && !k.isMade(key) {
		k.key = key
	}
}

// isMade reports whether the browser does not have the key yet: this request has made it.
func (k *Keys) isMade(key string) bool { return key != "" && key == k.made.key }

// IsOwn reports whether session is the key of this request's session, as far as it is known.
func (k *Keys) IsOwn(session string) bool {
	own := cmp.Or(k.made.key, k.key)
	if own == "" && !request.IsBeside() {
		own, _ = k.By(k.request.Gin())
	}
	return own == session
}

// NoteNews makes the answer tell the browser that there may be news, so that its next page asks the
// store. k may be nil. The lock may be held or not.
func (k *Keys) NoteNews() {
	if k != nil && k.keeper.Marks {
		k.cookie.made.NoteMark()
	}
}

// Late returns the key for messages that come after the headers, or "" if the browser will have
// none.
func (k *Keys) Late() (string, error) {
	if k.request.Ended() || k.key != "" && request.IsBeside() {
		return k.key, nil
	}
	k.key = ""
	if k.unsaved != nil {
		return "", nil
	}
	key, err := k.By(k.request.Gin())
	if err == nil && !k.isMade(key) {
		k.key = key
	}
	return k.key, err
}

// beside returns the key for a goroutine beside the handler, if it is known: the session is not
// read there. k may be nil. The lock is not held.
func (k *Keys) beside() (string, error) {
	if k == nil || !k.request.HasCalled(request.ToAdd) || !request.IsBeside() {
		return "", nil
	}
	k.request.Lock()
	defer k.request.Unlock()
	switch {
	case k.request.Ended(), k.key != "":
		return k.key, nil
	case k.unsaved != nil:
		return "", k.keeper.errCopy()
	case k.request.Committed.Load():
		return "", k.keeper.ErrTooLate
	}
	return k.made.key, nil
}

// use calls f, which uses a session of the request. k may be nil. The lock is not held.
func (k *Keys) use(f func() error) error {
	const what = "the store of the session"
	if k == nil {
		return guard.Caught(what, f)
	}
	return k.request.InTurn(what, f)
}

// noteSession says once that messages wait in vain because two sessions have keys.
func (k *Keys) noteSession() {
	if k.keeper.Own != nil || k.keeper.inUse.Told() {
		return
	}
	var mistake string
	k.ask(func(session sessions.Session) {
		mistake = k.keeper.inUse.Mistake(&k.request.HTTP, session)
	})
	if mistake != "" {
		k.request.Warn(mistake)
	}
}

// ask calls f with the request's session and the request unlocked. Without a session, or if the
// session's store panics, f tells nothing.
func (k *Keys) ask(f func(sessions.Session)) {
	if session, err := k.keeper.session(k.request.Gin()); err == nil {
		k.askSession(session, f)
	}
}

func (k *Keys) askSession(session sessions.Session, f func(sessions.Session)) {
	k.request.Outside(func() {
		_ = k.use(func() error {
			f(session)
			return nil
		})
	})
}

// knownByID reports whether the session is on the server and the browser has its ID, so that no
// cookie is needed.
func (k *Keys) knownByID() (known bool) {
	if k.keeper.Own == nil {
		k.ask(func(session sessions.Session) { known = secret.IsKnownByID(session) })
	}
	return known
}

// cookieOf returns the name of the cookie that a session is in, or has its ID in; "" if that is not
// known.
func (k *Keys) cookieOf(session sessions.Session) (name string) {
	k.askSession(session, func(session sessions.Session) { name = secret.CookieOf(session) })
	return name
}
