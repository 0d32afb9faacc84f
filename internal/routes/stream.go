package routes

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/answer"
	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/live"
	"github.com/flashgin/flashgin/internal/sse"
	"github.com/flashgin/flashgin/internal/viewpath"
	"github.com/flashgin/flashgin/internal/views"
	"github.com/flashgin/flashgin/internal/writers"
)

// serveStream answers with the messages for the views that the query names, as they come. The
// cookie alone says which session it is, and no session is made here.
func (rs *Routes[T]) serveStream(c *gin.Context) {
	if conn, page := rs.newStream(c); page != nil {
		rs.Hub.Serve(conn, page)
	}
}

// newStream returns what a stream needs, or nil if it has answered the request itself.
func (rs *Routes[T]) newStream(c *gin.Context) (*live.Conn, *live.Page) {
	keepOut(c)
	c.Header("Cache-Control", kept+", no-transform")
	if browser.SenderOf(c.Request) == browser.Another {
		c.AbortWithStatus(http.StatusForbidden)
		return nil, nil
	}
	views := rs.streamViews(c.Request)
	if views == nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return nil, nil
	}
	r := answer.Of[T](c)
	session, err := rs.key(c)
	if err != nil {
		rs.Answers.Errors.Report(c.Request.Context(), "find the session", err)
	}
	if err == nil && session == "" ||
		browser.Prefetch(c.Request.Header) || rs.storedByPageCache(c) {
		c.Status(http.StatusNoContent) // nothing to listen to: clients do not come back
		return nil, nil
	}
	ways := []live.Way{wayBy(c.Writer)}
	if r != nil { // past a middleware within ours that hides the connection, to compress say
		ways = append(ways, wayBy(r.Writer()))
	}
	conn := rs.Hub.Connect(ways...)
	switch {
	case conn == nil:
		c.Status(http.StatusNoContent)
		return nil, nil
	case err != nil:
		conn.Later()
		return nil, nil
	}
	return conn, rs.openPage(r, c, session, views)
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
func (rs *Routes[T]) openPage(
	r *answer.Answer[T], c *gin.Context, session string, views []string,
) *live.Page {
	return &live.Page{
		Context: c.Request.Context(),
		Session: rs.Answers.Store.WakeName(session),
		Peer:    c.RemoteIP(),
		Client:  c.ClientIP(),
		Owned:   func() bool { return rs.owns(r, c, session) },
		Claim: func(ctx context.Context) (live.Parcel, error) {
			return rs.claimParcel(ctx, c, session, views, sse.Handover)
		},
	}
}

// streamViews returns the views that a request names, or nil if they are too many, too long, or
// none.
func (rs *Routes[T]) streamViews(r *http.Request) []string {
	if len(r.URL.RawQuery) > views.QueryAtMost {
		return nil
	}
	query := r.URL.Query()
	named := query["view"]
	for i, view := range named {
		named[i] = rs.clean(view)
	}
	for _, view := range query[views.StreamView] {
		named = append(named, viewpath.Clean(view, ""))
	}
	if len(named) > views.StreamAtMost || slices.Contains(named, "") {
		return nil
	}
	return named
}

// claimParcel claims messages for an open page. Scripts show text alone, so it releases messages
// with only HTML, and these wait for a page that a template renders. encode makes the text of them.
func (rs *Routes[T]) claimParcel(
	ctx context.Context, c *gin.Context, session string, views []string,
	encode func([]T, map[string]string) ([]byte, error),
) (live.Parcel, error) {
	claim, err := rs.Answers.Store.Claim(ctx, session, views, delivery.ForStream)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, guard.ErrDown) && !errors.Is(err, guard.ErrBusy) {
			rs.Answers.Errors.Report(ctx, "claim for an open page", err)
		}
		return live.Parcel{}, err
	}
	if len(claim.Items) == 0 {
		return live.Parcel{}, nil
	}
	forScript, back := claim, claim
	forScript.Items, back.Items = nil, nil
	for _, it := range claim.Items {
		if rs.Answers.HasText(&it.Value) {
			forScript.Items = append(forScript.Items, it)
		} else {
			back.Items = append(back.Items, it)
		}
	}
	rs.Answers.Store.Release(back)
	parcel := live.Parcel{
		Tickets: claim.Tickets,
		Release: func() { rs.Answers.Store.Release(forScript) },
	}
	if len(forScript.Items) == 0 {
		return parcel, nil
	}
	items := forScript.Items
	if translate := rs.Answers.Translate; translate != nil {
		items = slices.Clone(items)
		translate(c, items)
	}
	messages := rs.Messages(items)
	if parcel.Text, err = encode(messages, claim.Tickets); err != nil {
		parcel.Release()
		rs.Answers.Errors.Report(ctx, "encode for an open page", err)
		return live.Parcel{}, err
	}
	return parcel, nil
}

// owns reports whether the request of an open page still belongs to the session. It returns false
// on an error: when the page comes back, it learns what is wrong. If the session is in a cookie
// alone, only End, or the bounded life of a stream, ends it.
func (rs *Routes[T]) owns(r *answer.Answer[T], c *gin.Context, session string) bool {
	owns, err := rs.Answers.Keeper.Owns(r.Keys(), c, session)
	if err != nil && !errors.Is(err, rs.Answers.Keeper.ErrNoSession) {
		rs.Answers.Errors.Report(c.Request.Context(), "find the session of an open page again", err)
	}
	return owns && err == nil
}
