package routes

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/live"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/viewpath"
)

// serveAck settles claims of streams. It gives the same answer for messages that are settled
// already, wait again, or never existed.
func (rs *Routes[T]) serveAck(c *gin.Context) {
	keepOut(c)
	c.Header("Cache-Control", kept)
	if browser.SenderOf(c.Request) != browser.ThisOrigin { // only our own pages may settle
		c.AbortWithStatus(http.StatusForbidden)
		return
	}
	ack, status := live.ReadAck(c.Writer, c.Request)
	if status != http.StatusNoContent {
		c.AbortWithStatus(status)
		return
	}
	session, err := rs.key(c)
	if err != nil {
		rs.Answers.Errors.Report(c.Request.Context(), "find the session", err)
		c.AbortWithStatus(http.StatusServiceUnavailable)
		return
	}
	if session != "" {
		rs.Hub.Arrived(rs.Answers.Store.WakeName(session), ack)
		page := rs.pageOf(c.Request)
		for _, claim := range rs.claimsOf(session, ack.Shown) {
			claim.Page = page
			rs.Answers.Store.Confirm(claim, time.Now())
		}
		for _, claim := range rs.claimsOf(session, ack.Back) {
			rs.Answers.Store.Release(claim)
		}
	}
	c.Status(status)
}

// pageOf returns the path of the page whose script makes a request, for the log.
func (rs *Routes[T]) pageOf(r *http.Request) string {
	if page, ok := browser.FromPage(r, r.Header.Get("Referer")); ok {
		return viewpath.WithoutPrefix(page.Path, rs.Prefix)
	}
	return r.URL.Path
}

// claimsOf groups messages into claims: at each view, those of one claim have the same ticket.
func (rs *Routes[T]) claimsOf(session string, list live.HandedList) []queue.Claim[T] {
	var claims []queue.Claim[T]
next:
	for _, msg := range list {
		it := rs.Item(msg.View, msg.ID, msg.Created)
		for i := range claims {
			if ticket, ok := claims[i].Tickets[msg.View]; !ok || ticket == msg.Ticket {
				claims[i].Tickets[msg.View] = msg.Ticket
				claims[i].Items = append(claims[i].Items, it)
				continue next
			}
		}
		tickets := map[string]string{msg.View: msg.Ticket}
		claims = append(claims, queue.Claim[T]{
			Session: session, Items: []queue.Item[T]{it}, Tickets: tickets,
		})
	}
	return claims
}
