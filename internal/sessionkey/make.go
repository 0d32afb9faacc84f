package sessionkey

import (
	"fmt"
	"net/http"
	"reflect"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/request"
	"github.com/flashgin/flashgin/internal/secret"
	"github.com/flashgin/flashgin/internal/writers"
)

// mayMake returns nil if a cookie that is set now leaves with the request's own answer, or none is
// needed because the browser has the session's ID. After the headers, and under a page cache, it
// returns an error even then.
func (k *Keys) mayMake() error {
	why := k.request.WhyLate()
	if why == "" {
		if why = k.request.WhyNoAnswer(); why == "" || k.knownByID() {
			return k.keeper.errPageCache(k.request.Gin().Writer)
		}
	}
	return fmt.Errorf("%w: %s", k.keeper.ErrTooLate, why)
}

// make gives the session a new key in the place of old, and saves it. The lock is not held.
func (k *Keys) make(c *gin.Context, old string) (key string, err error) {
	k.request.Lock()
	defer k.request.Unlock()
	if k.keeper.Own != nil && !k.cookie.canMake() {
		return "", k.keeper.errNoKey()
	}
	if err := k.mayMake(); err != nil {
		return "", err
	}
	if request.IsCopy(c) {
		return "", k.keeper.errCopy()
	}
	if k.keeper.Own != nil {
		return k.makeCookie(c, old)
	}
	var session sessions.Session
	k.request.Outside(func() { session, err = k.keeper.putSecret(k, c) })
	if err == nil {
		err = k.saveMade(c, session)
	}
	if err != nil {
		return "", err
	}
	return k.By(c)
}

// makeCookie makes a secret for the cookie of CookieKey, and returns what Config.SessionKey makes
// of it. If that is old still, the key comes from elsewhere, and needs no cookie.
func (k *Keys) makeCookie(c *gin.Context, old string) (string, error) {
	k.renewCookie()
	key, err := k.By(c)
	if key == "" && err == nil {
		err = k.keeper.errNoKey()
	}
	if key != old {
		k.made = madeKey{key: key}
	}
	return key, err
}

// handOut is for a key that leaves the request, to a job. It saves the session if that has its
// secret from this request and would not be saved otherwise: the page may have shown the message
// that it was made for. The lock is not held.
func (k *Keys) handOut(c *gin.Context, key string) error {
	k.request.Lock()
	defer k.request.Unlock()
	if k.isMade(key) && k.request.Committed.Load() {
		return k.keeper.ErrTooLate
	}
	if k.unsaved == nil {
		k.Note(key)
		k.request.Called(request.ToAdd)
		return nil
	}
	if err := k.mayMake(); err != nil {
		return err
	}
	if request.IsCopy(c) {
		return k.keeper.errCopy()
	}
	session, err := k.keeper.session(c)
	if err != nil {
		return err
	}
	return k.saveMade(c, session)
}

// Bind makes sure that there is a session to bind messages to. A new secret is saved later, once,
// when the headers leave, unless that is too late for a middleware that keeps headers of its own.
func (k *Keys) Bind(c *gin.Context) error {
	key, err := k.By(c)
	if err != nil {
		return err
	}
	if key != "" {
		k.request.Called(request.ToAdd)
		return nil
	}
	if k.keeper.Own != nil && !k.cookie.canMake() {
		return k.keeper.errNoKey()
	}
	if err := k.mayMake(); err != nil {
		return err
	}
	if k.keeper.Own != nil {
		k.request.Called(request.ToAdd)
		return nil // the cookie is made when the headers leave, if a message waits then
	}
	var session sessions.Session
	k.request.Outside(func() { session, err = k.keeper.putSecret(k, c) })
	if err != nil {
		return err
	}
	k.unsaved = session
	k.request.Called(request.ToAdd)
	// The middleware (timeout) copies them before ours leave: the cookie must be among them now.
	if k.headersApart(c) {
		if err := k.mayBegin(func() string { return k.cookieOf(session) }); err != nil {
			return err
		}
		return k.saveMade(c, session)
	}
	return nil
}

// headersApart reports whether a middleware between flashgin and the handler keeps headers of its
// own.
func (k *Keys) headersApart(c *gin.Context) bool {
	return k.request.IsBehind(c.Writer) &&
		!writers.SameHeader(c.Writer.Header(), k.request.Writer().Header())
}

// Save returns the session's key as it is when the headers leave: the handler may have cleared the
// session since the messages were added. A new secret is saved.
func (k *Keys) Save() (string, error) {
	c := k.request.Gin()
	if err := k.Bind(c); err != nil {
		return "", err
	}
	if made := k.unsaved; made != nil {
		ends, header := false, k.request.Writer().Header()
		k.askSession(made, func(session sessions.Session) { ends = secret.Ends(session, header) })
		if ends {
			return "", k.keeper.errCookieReplaced() // a handler has logged its user out
		}
		if err := k.mayBegin(func() string { return k.cookieOf(made) }); err != nil {
			return "", err
		}
		if err := k.saveSession(c, made); err != nil {
			return "", err
		}
	}
	key, err := k.By(c)
	if key == "" && err == nil && k.keeper.Own != nil {
		if err := k.mayBegin(func() string { return *k.cookie.name.Load() }); err != nil {
			return "", err
		}
		key, err = k.makeCookie(c, "")
	}
	if err != nil {
		return "", err
	}
	if k.isMade(key) {
		err = k.bringsMade()
	}
	k.noteSession()
	if err == nil {
		k.Note(key)
	}
	return key, err
}

// mayBegin returns an error if a message must not begin a session in the cookie that nameOf names:
// another site asks, and SameSite may have kept the cookie that the browser has. A new one would
// log its user out, who comes back from a payment, say. A handler that saves the session itself, or
// asks for its key, has decided otherwise.
func (k *Keys) mayBegin(nameOf func() string) error {
	h := k.request.HTTP.Header
	if h.Get("Sec-Fetch-Site") != "cross-site" {
		return nil
	}
	// Whoever follows a link sends Lax cookies, so there is none. A page that is fetched ahead for
	// another site may have none either way.
	link := k.request.HTTP.Method == http.MethodGet && h.Get("Sec-Fetch-Dest") == "document"
	if link && !browser.Prefetch(h) && !k.isStrict() {
		return nil
	}
	cookie := nameOf()
	_, err := k.request.HTTP.Cookie(cookie)
	if cookie != "" && err == nil || secret.Sets(k.request.Writer().Header(), cookie) {
		return nil
	}
	return k.keeper.errCrossSite()
}

// isStrict reports whether browsers keep the session's cookie back even from links.
func (k *Keys) isStrict() (strict bool) {
	if k.keeper.Own == nil { // CookieKey's is Lax
		k.ask(func(session sessions.Session) { strict = secret.IsStrict(session) })
	}
	return strict
}

// saveSession saves the session of c, to which this request has given a secret.
func (k *Keys) saveSession(c *gin.Context, made sessions.Session) error {
	if err := k.mayMake(); err != nil {
		return err
	}
	session, err := k.keeper.session(c)
	if err != nil {
		return err
	}
	// HandleContext has made a new one with the same values, unless it is the same.
	if !reflect.ValueOf(made).Comparable() || session != made {
		k.request.Outside(func() {
			err = k.use(func() error {
				secret.Copy(session, made)
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	return k.saveMade(c, session)
}

// saveMade saves a session that this request has given a secret.
func (k *Keys) saveMade(c *gin.Context, session sessions.Session) (err error) {
	k.request.Outside(func() { err = k.keeper.save(k, c, session) })
	if err != nil {
		return err
	}
	key, err := k.By(c)
	if err != nil {
		return err
	}
	known, cookie := false, ""
	k.askSession(session, func(session sessions.Session) {
		known, cookie = secret.IsKnownByID(session), secret.CookieOf(session)
	})
	k.unsaved = nil
	if known {
		k.key, k.made = key, madeKey{}
		return nil
	}
	k.made = madeKey{key: key}
	if secret.Sets(k.request.Writer().Header(), cookie) || secret.Sets(c.Writer.Header(), cookie) {
		k.made.cookie = cookie
	}
	return nil
}

// bringsMade returns nil if the answer, whose headers are about to leave, brings the cookie of the
// key that the request has made.
func (k *Keys) bringsMade() error {
	err := k.mayMake()
	if err == nil && k.made.cookie != "" &&
		!secret.Sets(k.request.Writer().Header(), k.made.cookie) {
		err = k.keeper.errCookieWithheld()
	}
	return err
}

// Leaves returns an error if the browser does not have the key after this answer, because the
// handler sets the cookie by itself.
func (k *Keys) Leaves(key string) error {
	header := k.request.Writer().Header()
	if len(header["Set-Cookie"]) == 0 {
		return nil
	}
	leaves := true
	if k.keeper.Own == nil {
		k.ask(func(session sessions.Session) { leaves = secret.LeadsTo(key, session, header) })
	} else if name := k.cookie.name.Load(); name != nil && !k.isMade(key) {
		sent, _ := secret.Sent(&k.request.HTTP, *name)
		leaves = secret.Key(sent) != key || !secret.Takes(sent, header, *name)
	}
	if !leaves {
		return k.keeper.errCookieReplaced()
	}
	return nil
}

// Settle is called when the headers leave, and notes whether the browser gets the key that the
// request has made. If it does not, that is reported, unless it was reported with the messages that
// wait under the key.
func (k *Keys) Settle(reported bool) {
	if k.made.key != "" {
		err := k.bringsMade()
		if err == nil && !reported {
			err = k.Leaves(k.made.key)
		}
		if err == nil {
			k.key, k.made = k.made.key, madeKey{}
		} else if !reported && k.request.Client().Err() == nil {
			k.request.FailAnswer("save the session", err)
		}
	}
	if k.unsaved == nil {
		return
	}
	// If the handler has saved the session for itself, the browser gets the key. If not, nobody
	// will have it, whoever saves the session later.
	saved := false
	k.askSession(k.unsaved, func(session sessions.Session) {
		saved = secret.IsSaved(session, k.request.Writer().Header())
	})
	if saved && k.mayMake() == nil {
		k.unsaved = nil
	}
}

// Send sets the cookies with new secrets among the headers that are about to leave. It reports
// whether these bring a secret.
func (k *Keys) Send(header http.Header) (brings bool) {
	brings = k.cookie.made.Send(&k.request.HTTP, header)
	if k.cookie.made.ExpirePlanted(k.request.Given, k.keeper.Prefix, header) {
		brings = true
		k.request.WarnOnce(&k.keeper.planted, "a request brought two different cookies of "+
			"CookieKey, so neither was used: another host of the domain has planted one; give "+
			"CookieKey a name that begins with __Host-")
	}
	for outer := k.outer; brings && outer != nil; outer = outer.outer {
		outer.cookie.made.NoteSaved() // the handler there may change Cache-Control after us
	}
	return brings
}
