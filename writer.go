package flashgin

import (
	"bufio"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/writers"
)

// responseWriter stores the request's messages just before the headers leave, and notes whether the
// body could be written.
type responseWriter struct {
	gin.ResponseWriter
	request *request
}

// Unwrap is for http.ResponseController. It has the same result type as Gin's.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *responseWriter) Write(data []byte) (int, error) {
	w.request.commit(leavingBefore(len(data)))
	n, err := w.ResponseWriter.Write(data)
	wrote(w.request, data, n, err)
	return n, err
}

func (w *responseWriter) WriteString(s string) (int, error) {
	w.request.commit(leavingBefore(len(s)))
	n, err := w.ResponseWriter.WriteString(s)
	wrote(w.request, s, n, err)
	return n, err
}

func (w *responseWriter) WriteHeaderNow() {
	w.request.commit(headersAlone)
	w.ResponseWriter.WriteHeaderNow()
}

func (w *responseWriter) Flush() {
	w.request.commit(headersAlone)
	bytes := w.request.written.Load()
	w.ResponseWriter.Flush()
	w.request.flushed(bytes)
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

// Hijack commits once the handler has the connection. If it cannot get it, an ordinary answer
// follows.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	// Gin would panic, and forget the status of the answer that follows.
	if _, ok := writers.Bottom(w.ResponseWriter).(http.Hijacker); !ok {
		return nil, nil, http.ErrNotSupported
	}
	conn, stream, err := w.ResponseWriter.Hijack()
	if err == nil {
		w.request.noteHijack()
	}
	return conn, stream, err
}

// requestBehind finds the request whose answer w writes, below the writers of other middleware.
func requestBehind(w http.ResponseWriter) *request {
	for w := range writers.Chain(w) {
		if ours, ok := w.(*responseWriter); ok {
			return ours.request
		}
	}
	return nil
}
