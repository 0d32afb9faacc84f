package flashgin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/sse"
)

// A stream may outlive its session: the user logs out, or somebody locks the account. So a stream
// asks again whose it is when a message comes. Where the session is in a cookie alone, its request
// says the same for ever: there End tells, and streamLife bounds what remains.

// End ends the streams to the open pages of a session: call it at logout and when an account is
// locked, if Config.SessionKey returns something that lasts longer than a login, such as a user's
// ID. Each page then asks again whose it is, with the cookies that its browser has by then. So End
// locks nobody out by itself: what Config.SessionKey returns for the next request decides. Messages
// that wait are left as they are; [Messenger.Take] removes them. [Messenger.Forget] ends the streams
// of the key that it gives up by itself.
//
// session is what [Messenger.SessionKey] returned, or Config.SessionKey returns. With a [RedisStore]
// End reaches the streams of all processes that use it; with other stores, and with a client for a
// ring of servers, those of this Messenger.
//
// The errors are [ErrNoSession] if session is empty, and that of telling the other processes, for
// which End waits two seconds at most; the streams of this process have been told then. It is safe
// for concurrent use by multiple goroutines.
func (m *Messenger) End(session string) error {
	if session == "" {
		return fmt.Errorf("%w: End was given an empty session key", ErrNoSession)
	}
	m.live.endSession(m.live.key(session), sse.ByeAgain)
	return m.store.tellEnd(session, 0)
}

// endMark stands before what wake calls a session, if the streams of the session are to end. The
// hashes by which RedisStore calls sessions never begin like that.
const endMark = "}"

// endTeller is what a store has that reaches the streams of other processes.
type endTeller interface {
	tellEnd(ctx context.Context, session string) error
}

// tellEnd tells other processes that the streams of a session are to end. It waits so long, or two
// seconds if that is zero.
func (d *delivery) tellEnd(session string, wait time.Duration) error {
	store, ok := d.cfg.Store.(endTeller)
	if !ok {
		return nil
	}
	o := guard.Options{Wait: wait, Effort: guard.AFewTimes}
	return d.call(context.Background(), o, func(ctx context.Context) error {
		return store.tellEnd(ctx, session)
	}, nil)
}

// tellEndLater is tellEnd for a request, which does not wait for it.
func (d *delivery) tellEndLater(session string) {
	tell := func(wait time.Duration) {
		if err := d.tellEnd(session, wait); err != nil {
			d.errs.Report(context.Background(), "end the streams of other processes", err)
		}
	}
	if !d.guard.Go(func() { tell(0) }) {
		tell(d.cfg.Timeout)
	}
}

// owned reports whether the request of the stream still belongs to its session. It asks as a new
// request would, and takes an error for a no: a page that comes back is told what is wrong.
func (s *stream) owned() bool {
	m, r := s.live.m, requestOf(s.c)
	err := guard.Caught("finding the session of a stream again", func() error {
		if err := r.use(func() error { return reloadSessions(r, s.c) }); err != nil {
			return err
		}
		key, err := m.key(r, s.c)
		if err == nil && key != s.session {
			err = ErrNoSession
		}
		return err
	})
	if err != nil && !errors.Is(err, ErrNoSession) {
		m.errs.Report(s.client, "find the session of an open page again", err)
	}
	return err == nil
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
