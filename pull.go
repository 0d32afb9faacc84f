package flashgin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/live"
	"github.com/flashgin/flashgin/internal/shown"
	"github.com/flashgin/flashgin/internal/sse"
)

// A page that a browser loads ahead of time, because it may be wanted next, must not take messages.
// When it is opened, no request tells us. So the page has the URL of its messages, and the script
// asks there when the page is seen. The same holds for a page if we cannot tell whether it is seen
// at all.

const (
	// pullViewsAtMost is many more than a page reads.
	pullViewsAtMost = 16
)

// pullURL returns the URL of the page's messages for when it is opened, or "" if the page is open
// already.
func (r *request) pullURL() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.findName()
	if r.ended() || r.m.mountedAt() == "" || r.http.Method == http.MethodHead ||
		r.views.Sight(r.writer.Status()) == browser.Visible {
		return ""
	}
	return r.m.mountedURL("messages") + "?" + r.views.Query()
}

// servePull takes the session's messages at the views that the query names: {"messages": […]}. It
// returns only messages of the session to which the cookie belongs, whatever views are named.
func (m *Messenger) servePull(c *gin.Context) {
	keepOut(c)
	r := requestOf(c)
	r.handOver()
	from := browser.SenderOf(c.Request)
	if c.GetHeader(browser.AskHeader) == "" || from != browser.ThisOrigin && from != browser.Unsaid {
		c.AbortWithStatus(http.StatusForbidden)
		return
	}
	views := c.QueryArray("view")
	if len(views) == 0 || len(views) > pullViewsAtMost {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	if r == nil || r.m != m {
		m.errs.Warn("Mount is not behind Install, " +
			"so no page that was loaded ahead of time shows its messages")
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	if m.storedByPageCache(c) {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	for i, view := range views {
		views[i] = m.cleanView(view)
	}
	r.noteValues(c)
	if c.GetHeader(browser.AskHeader) == askTickets {
		m.servePullWithTickets(r, c, views)
		return
	}
	messages := r.pull(views)
	if messages == nil {
		messages = Messages{}
	}
	c.JSON(http.StatusOK, gin.H{"messages": withKinds(messages)})
}

// askTickets is the value of browser.AskHeader of a script that acknowledges what it gets. Who
// would miss it: the user whose browser gives up a request when its answer is already written.
const askTickets = "tickets"

// servePullWithTickets answers as a stream would: {"messages": […], "tickets": {view: ticket}}. The
// script acknowledges the messages. Those of a request that was given up wait again.
func (m *Messenger) servePullWithTickets(r *request, c *gin.Context, views []string) {
	parcel := live.Parcel{Text: []byte(`{"messages":[],"tickets":{}}`)}
	session, err := m.key(r, c)
	if err != nil {
		m.errs.Report(c.Request.Context(), "find the session", err)
	}
	if session != "" && err == nil && r.mayPull() {
		claimed, err := m.claimParcel(c.Request.Context(), session, views, sse.Parcel)
		if err == nil && claimed.Text != nil {
			parcel = claimed
		}
	}
	c.Data(http.StatusOK, "application/json; charset=utf-8", parcel.Text)
	if parcel.Release != nil && c.Request.Context().Err() != nil {
		parcel.Release()
	}
}

// mayPull reports whether the answer may show messages at all, and keeps it out of caches.
func (r *request) mayPull() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.private = true
	return !r.ended() && r.views.MayShow(r.c.Writer.Header()) && !r.leftOpen()
}

// handOver leaves it to the handler which messages the answer has.
func (r *request) handOver() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.part.handled = true
}

// pull returns the messages at the views, not those that this request itself would read. A message
// with only HTML keeps waiting for a page that a template renders, because scripts show text alone.
func (r *request) pull(views []string) Messages {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended() || !r.views.MayShow(r.c.Writer.Header()) || r.leftOpen() {
		return nil
	}
	r.views.Narrow(views)
	r.claim()
	if r.ended() {
		return nil
	}
	r.private = true
	if r.list.IsEmpty() {
		return nil
	}
	way := shown.Way{State: shown.Taken, Written: r.written.Load()}
	return r.take(way, (*Message).hasText)
}
