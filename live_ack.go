package flashgin

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/live"
	"github.com/flashgin/flashgin/internal/queue"
)

// serveAck settles claims of streams. It gives the same answer for messages that are settled
// already, wait again, or never existed.
func (m *Messenger) serveAck(c *gin.Context) {
	keepOut(c)
	if browser.SenderOf(c.Request) != browser.ThisOrigin { // only our own pages may settle
		c.AbortWithStatus(http.StatusForbidden)
		return
	}
	ack, status := live.ReadAck(c.Writer, c.Request)
	if status != http.StatusNoContent {
		c.AbortWithStatus(status)
		return
	}
	session, err := m.key(c)
	if err != nil {
		m.errs.Report(c.Request.Context(), "find the session", err)
		c.AbortWithStatus(http.StatusServiceUnavailable)
		return
	}
	if session != "" {
		m.live.Arrived(m.wakeName(session), ack)
		for _, claim := range claimsOf(session, ack.Shown) {
			m.store.Confirm(claim, time.Now())
		}
		for _, claim := range claimsOf(session, ack.Back) {
			m.store.Release(claim)
		}
	}
	c.Status(status)
}

// claimsOf groups messages into claims: at each view, those of one claim have the same ticket.
func claimsOf(session string, list live.HandedList) []queue.Claim[Message] {
	var claims []queue.Claim[Message]
next:
	for _, msg := range list {
		it := queueItem(Message{View: msg.View, ID: msg.ID, Created: msg.Created})
		for i := range claims {
			if ticket, ok := claims[i].Tickets[msg.View]; !ok || ticket == msg.Ticket {
				claims[i].Tickets[msg.View] = msg.Ticket
				claims[i].Items = append(claims[i].Items, it)
				continue next
			}
		}
		tickets := map[string]string{msg.View: msg.Ticket}
		claims = append(claims, queue.Claim[Message]{
			Session: session, Items: []queue.Item[Message]{it}, Tickets: tickets,
		})
	}
	return claims
}
