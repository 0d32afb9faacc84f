package flashgin

import (
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/request"
)

// SessionKey returns the key of the request's session: what a handler hands to a job, which adds
// messages with [Messenger.Add]. It is a hash, so whoever knows it can add and take messages of the
// session, but cannot become its user. If the session has no key yet, one is made and the session
// is saved. The answer that brings it is kept out of caches, as one with messages.
//
// The errors are [ErrNoSession], [ErrTooLate], and that of saving the session; with [CookieKey]
// also [ErrNotInstalled]. Call it in the handler, in the request's own goroutine, and hand the key
// to what outlives the request: after it, c is another user's. A copy of c has the key that there
// is, and makes none.
func (m *Messenger) SessionKey(c *gin.Context) (string, error) {
	r, err := requestFor(c, request.ToAdd)
	if r != nil && err != nil {
		return "", err
	}
	return m.keeper.SessionKey(r.Keys(), c)
}

// Forget gives the session a new key from here on, and saves it: call it at login, against session
// fixation: then whoever planted the session in the browser cannot read what its user is told.
// Messages that wait under the old key are not shown any more; those that this request has added
// use the new one. A session without a key is left as it is.
//
// The errors are [ErrNoSession], [ErrTooLate], that of saving the session, and an error where a
// Config.SessionKey other than that of [CookieKey] makes the keys. Call it in the handler, in the
// request's own goroutine: after the request, c is another user's, and a copy of c can do nothing.
func (m *Messenger) Forget(c *gin.Context) error {
	r, err := requestFor(c, request.ToAdd)
	if r != nil && err != nil {
		return err
	}
	old, err := m.keeper.Renew(r.Keys(), c)
	if old != "" {
		m.endForgotten(old)
	}
	return err
}

// SessionHash returns the name of a session key that people see: in the log at the level Debug
// and, in braces, in the Redis keys of a [RedisStore]. It has 22 characters and gives no access to
// the messages. It is safe for concurrent use by multiple goroutines.
func SessionHash(session string) string { return queue.Hash(session) }
