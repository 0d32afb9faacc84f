package flashgin

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/live"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/sse"
	"github.com/flashgin/flashgin/internal/views"
	"github.com/flashgin/flashgin/internal/writers"
)

// mountLive adds the routes of live delivery to a group at Config.MountPath.
func (m *Messenger) mountLive(group gin.IRoutes) {
	group.GET("/stream", m.serveStream)
	group.POST("/ack", m.serveAck)
}

// serveStream answers with the messages for the views that the query names, as they come. The
// cookie alone says which session it is, and no session is made here.
func (m *Messenger) serveStream(c *gin.Context) {
	if conn, page := m.newStream(c); page != nil {
		m.live.Serve(conn, page)
	}
}

// newStream returns what a stream needs, or nil if it has answered the request itself.
func (m *Messenger) newStream(c *gin.Context) (*live.Conn, *live.Page) {
	keepOut(c)
	c.Header("Cache-Control", "private, no-store, no-transform")
	if browser.SenderOf(c.Request) == browser.Another {
		c.AbortWithStatus(http.StatusForbidden)
		return nil, nil
	}
	views := m.streamViews(c.Request)
	if views == nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return nil, nil
	}
	r := requestOf(c)
	session, err := m.key(c)
	if err != nil {
		m.errs.Report(c.Request.Context(), "find the session", err)
	}
	if err == nil && session == "" || browser.Prefetch(c.Request.Header) || m.storedByPageCache(c) {
		c.Status(http.StatusNoContent) // nothing to listen to: clients do not come back
		return nil, nil
	}
	ways := []live.Way{wayBy(c.Writer)}
	if r != nil { // past a middleware within ours that hides the connection, to compress say
		ways = append(ways, wayBy(r.Writer()))
	}
	conn := m.live.Connect(ways...)
	switch {
	case conn == nil:
		c.Status(http.StatusNoContent)
		return nil, nil
	case err != nil:
		conn.Later()
		return nil, nil
	}
	return conn, m.openPage(r, c, session, views)
}

func wayBy(w live.Writer) live.Way {
	return live.Way{
		Out:    w,
		Base:   writers.Bottom(w),
		Direct: func() bool { return writers.HasOneHeader(w) },
		Passed: func() int { return writers.Passed(w) },
	}
}

// openPage returns the page that c asks a stream for. r is its request, or nil.
func (m *Messenger) openPage(
	r *reply, c *gin.Context, session string, views []string,
) *live.Page {
	return &live.Page{
		Context: c.Request.Context(),
		Session: m.wakeName(session),
		Peer:    c.RemoteIP(),
		Client:  c.ClientIP(),
		Owned:   func() bool { return m.owns(r, c, session) },
		Claim: func(ctx context.Context) (live.Parcel, error) {
			return m.claimParcel(ctx, session, views, sse.Handover)
		},
	}
}

// streamViews returns the views that a request names, or nil if they are too many, too long, or
// none.
func (m *Messenger) streamViews(r *http.Request) []string {
	if len(r.URL.RawQuery) > views.QueryAtMost {
		return nil
	}
	named := r.URL.Query()["view"]
	if len(named) > views.ListAtMost {
		return nil
	}
	for i, view := range named {
		if named[i] = m.cleanView(view); named[i] == "" {
			return nil
		}
	}
	return named
}

// claimParcel claims messages for an open page. Scripts show text alone, so it releases messages
// with only HTML, and these wait for a page that a template renders. encode makes the text of them.
func (m *Messenger) claimParcel(
	ctx context.Context, session string, views []string,
	encode func([]Message, map[string]string) ([]byte, error),
) (live.Parcel, error) {
	claim, err := m.store.Claim(ctx, session, views, delivery.ForStream)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, guard.ErrDown) && !errors.Is(err, guard.ErrBusy) {
			m.errs.Report(ctx, "claim for an open page", err)
		}
		return live.Parcel{}, err
	}
	if len(claim.Items) == 0 {
		return live.Parcel{}, nil
	}
	forScript, back := claim, claim
	forScript.Items, back.Items = nil, nil
	for _, it := range claim.Items {
		if it.Value.hasText() {
			forScript.Items = append(forScript.Items, it)
		} else {
			back.Items = append(back.Items, it)
		}
	}
	m.store.Release(back)
	parcel := live.Parcel{
		Tickets: claim.Tickets,
		Release: func() { m.store.Release(forScript) },
	}
	if len(forScript.Items) == 0 {
		return parcel, nil
	}
	messages := withKinds(messagesOf(forScript.Items))
	if parcel.Text, err = encode(messages, claim.Tickets); err != nil {
		parcel.Release()
		m.errs.Report(ctx, "encode for an open page", err)
		return live.Parcel{}, err
	}
	return parcel, nil
}

// owns reports whether the request of an open page still belongs to the session. It returns false
// on an error: when the page comes back, it learns what is wrong. If the session is in a cookie
// alone, only End, or the bounded life of a stream, ends it.
func (m *Messenger) owns(r *reply, c *gin.Context, session string) bool {
	owns, err := m.keeper.Owns(r.Keys(), c, session)
	if err != nil && !errors.Is(err, ErrNoSession) {
		m.errs.Report(c.Request.Context(), "find the session of an open page again", err)
	}
	return owns && err == nil
}

// End ends the streams to the open pages of a session: call it at logout and when an account is
// locked, if Config.SessionKey returns something that lasts longer than a login, such as a user's
// ID. Each page then connects again, with the cookies that its browser has by then. So End alone
// locks nobody out: the result of Config.SessionKey for the next request decides. Messages that
// wait stay; [Messenger.Take] removes them. [Messenger.Forget] ends the streams of the key that it
// gives up, without a call of End.
//
// session is the key that [Messenger.SessionKey] or Config.SessionKey returns. With a [RedisStore]
// End ends the streams of all processes that use the same App and servers. With other stores, and
// with a client for a ring of servers, it ends those of this Messenger.
//
// The errors are [ErrNoSession] if session is empty, and an error of telling the other processes;
// then the streams of this process end all the same. End waits for the store two seconds at most.
// It is safe for concurrent use by multiple goroutines.
func (m *Messenger) End(session string) error {
	if session == "" {
		return fmt.Errorf("%w: End was given an empty session key", ErrNoSession)
	}
	m.live.End(m.wakeName(session), sse.ByeAgain)
	return m.store.TellEnd(session)
}

// endForgotten ends the streams of a key that a request gives up. The request does not wait until
// other processes know.
func (m *Messenger) endForgotten(session string) {
	m.live.End(m.wakeName(session), sse.ByeOver)
	m.store.TellEndLater(session)
}

// newHub returns the Hub that has the streams of m.
func (m *Messenger) newHub() *live.Hub {
	cfg := live.Config{
		Lease: m.cfg.Lease, Path: m.cfg.MountPath, Errors: &m.errs, AtOnce: m.known != nil,
	}
	if store, ok := m.queue.(queue.Watcher); ok {
		cfg.Watch = func(ctx context.Context, wake func(session string, ends bool)) error {
			defer m.known.Deaf()
			return store.Watch(ctx, func(w queue.Wake) {
				m.hear(w.Name)
				wake(w.Name, w.Ends)
			})
		}
	}
	return live.New(cfg)
}

// hear tells what is known that somebody has added something for a session, or that from now on
// such adds will be heard.
func (m *Messenger) hear(name string) {
	if name == "" {
		m.known.Listen()
	} else {
		m.known.Forget(name)
	}
}

// wakeName returns the name that a session has in the wake-ups of the store.
func (m *Messenger) wakeName(session string) string {
	if store, ok := m.queue.(queue.Watcher); ok {
		return store.Name(session)
	}
	return session
}
