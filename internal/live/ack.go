package live

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

const (
	// ackBytesAtMost bounds an acknowledgement. Browsers send no more than that when a page is
	// left.
	ackBytesAtMost = 64 << 10
	// ackTicketsAtMost bounds the calls of the store that an acknowledgement makes: one for each
	// ticket of a view, in the background. Our script names 30 messages at a time.
	ackTicketsAtMost = 64
	// ackMessagesAtMost bounds the messages: an entry of a few bytes needs some hundred in memory.
	ackMessagesAtMost = 1000
)

// An Ack is what a page says of messages that its stream has brought.
type Ack struct {
	Shown HandedList `json:"shown"` // the user has seen them
	Back  HandedList `json:"back"`  // the user has left the page before: they shall wait again
}

// Handed has the fields of a message that the store needs to settle it.
type Handed struct {
	View   string `json:"view"`
	ID     string `json:"id"`
	Ticket string `json:"ticket"` // of the claim that took it
	// Created tells messages with the same own ID apart. Clients may leave it out.
	Created time.Time `json:"created"`
}

// A HandedList is decoded entry by entry, so too many entries are refused before they take memory.
type HandedList []Handed

var errAckTooLarge = errors.New("flashgin: an acknowledgement names too many messages")

// UnmarshalJSON implements [json.Unmarshaler].
func (list *HandedList) UnmarshalJSON(text []byte) error {
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
		var entry Handed
		if err := entries.Decode(&entry); err != nil {
			return err
		}
		*list = append(*list, entry)
	}
	return nil
}

// ReadAck reads an acknowledgement. status is 204, or an error status if the body is not an
// acknowledgement or too large.
func ReadAck(w http.ResponseWriter, r *http.Request) (ack Ack, status int) {
	body := http.MaxBytesReader(w, r.Body, ackBytesAtMost)
	err := json.NewDecoder(body).Decode(&ack)
	messages := len(ack.Shown) + len(ack.Back)
	if err == nil && (messages > ackMessagesAtMost || ack.tickets() > ackTicketsAtMost) {
		err = errAckTooLarge
	}
	tooLarge := (*http.MaxBytesError)(nil)
	switch {
	case err == nil:
		return ack, http.StatusNoContent
	case errors.Is(err, errAckTooLarge), errors.As(err, &tooLarge):
		return Ack{}, http.StatusRequestEntityTooLarge
	}
	return Ack{}, http.StatusBadRequest
}

// tickets returns how many tickets the acknowledgement names, each for a view.
func (ack Ack) tickets() int {
	seen := map[Handed]bool{}
	for _, list := range [...]HandedList{ack.Shown, ack.Back} {
		for _, msg := range list {
			seen[Handed{View: msg.View, Ticket: msg.Ticket}] = true
		}
	}
	return len(seen)
}

// A mark identifies a ticket of a parcel that is being written.
type mark struct{ session, view, ticket string }

// Arrived notes what a page acknowledges, before the claims are settled. If a page names one ticket
// of a parcel, it has the whole parcel and settles it. Then the stream that is still writing the
// parcel releases nothing, even if the write fails. Who would miss it: the user whose page has
// shown the messages when its connection breaks, and who would see them again.
func (h *Hub) Arrived(session string, ack Ack) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.writing) == 0 {
		return
	}
	for _, list := range [...]HandedList{ack.Shown, ack.Back} {
		for _, msg := range list {
			at := mark{session, msg.View, msg.Ticket}
			if _, writing := h.writing[at]; writing {
				h.writing[at] = true
			}
		}
	}
}

// begins notes that a parcel is being written.
func (h *Hub) begins(session string, tickets map[string]string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for view, ticket := range tickets {
		h.writing[mark{session, view, ticket}] = false
	}
}

// ends follows begins. It reports whether the page has said that it has the parcel.
func (h *Hub) ends(session string, tickets map[string]string) (arrived bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for view, ticket := range tickets {
		at := mark{session, view, ticket}
		arrived = h.writing[at] || arrived
		delete(h.writing, at)
	}
	return arrived
}
