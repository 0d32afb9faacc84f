package flashgin

import (
	"context"
	"errors"
	"net/http"
	"slices"
)

// A message counts as shown when the bytes that hold it were written, to a client who was still
// there. outcome has that rule, and the rest of this file the facts for it.

// outcome is what is known of an answer when its messages are judged.
type outcome struct {
	status   int
	away     bool  // the headers that have left send the user to another page
	hijacked bool  // the handler has taken the connection over
	panicked bool  // the handlers did not come to their end
	gone     bool  // the client, or what was written did not leave
	written  int64 // bytes of the body
}

// shows reports whether the answer has shown the item, if nothing more of it comes.
func (o outcome) shows(it *item) bool {
	switch {
	case it.state >= itemDelivered:
		return true
	case o.gone || o.away:
		return false
	}
	switch it.state {
	case itemTaken, itemPlaced:
		// What of the body holds it, only the handler knows: something that was written since.
		return it.fits(o.status) && (o.written > it.from || o.hijacked && !o.panicked)
	case itemCarried:
		return !o.panicked
	case itemPrinted:
		// Another answer may have taken the page's place, or middleware may have swallowed it.
		return o.status == it.status && o.written > it.from
	}
	return false
}

// fits reports whether an answer of that status can be the one that the item was taken for. A 5xx
// is, if it was known before. The others have no body, or one that the handler has not made.
func (it *item) fits(status int) bool {
	switch status {
	case http.StatusNoContent, http.StatusResetContent, http.StatusPartialContent, http.StatusRequestTimeout,
		http.StatusPreconditionFailed, http.StatusRequestedRangeNotSatisfiable:
		return false
	}
	return status == it.status || status >= http.StatusOK && status < http.StatusInternalServerError
}

// outcome returns what is known of the answer now.
func (r *request) outcome() outcome {
	return outcome{
		status:   r.writer.Status(),
		away:     r.away,
		hijacked: r.hijacked,
		panicked: r.panicked,
		gone:     r.broken || r.clientGone(),
		written:  r.written.Load(),
	}
}

// clientGone reports whether nobody waits for the answer any more. A deadline is that of middleware
// around the engine, and says nothing of the client: what was written without an error has left. But
// http.TimeoutHandler throws that away.
func (r *request) clientGone() bool {
	err := r.client.Err()
	return err != nil && !(errors.Is(err, context.DeadlineExceeded) && r.hasConnection())
}

// pageDone notes what has become of the page on which messages were being printed.
func (r *request) pageDone(w http.ResponseWriter, err error) {
	if r == nil { // a route that was registered before Install
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, it := range r.items {
		if it.state != itemPrinting {
			continue
		}
		if err != nil {
			it.state = itemWaiting
			continue
		}
		it.state, it.status = itemPrinted, statusOf(w)
	}
}

// wrote notes how many bytes of the body were written, and whether the client can still be reached.
func (r *request) wrote(n int, err error) {
	r.written.Add(int64(n))
	if err == nil || errors.Is(err, http.ErrBodyNotAllowed) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = true
}

// flushed notes that the first bytes of the body, as many as that, have left. Who went away after
// that has seen the messages in them, and the store is told at once: an answer that goes on may take
// longer than the lease.
func (r *request) flushed(bytes int64) {
	r.mu.Lock()
	o := r.outcome()
	if o.written = bytes; r.ended() || bytes == 0 {
		r.mu.Unlock()
		return
	}
	for _, it := range r.items {
		if it.state != itemCarried && o.shows(it) { // what is carried is read when all of the answer is there
			it.state = max(it.state, itemDelivered)
		}
	}
	shown := r.claimedItems(func(it *item) bool { return it.state == itemDelivered })
	for _, it := range r.items {
		if it.state == itemDelivered {
			it.state = itemConfirmed
		}
	}
	r.mu.Unlock()
	confirm(shown)
}

func confirm(claims []claimed) {
	for _, claim := range claims {
		claim.store.confirm(claim.Claim, claim.since)
	}
}

func release(claims []claimed) {
	for _, claim := range claims {
		claim.store.release(claim.Claim)
	}
}

// claimedItems returns the claims with those of their messages that match.
func (r *request) claimedItems(match func(*item) bool) []claimed {
	parts := slices.Clone(r.claims)
	for i := range parts {
		parts[i].Messages = nil
		for _, it := range r.items {
			if it.claim == i && match(it) {
				parts[i].Messages = append(parts[i].Messages, it.Message)
			}
		}
	}
	return parts
}
