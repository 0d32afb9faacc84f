package sessionkey

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/request"
)

// errOwnKeys is what Renew says where it cannot help.
var errOwnKeys = errors.New("flashgin: Forget: Config.SessionKey makes the keys here, " +
	"so give the session a new one there")

// errNoKey is what an add says where Config.SessionKey has none.
func (kr *Keeper) errNoKey() error {
	return fmt.Errorf(`%w: Config.SessionKey returned ""`, kr.ErrNoSession)
}

func (kr *Keeper) errCrossSite() error {
	return fmt.Errorf("%w: a request from another site came without the session's cookie, which "+
		"its SameSite may have kept back, and gets no new session: redirect to a page of this host "+
		"that adds the message, or call Messenger.SessionKey if there is no session to lose",
		kr.ErrNoSession)
}

// errCookieWithheld is what is said of an answer that leaves without the cookie of a new key.
func (kr *Keeper) errCookieWithheld() error {
	return fmt.Errorf("%w: a middleware, such as one that ends slow handlers, has answered without "+
		"the headers of the handler, and so without the session's new cookie: what waits under its "+
		"key is lost; let sessions.Sessions run around that middleware, or make the key before, "+
		"with Messenger.SessionKey", kr.ErrTooLate)
}

// errCookieReplaced is what is said of an answer after which the browser has the key no more.
func (kr *Keeper) errCookieReplaced() error {
	return fmt.Errorf("%w: the answer sets the session's cookie to something else, or expires it, so "+
		"what waits under its key is lost: to end a session, clear its values and save it; do not "+
		"delete its cookie, nor give another one its name", kr.ErrNoSession)
}

// errPageCache returns an error if a page cache stores what w writes: others would get the cookie
// with a new key from it.
func (kr *Keeper) errPageCache(w http.ResponseWriter) error {
	if pkg := caching.PageCacheOver(w); pkg != "" {
		return fmt.Errorf(
			"%w: %s would give the cookie with its new key to others: keep this route "+
				"out of it, or call SessionKey on another one before", kr.ErrNoSession, pkg)
	}
	return nil
}

// errCopy is the error of SessionKey for a copy if there is no key yet, and of Renew for any copy,
// even while the request runs: whether a copy is used in time is a race.
func (kr *Keeper) errCopy() error {
	return request.Refusal{Kind: kr.ErrTooLate, Text: "flashgin: a copy of the *gin.Context has no " +
		"answer that could bring the session a new key: call Messenger.SessionKey or Forget in the " +
		"handler, with the handler's own"}
}
