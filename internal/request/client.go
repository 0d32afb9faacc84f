package request

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/writers"
)

// Writer returns the writer that the handlers have.
func (r *Request) Writer() gin.ResponseWriter { return &r.writer }

// Below returns the writer that Writer writes to.
func (r *Request) Below() gin.ResponseWriter { return r.writer.ResponseWriter }

// Written returns how many bytes of the body were written.
func (r *Request) Written() int64 { return r.written.Load() }

// IsHijacked reports whether the handler has taken the connection over. The lock is held.
func (r *Request) IsHijacked() bool { return r.hijacked }

// IsHeld reports whether a middleware around flashgin, or http.TimeoutHandler, keeps the body.
func (r *Request) IsHeld() bool { return writers.Holds(r.writer.ResponseWriter, r.Header) }

// NoteBroken notes that a write failed.
func (r *Request) NoteBroken() { r.broken.Store(true) }

// IsGone reports whether the client does not get what is written.
func (r *Request) IsGone() bool { return r.broken.Load() || r.clientGone() }

// clientGone reports whether nobody waits for the answer any more. An exceeded deadline comes from
// middleware around the engine and says nothing of the client: what was written without an error
// has left. But http.TimeoutHandler throws that away.
func (r *Request) clientGone() bool {
	err := r.Client().Err()
	late := errors.Is(err, context.DeadlineExceeded)
	return err != nil && !(late && writers.HasConnection(&r.writer))
}

// IsOutOfTime reports whether the time for writing the answer is over. On a busy machine the timer
// that ends the connection may be late, so a flush tells, unless the handlers have panicked.
func (r *Request) IsOutOfTime(panicked bool) bool {
	var limit time.Duration
	if server, _ := r.Client().Value(http.ServerContextKey).(*http.Server); server != nil {
		limit = server.WriteTimeout
	}
	if !outOfTime(r.deadline.Load(), r.began, limit) {
		return false
	}
	w, ok := writers.Bottom(&r.writer).(interface{ FlushError() error })
	if panicked || !ok {
		return true
	}
	r.writer.ResponseWriter.WriteHeaderNow() // Gin's status, which net/http's flush does not know
	return w.FlushError() != nil
}

// WhyLate says why a header that is set now does not leave with the request's own answer, or
// returns "". The lock is held.
func (r *Request) WhyLate() string {
	switch {
	case r.Ended():
		return "the request has ended"
	case r.Committed.Load() || r.writer.Written():
		return "the headers are sent"
	case !r.Has(r.c):
		return "HandleContext was called with another *http.Request"
	}
	return ""
}

// WhyNoAnswer says why the client gets none of the headers, or returns "". The lock is held.
func (r *Request) WhyNoAnswer() string {
	switch client := r.Client().Err(); {
	case r.hijacked:
		return "the handler has taken the connection over"
	case client == nil:
		return ""
	case !errors.Is(client, context.DeadlineExceeded):
		return "the client has gone"
	case !writers.HasConnection(&r.writer):
		return "the time of the request is over, and http.TimeoutHandler has answered"
	}
	return ""
}

// outOfTime reports whether the time for writing an answer is over. Then net/http accepts writes
// without an error, but nothing leaves. deadline is nil unless a handler has set one, and zero if a
// handler has removed the server's. limit is the WriteTimeout of the server; zero means none. The
// server counts it from an earlier time than began, if middleware around flashgin takes long.
func outOfTime(deadline *time.Time, began time.Time, limit time.Duration) bool {
	if deadline != nil {
		return !deadline.IsZero() && !time.Now().Before(*deadline)
	}
	return limit > 0 && time.Since(began) >= limit
}
