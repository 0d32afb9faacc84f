package flashgin

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
)

// ackBytesAtMost bounds what a browser acknowledges at a time. It is also what browsers send when a page is left.
const ackBytesAtMost = 64 << 10

// ackTicketsAtMost bounds the calls of the store that one acknowledgement makes: one for each ticket of a view, in the background. Our script names 50
// messages at a time.
const ackTicketsAtMost = 64

// ackMessagesAtMost bounds the messages that one acknowledgement names: an entry of a few bytes
// becomes a Message of some hundred.
const ackMessagesAtMost = 1000

// acknowledgement is what a page says of the messages that its stream handed over.
type acknowledgement struct {
	Shown handedList `json:"shown"` // the user has seen them
	Back  handedList `json:"back"`  // the page was left before: they are to wait again
}

// handedList is decoded entry by entry, so that too many are noticed before there is room for them.
type handedList []handed

var errAckTooLarge = errors.New("flashgin: an acknowledgement names too many messages")

// UnmarshalJSON implements [json.Unmarshaler].
func (list *handedList) UnmarshalJSON(text []byte) error {
	*list = nil
	entries := json.NewDecoder(bytes.NewReader(text))
	switch start, err := entries.Token(); {
	case err != nil:
		return err
	case start == nil: // null
		return nil
	case start != json.Delim('['):
		return errors.New("flashgin: an acknowledgement is a list")
	}
	for entries.More() {
		if len(*list) == ackMessagesAtMost {
			return errAckTooLarge
		}
		var entry handed
		if err := entries.Decode(&entry); err != nil {
			return err
		}
		*list = append(*list, entry)
	}
	return nil
}

// handed is a message as far as its store must know it.
type handed struct {
	View   string `json:"view"`
	ID     string `json:"id"`
	Ticket string `json:"ticket"`
	// Created tells messages with the same own ID apart: see shownMessage. Clients may leave it out.
	Created time.Time `json:"created"`
}

// serveAck settles claims of streams. It answers the same for messages that are settled already, are waiting again, or never were.
func (m *Messenger) serveAck(c *gin.Context) {
	keepOut(c)
	if browser.SenderOf(c.Request) != browser.ThisOrigin { // what changes something wants to know
		c.AbortWithStatus(http.StatusForbidden)
		return
	}
	var ack acknowledgement
	body := http.MaxBytesReader(c.Writer, c.Request.Body, ackBytesAtMost)
	err := json.NewDecoder(body).Decode(&ack)
	if err == nil && (len(ack.Shown)+len(ack.Back) > ackMessagesAtMost || ack.tickets() > ackTicketsAtMost) {
		err = errAckTooLarge
	}
	if err != nil {
		status := http.StatusBadRequest
		if tooLarge := (*http.MaxBytesError)(nil); errors.Is(err, errAckTooLarge) || errors.As(err, &tooLarge) {
			status = http.StatusRequestEntityTooLarge
		}
		c.AbortWithStatus(status)
		return
	}
	session, err := m.key(requestOf(c), c)
	if err != nil {
		m.errs.Report(c.Request.Context(), "find the session", err)
		c.AbortWithStatus(http.StatusServiceUnavailable)
		return
	}
	if session != "" {
		for _, claim := range claimsOf(session, ack.Shown) {
			m.store.confirm(claim, time.Time{})
		}
		for _, claim := range claimsOf(session, ack.Back) {
			m.store.release(claim)
		}
	}
	c.Status(http.StatusNoContent)
}

// tickets returns how many tickets the acknowledgement names, each for a view.
func (ack acknowledgement) tickets() int {
	seen := map[handed]bool{}
	for _, list := range [...][]handed{ack.Shown, ack.Back} {
		for _, msg := range list {
			seen[handed{View: msg.View, Ticket: msg.Ticket}] = true
		}
	}
	return len(seen)
}

// claimsOf puts messages together that the same claim, or none, took at each view.
func claimsOf(session string, list []handed) []Claim {
	var claims []Claim
next:
	for _, msg := range list {
		m := Message{View: msg.View, ID: msg.ID, Created: msg.Created}
		for i := range claims {
			if ticket, ok := claims[i].Tickets[msg.View]; !ok || ticket == msg.Ticket {
				claims[i].Tickets[msg.View] = msg.Ticket
				claims[i].Messages = append(claims[i].Messages, m)
				continue next
			}
		}
		claims = append(claims, Claim{Session: session, Messages: Messages{m}, Tickets: map[string]string{msg.View: msg.Ticket}})
	}
	return claims
}
