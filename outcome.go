package flashgin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/flashgin/flashgin/internal/shown"
	"github.com/flashgin/flashgin/internal/writers"
)

// outcome returns what is known of the answer now.
func (r *request) outcome() shown.Outcome {
	if r.list.IsEmpty() {
		return shown.Outcome{}
	}
	written := r.written.Load()
	return shown.Outcome{
		Status:   r.writer.Status(),
		Away:     r.away,
		Hijacked: r.hijacked,
		Panicked: r.panicked,
		Gone: r.broken || r.clientGone() || shown.IsCut(r.header, written) ||
			// Middleware that has the page in a buffer may throw it away, and write an answer of
			// its own.
			r.panicked && r.isHeld() || r.outOfTime(),
		Written: written,
	}
}

// isHeld reports whether a middleware around flashgin, or http.TimeoutHandler, keeps the body.
func (r *request) isHeld() bool { return writers.Holds(r.writer.ResponseWriter, r.header) }

// clientGone reports whether nobody waits for the answer any more. An exceeded deadline comes from
// middleware around the engine and says nothing of the client: what was written without an error
// has left. But http.TimeoutHandler throws that away.
func (r *request) clientGone() bool {
	err := r.client.Err()
	late := errors.Is(err, context.DeadlineExceeded)
	return err != nil && !(late && writers.HasConnection(&r.writer))
}

// outOfTime reports whether the time for writing the answer is over. On a busy machine the timer
// that ends the connection may be late, so a flush tells.
func (r *request) outOfTime() bool {
	var limit time.Duration
	if server, _ := r.client.Value(http.ServerContextKey).(*http.Server); server != nil {
		limit = server.WriteTimeout
	}
	if !shown.OutOfTime(r.deadline.Load(), r.began, limit) {
		return false
	}
	w, ok := writers.Bottom(&r.writer).(interface{ FlushError() error })
	if r.panicked || !ok {
		return true
	}
	r.writer.ResponseWriter.WriteHeaderNow() // Gin's status, which a flush of net/http's does not know
	return w.FlushError() != nil
}

// findTexts looks in a part of the body for the texts of messages that were given to the handler.
func (r *request) findTexts(part string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list.Find(part)
}

// flushAborted flushes a page that has shown messages, if its handler has panicked since: net/http
// throws away what has not left, unless middleware around flashgin recovers.
func (r *request) flushAborted() {
	r.mu.Lock()
	waits := r.panicked && r.list.WouldShow(r.outcome()) // most pages are judged once
	r.mu.Unlock()
	if waits {
		r.writer.Flush()
	}
}

// pageDone notes whether the page on which messages were printed was written.
func (r *request) pageDone(w http.ResponseWriter, err error) {
	if r == nil { // a route that was registered before Install
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.list.IsEmpty() {
		r.list.Printed(err == nil, statusOf(w))
	}
}

// wrote notes how much of a part of the body was written, and whether the client can still be
// reached.
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

// flushed notes that the first bytes of the body have left. A client that goes away later has seen
// the messages in them. The store is told at once, because an answer that goes on may take longer
// than the lease.
func (r *request) flushed(bytes int64) {
	r.mu.Lock()
	o := r.outcome()
	o.GoesOn = true
	if o.Written = bytes; r.ended() || bytes == 0 || r.isHeld() {
		r.mu.Unlock()
		return
	}
	done := r.list.Flushed(o)
	r.mu.Unlock()
	done.Confirm()
}
