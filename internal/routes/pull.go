package routes

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/answer"
	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/live"
	"github.com/flashgin/flashgin/internal/sse"
	"github.com/flashgin/flashgin/internal/views"
)

// servePull takes the session's messages at the views that the query names: {"messages": […]}. It
// returns only messages of the session to which the cookie belongs, whatever views are named.
func (rs *Routes[T]) servePull(c *gin.Context) {
	keepOut(c)
	r := answer.Of[T](c)
	r.HandOver()
	from := browser.SenderOf(c.Request)
	if c.GetHeader(browser.AskHeader) == "" ||
		from != browser.ThisOrigin && from != browser.Unsaid {
		c.AbortWithStatus(http.StatusForbidden)
		return
	}
	named := c.QueryArray("view")
	if len(named) == 0 || len(named) > views.ListAtMost {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	if !r.IsOf(rs.Answers) {
		rs.Answers.Errors.Warn("Mount is not behind Install, " +
			"so no page that was loaded ahead of time shows its messages")
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	if rs.storedByPageCache(c) {
		c.AbortWithStatus(http.StatusNotFound)
		return
	}
	for i, view := range named {
		named[i] = rs.clean(view)
	}
	r.NoteValues(c)
	if c.GetHeader(browser.AskHeader) == askTickets {
		rs.servePullWithTickets(r, c, named)
		return
	}
	messages := []T{}
	if r.MayPull() {
		messages = append(messages, rs.Messages(r.Pull(named))...)
	}
	c.JSON(http.StatusOK, gin.H{"messages": messages})
}

// askTickets is the value of browser.AskHeader of a script that acknowledges what it gets. Who
// would miss it: the user whose browser gives up a request when its answer is already written.
const askTickets = "tickets"

// servePullWithTickets answers as a stream would: {"messages": […], "tickets": {view: ticket}}. The
// script acknowledges the messages. Those of a request that was given up wait again.
func (rs *Routes[T]) servePullWithTickets(r *answer.Answer[T], c *gin.Context, views []string) {
	parcel := live.Parcel{Text: []byte(`{"messages":[],"tickets":{}}`)}
	session, err := rs.key(c)
	if err != nil {
		rs.Answers.Errors.Report(c.Request.Context(), "find the session", err)
	}
	if session != "" && err == nil && r.MayPull() {
		claimed, err := rs.claimParcel(c.Request.Context(), c, session, views, sse.Parcel)
		if err == nil && claimed.Text != nil {
			parcel = claimed
		}
	}
	c.Data(http.StatusOK, "application/json; charset=utf-8", parcel.Text)
	if parcel.Release != nil && c.Request.Context().Err() != nil {
		parcel.Release()
	}
}
