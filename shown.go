package flashgin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A message counts as shown when the bytes that hold it were handed on, to a client who was still
// there. Which bytes hold what a handler took, only the handler knows: any that follow may. outcome
// has that rule, and the rest of this file the facts for it.

// outcome is what is known of an answer when its messages are judged.
type outcome struct {
	status   int
	away     bool  // the headers that have left send the user to another page
	hijacked bool  // the handler has taken the connection over
	panicked bool  // the handlers did not come to their end
	goesOn   bool  // they have not yet: this is a flush
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
		// What of the body holds it, only the handler knows: something that was written since. If
		// the handler has not come to its end, that may be anything, so the text itself is looked
		// for.
		if (o.panicked || o.goesOn) && it.probe != "" && !it.seen {
			return false
		}
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
// is, if it was known before, and so is 101, if the connection is taken over then. The others have
// no body, or one that the handler has not made.
func (it *item) fits(status int) bool {
	switch status {
	case http.StatusNoContent, http.StatusResetContent, http.StatusPartialContent,
		http.StatusRequestTimeout, http.StatusPreconditionFailed,
		http.StatusRequestedRangeNotSatisfiable:
		return false
	}
	return status == it.status || status == http.StatusSwitchingProtocols ||
		status >= http.StatusOK && status < http.StatusInternalServerError
}

// outcome returns what is known of the answer now.
func (r *request) outcome() outcome {
	if len(r.items) == 0 {
		return outcome{}
	}
	return outcome{
		status:   r.writer.Status(),
		away:     r.away,
		hijacked: r.hijacked,
		panicked: r.panicked,
		gone: r.broken || r.clientGone() || r.outOfTime() || r.isCut() ||
			// Who keeps the page in a buffer may throw it away, and answer in its place.
			r.panicked && r.isHeld(),
		written: r.written.Load(),
	}
}

// clientGone reports whether nobody waits for the answer any more. A deadline is that of middleware
// around the engine, and says nothing of the client: what was written without an error has left.
// But http.TimeoutHandler throws that away.
func (r *request) clientGone() bool {
	err := r.client.Err()
	return err != nil && !(errors.Is(err, context.DeadlineExceeded) && r.hasConnection())
}

// outOfTime reports whether the time for writing the answer is over. net/http takes what is written
// then, and nothing of it leaves. It counts from before the request came here, by however long
// middleware around flashgin took.
func (r *request) outOfTime() bool {
	if deadline := r.deadline.Load(); deadline != nil {
		return !deadline.IsZero() && !time.Now().Before(*deadline)
	}
	server, _ := r.client.Value(http.ServerContextKey).(*http.Server)
	return server != nil && server.WriteTimeout > 0 && time.Since(r.began) >= server.WriteTimeout
}

// isCut reports whether the answer has said that it is shorter than what was written, which HTTP/2
// takes without an error.
func (r *request) isCut() bool {
	length := r.header.Get("Content-Length")
	if length == "" {
		return false
	}
	declared, err := strconv.ParseInt(length, 10, 64)
	return err == nil && declared < r.written.Load()
}

// A part of a text that is looked for in the body is long enough to be hardly there by chance, and
// short enough to be hardly cut in two: templates write a text at once, or in steps of some KB.
const (
	probeAtLeast = 4  // bytes
	probeAtMost  = 40 // bytes
)

// probeOf returns the part of a message that is looked for in the body, or "": the longest one that
// pages and JSON write as it is. c.AsciiJSON does not, if it has other letters than those of ASCII.
func probeOf(msg Message) (probe string) {
	text := cmp.Or(msg.Text, msg.Title, string(msg.HTML))
	for part := range strings.FieldsFuncSeq(text, isEscaped) {
		if part = strings.TrimSpace(part); len(part) > len(probe) {
			probe = part
		}
	}
	if len(probe) < probeAtLeast {
		return ""
	}
	return probe[:min(len(probe), probeAtMost)]
}

// isEscaped reports whether pages or JSON write a character in another way.
func isEscaped(c rune) bool {
	return c < ' ' || strings.ContainsRune("\"&'+<>`\\\u2028\u2029", c) || c == utf8.RuneError
}

// findTexts looks for the messages that the handler was given in a part of the body.
func (r *request) findTexts(part string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, it := range r.items {
		it.seen = it.seen || it.probe != "" && strings.Contains(part, it.probe)
	}
}

// flushAborted hands over a page that has shown messages, if its handler has panicked since:
// net/http throws away what has not left, unless middleware around flashgin recovers.
func (r *request) flushAborted() {
	r.mu.Lock()
	o := r.outcome()
	waits := o.panicked && slices.ContainsFunc(r.items, func(it *item) bool {
		return it.state < itemDelivered && o.shows(it)
	})
	r.mu.Unlock()
	if waits {
		r.writer.Flush()
	}
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

// wrote notes what of a part of the body was written, and whether the client can still be reached.
func wrote[T string | []byte](r *request, part T, n int, err error) {
	if r.looks.Load() {
		r.findTexts(string(part[:max(n, 0)]))
	}
	r.written.Add(int64(n))
	if err == nil || errors.Is(err, http.ErrBodyNotAllowed) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.broken = true
}

// flushed notes that the first bytes of the body, as many as that, have left. Who went away after
// that has seen the messages in them, and the store is told at once: an answer that goes on may
// take longer than the lease.
func (r *request) flushed(bytes int64) {
	r.mu.Lock()
	o := r.outcome()
	o.goesOn = true
	if o.written = bytes; r.ended() || bytes == 0 || r.isHeld() {
		r.mu.Unlock()
		return
	}
	for _, it := range r.items {
		// What the answer carries is read when all of it is there.
		if it.state != itemCarried && o.shows(it) {
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

// isHeld reports whether the body is kept by a middleware around flashgin, as gin-contrib/timeout,
// or by http.TimeoutHandler: a writer below has headers of its own, or no byte of it yet, or cannot
// flush. They may throw the page away.
func (r *request) isHeld() bool {
	w := http.ResponseWriter(r.writer.ResponseWriter)
	for range wrappersAtMost {
		counts, ok := w.(interface{ Size() int })
		if !sameMap(w.Header(), r.header) || ok && counts.Size() <= 0 {
			return true
		}
		next := below(w)
		if next == nil {
			break
		}
		w = next
	}
	_, flushes := w.(http.Flusher)
	return !flushes
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
