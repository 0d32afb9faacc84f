package flashgin

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/secret"
	"github.com/flashgin/flashgin/internal/writers"
)

// A key that a request makes is of use if the answer brings the cookie that leads to it. Else
// nobody has the key, and what waits under it is lost without a word; or the cookie leaves with
// another user's answer, because Gin has given the writer away. So whoever makes a key asks
// mayMakeKey first.

// mayMakeKey returns nil if a cookie that is set now leaves with the request's own answer, or none
// is needed because the browser has the session's ID. After the headers, and under a page cache,
// that makes no difference. The lock is held.
func (r *request) mayMakeKey() error {
	why := ""
	switch {
	case r.ended():
		why = "the request has ended"
	case r.committed.Load() || r.writer.Written():
		why = "the headers are sent"
	case requestIn(r.c) != r:
		why = "HandleContext was called with another *http.Request"
	default:
		if why = r.noAnswer(); why == "" || r.knownByID() {
			return errPageCache(r.c.Writer)
		}
	}
	return fmt.Errorf("%w: %s", ErrTooLate, why)
}

// noAnswer says why the client gets none of the headers, or "".
func (r *request) noAnswer() string {
	switch client := r.client.Err(); {
	case r.hijacked:
		return "the handler has taken the connection over"
	case client == nil:
		return ""
	case !errors.Is(client, context.DeadlineExceeded):
		return "the client has gone"
	case !writers.HasConnection(&r.writer):
		return "the time of the request is over, and http.TimeoutHandler has answered"
	}
	return ""
}

// knownByID reports whether the session is on the server and the browser has its ID, so that no
// cookie is needed.
func (r *request) knownByID() (known bool) {
	if r.m.cfg.SessionKey == nil {
		r.ask(func(session sessions.Session) { known = secret.IsKnownByID(session) })
	}
	return known
}

// madeKey is a key that a request has made, until its answer has brought the cookie that leads to
// it.
type madeKey struct {
	key    string
	cookie string // which must be among the headers of the answer; "" if that is not known
}

// saveMade saves a session that this request has given a secret.
func (r *request) saveMade(c *gin.Context, session sessions.Session) (err error) {
	r.outside(func() { err = r.m.save(r, c, session) })
	if err != nil {
		return err
	}
	key, err := r.keyBy(c)
	if err != nil {
		return err
	}
	known, cookie := false, ""
	r.askSession(session, func(session sessions.Session) {
		known, cookie = secret.IsKnownByID(session), secret.CookieOf(session)
	})
	r.unsaved = nil
	if known {
		r.key, r.made = key, madeKey{}
		return nil
	}
	r.made = madeKey{key: key}
	if secret.Sets(r.writer.Header(), cookie) || secret.Sets(c.Writer.Header(), cookie) {
		r.made.cookie = cookie
	}
	return nil
}

// headersApart reports whether a middleware between flashgin and the handler keeps headers of its
// own.
func (r *request) headersApart(c *gin.Context) bool {
	return requestBehind(c.Writer) == r && !writers.SameHeader(c.Writer.Header(), r.writer.Header())
}

// makeKey gives the session a new key in the place of old, and saves it.
func (r *request) makeKey(c *gin.Context, old string) (key string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m.cfg.SessionKey != nil && !r.cookie.canMake() {
		return "", errNoKey
	}
	if err := r.mayMakeKey(); err != nil {
		return "", err
	}
	if isCopy(c) {
		return "", errCopy
	}
	if r.m.cfg.SessionKey != nil {
		return r.makeCookieKey(c, old)
	}
	var session sessions.Session
	r.outside(func() { session, err = r.m.putSecret(r, c) })
	if err == nil {
		err = r.saveMade(c, session)
	}
	if err != nil {
		return "", err
	}
	return r.keyBy(c)
}

// makeCookieKey makes a secret for the cookie of CookieKey, and returns what Config.SessionKey
// makes of it. If that is old still, the key comes from elsewhere, and needs no cookie.
func (r *request) makeCookieKey(c *gin.Context, old string) (string, error) {
	r.renewCookie()
	key, err := r.keyBy(c)
	if key == "" && err == nil {
		err = errNoKey
	}
	if key != old {
		r.made = madeKey{key: key}
	}
	return key, err
}

// isMade reports whether the browser does not have the key yet: this request has made it.
func (r *request) isMade(key string) bool { return key != "" && key == r.made.key }

// noteKey notes a key that the browser has.
func (r *request) noteKey(key string) {
	if r.unsaved == nil && !r.isMade(key) {
		r.key = key
	}
}

// keyBeside returns the key for a goroutine beside the handler, if it is known: the session is not
// read there. r may be nil.
func (r *request) keyBeside() (string, error) {
	if r == nil || !r.hasCalled(toAdd) || !isBeside() {
		return "", nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.ended(), r.key != "":
		return r.key, nil
	case r.unsaved != nil:
		return "", errCopy
	case r.committed.Load():
		return "", ErrTooLate
	}
	return r.made.key, nil
}

// handOut is for a key that leaves the request, to a job. It saves the session if that has its
// secret from this request and would not be saved otherwise: the page may have shown the message
// that it was made for.
func (r *request) handOut(c *gin.Context, key string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isMade(key) && r.committed.Load() {
		return ErrTooLate
	}
	if r.unsaved == nil {
		r.noteKey(key)
		r.called(toAdd)
		return nil
	}
	if err := r.mayMakeKey(); err != nil {
		return err
	}
	if isCopy(c) {
		return errCopy
	}
	session, err := r.m.session(c)
	if err != nil {
		return err
	}
	return r.saveMade(c, session)
}

// saveKey returns the session's key as it is now: the handler may have cleared the session since
// the messages were added. A new secret is saved.
func (r *request) saveKey() (string, error) {
	if err := r.bind(r.c); err != nil {
		return "", err
	}
	if made := r.unsaved; made != nil {
		ends, header := false, r.writer.Header()
		r.askSession(made, func(session sessions.Session) { ends = secret.Ends(session, header) })
		if ends {
			return "", errCookieReplaced // a handler has logged its user out
		}
		if err := r.mayBegin(func() string { return r.cookieOf(made) }); err != nil {
			return "", err
		}
		if err := r.saveSession(r.c, made); err != nil {
			return "", err
		}
	}
	key, err := r.keyBy(r.c)
	if key == "" && err == nil && r.m.cfg.SessionKey != nil {
		if err := r.mayBegin(func() string { return *r.cookie.name.Load() }); err != nil {
			return "", err
		}
		key, err = r.makeCookieKey(r.c, "")
	}
	if err != nil {
		return "", err
	}
	if r.isMade(key) {
		err = r.bringsMade()
	}
	r.noteSession()
	return key, err
}

// mayBegin returns an error if a message must not begin a session in the cookie that nameOf names:
// another site asks, and SameSite may have kept the cookie that the browser has. A new one would
// log its user out, who comes back from a payment, say. A handler that saves the session itself, or
// asks for its key, has decided otherwise.
func (r *request) mayBegin(nameOf func() string) error {
	if r.http.Header.Get("Sec-Fetch-Site") != "cross-site" {
		return nil
	}
	cookie := nameOf()
	_, err := r.http.Cookie(cookie)
	if cookie != "" && err == nil || secret.Sets(r.writer.Header(), cookie) {
		return nil
	}
	return errCrossSite
}

// cookieOf returns the name of the cookie that a session is in, or has its ID in; "" if that is not
// known.
func (r *request) cookieOf(session sessions.Session) (name string) {
	r.askSession(session, func(session sessions.Session) { name = secret.CookieOf(session) })
	return name
}

var errCrossSite = fmt.Errorf("%w: a request from another site came without the session's cookie, "+
	"which its SameSite may have kept back, and gets no new session: redirect to a page of this host "+
	"that adds the message, or call Messenger.SessionKey if there is no session to lose", ErrNoSession)

// saveSession saves the session of c, to which this request has given a secret.
func (r *request) saveSession(c *gin.Context, made sessions.Session) error {
	if err := r.mayMakeKey(); err != nil {
		return err
	}
	session, err := r.m.session(c)
	if err != nil {
		return err
	}
	// HandleContext has made a new one with the same values, unless it is the same.
	if !reflect.ValueOf(made).Comparable() || session != made {
		r.outside(func() { err = r.m.copySecret(r, session, made) })
		if err != nil {
			return err
		}
	}
	return r.saveMade(c, session)
}

// errCopy is what SessionKey says of a copy if there is no key yet, and Forget of any, whatever the
// moment: by the next run of the program the request may have ended before.
const errCopy = tooLate("flashgin: a copy of the *gin.Context has no answer that could bring the " +
	"session a new key: call Messenger.SessionKey or Forget in the handler, with the handler's own")

// A tooLate is an ErrTooLate whose general text would be untrue.
type tooLate string

func (e tooLate) Error() string        { return string(e) }
func (e tooLate) Is(target error) bool { return target == ErrTooLate }

// isCopy reports whether c was made by (*gin.Context).Copy, and writes no answer.
func isCopy(c *gin.Context) bool { return c.Writer == nil || writers.Bottom(c.Writer) == nil }

// errCookieWithheld is what is said of an answer that leaves without the cookie of a new key.
var errCookieWithheld = fmt.Errorf("%w: a middleware, such as one that ends slow handlers, "+
	"has answered without the headers of the handler, and so without the session's new cookie: "+
	"what waits under its key is lost; let sessions.Sessions run around that middleware, "+
	"or make the key before, with Messenger.SessionKey", ErrTooLate)

// bringsMade returns nil if the answer, whose headers are about to leave, brings the cookie of the
// key that the request has made. The lock is held.
func (r *request) bringsMade() error {
	err := r.mayMakeKey()
	if err == nil && r.made.cookie != "" && !secret.Sets(r.writer.Header(), r.made.cookie) {
		err = errCookieWithheld
	}
	return err
}

// errCookieReplaced is what is said of an answer after which the browser has the key no more.
var errCookieReplaced = fmt.Errorf("%w: the answer sets the session's cookie to something else, or "+
	"expires it, so what waits under its key is lost: to end a session, clear its values and save it; "+
	"do not delete its cookie, nor give another one its name", ErrNoSession)

// leavesKey returns an error if the browser does not have the key after this answer, because the
// handler sets the cookie by itself.
func (r *request) leavesKey(key string) error {
	header := r.writer.Header()
	if len(header["Set-Cookie"]) == 0 {
		return nil
	}
	leaves := true
	if r.m.cfg.SessionKey == nil {
		r.ask(func(session sessions.Session) { leaves = secret.LeadsTo(key, session, header) })
	} else if name := r.cookie.name.Load(); name != nil && !r.isMade(key) {
		sent, _ := secret.Sent(&r.http, *name)
		leaves = secret.Key(sent) != key || !secret.Takes(sent, header, *name)
	}
	if !leaves {
		return errCookieReplaced
	}
	return nil
}

// settleUnsaved is called when the headers leave. If the handler has saved the session for itself,
// the browser gets the key. If not, nobody will have it, whoever saves the session later.
func (r *request) settleUnsaved() {
	if r.unsaved == nil {
		return
	}
	saved := false
	r.askSession(r.unsaved, func(session sessions.Session) {
		saved = secret.IsSaved(session, r.writer.Header())
	})
	if saved && r.mayMakeKey() == nil {
		r.unsaved = nil
	}
}

// settleMade is called when the headers leave, and notes whether the browser gets the key that the
// request has made. If it does not, that is reported, unless that was done with the messages under
// it.
func (r *request) settleMade(reported bool) {
	if r.made.key == "" {
		return
	}
	err := r.bringsMade()
	if err == nil && !reported {
		err = r.leavesKey(r.made.key)
	}
	if err == nil {
		r.key, r.made = r.made.key, madeKey{}
		return
	}
	if !reported && r.client.Err() == nil {
		r.failAnswer("save the session", err)
	}
}
