package request

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/writers"
)

// Leaving says how the headers of an answer leave.
type Leaving int

// The ways.
const (
	HeadersFirst    Leaving = iota // before the body, if there is any
	HeadersOnly                    // without a body: the handlers have ended
	HeadersWithBody                // with the first bytes of the body
	NoHeaders                      // not at all: the handler has taken the connection over
)

// An Owner embeds a Request, and is told of its answer. The lock is not held.
type Owner interface {
	request() *Request // who embeds a Request has it

	// Commit is called before the headers leave. It may be called again.
	Commit(how Leaving)
	// LooksAt reports whether Looked must be called.
	LooksAt() bool
	// Looked is given a part of the body before it is written, and before Commit.
	Looked(part string)
	// Flushed is called when the first bytes of the body have left.
	Flushed(bytes int64)
}

// A responseWriter tells the owner before the headers leave, and notes whether the body could be
// written.
type responseWriter struct {
	gin.ResponseWriter
	request *Request
}

// Unwrap is for http.ResponseController. It has the same result type as Gin's.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *responseWriter) Write(data []byte) (int, error) {
	leaves(w, data)
	n, err := w.ResponseWriter.Write(data)
	wrote(w, n, err)
	return n, err
}

func (w *responseWriter) WriteString(s string) (int, error) {
	leaves(w, s)
	n, err := w.ResponseWriter.WriteString(s)
	wrote(w, n, err)
	return n, err
}

// leaves tells the owner that a part of the body is about to be written. Commit comes last: it asks
// what the first part has.
func leaves[T string | []byte](w *responseWriter, part T) {
	if w.request.owner.LooksAt() {
		w.request.owner.Looked(string(part))
	}
	how := HeadersFirst
	if len(part) > 0 {
		how = HeadersWithBody
	}
	w.request.owner.Commit(how)
}

// wrote notes how much of a part of the body was written, and whether the client can still be
// reached.
func wrote(w *responseWriter, n int, err error) {
	w.request.written.Add(int64(n))
	if err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		w.request.NoteBroken()
	}
}

func (w *responseWriter) WriteHeaderNow() {
	w.request.owner.Commit(HeadersFirst)
	w.ResponseWriter.WriteHeaderNow()
}

func (w *responseWriter) Flush() {
	w.request.owner.Commit(HeadersFirst)
	bytes := w.request.Written()
	w.ResponseWriter.Flush()
	w.request.owner.Flushed(bytes)
}

// SetWriteDeadline notes the deadline: after it, net/http accepts writes and drops them without an
// error.
func (w *responseWriter) SetWriteDeadline(deadline time.Time) error {
	err := http.NewResponseController(w.ResponseWriter).SetWriteDeadline(deadline)
	if err == nil {
		w.request.deadline.Store(&deadline)
	}
	return err
}

// Hijack commits once the handler has the connection, without the deadlines of the server. If it
// cannot get it, an ordinary answer follows.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	// Gin would panic, and forget the status of the answer that follows.
	if _, ok := writers.Bottom(w.ResponseWriter).(http.Hijacker); !ok {
		return nil, nil, http.ErrNotSupported
	}
	conn, stream, err := w.ResponseWriter.Hijack()
	if err == nil {
		w.request.deadline.Store(new(time.Time))
		w.request.Lock()
		w.request.hijacked = true
		w.request.Unlock()
		w.request.owner.Commit(NoHeaders)
	}
	return conn, stream, err
}
