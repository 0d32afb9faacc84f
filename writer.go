package flashgin

import (
	"bufio"
	"net"
	"net/http"
	"reflect"
	"time"

	"github.com/gin-gonic/gin"
)

// responseWriter stores the request's messages just before the headers leave, and notes whether the
// body could be written.
type responseWriter struct {
	gin.ResponseWriter
	request *request
}

// Unwrap lets http.ResponseController through. Its result type is the one that gin uses.
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

// SetWriteDeadline notes the deadline: net/http takes what is written behind it, and says nothing.
func (w *responseWriter) SetWriteDeadline(deadline time.Time) error {
	err := http.NewResponseController(w.ResponseWriter).SetWriteDeadline(deadline)
	if err == nil {
		w.request.deadline.Store(&deadline)
	}
	return err
}

// Hijack commits when the connection is the handler's. If it cannot be, an ordinary answer follows.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	// Gin would panic, and forget the status of the answer that follows.
	if _, ok := bottom(w.ResponseWriter).(http.Hijacker); !ok {
		return nil, nil, http.ErrNotSupported
	}
	conn, stream, err := w.ResponseWriter.Hijack()
	if err == nil {
		w.request.noteHijack()
	}
	return conn, stream, err
}

// wrappersAtMost ends the search in a chain of writers that has no end.
const wrappersAtMost = 32

// requestBehind finds the request whose answer w writes, below the writers of other middleware.
func requestBehind(w http.ResponseWriter) *request {
	for range wrappersAtMost {
		if w == nil {
			return nil
		}
		if ours, ok := w.(*responseWriter); ok {
			return ours.request
		}
		w = below(w)
	}
	return nil
}

// below returns the writer that w writes to, or nil.
func below(w http.ResponseWriter) http.ResponseWriter {
	if w, ok := w.(interface{ Unwrap() http.ResponseWriter }); ok {
		return w.Unwrap()
	}
	return embedded(w)
}

// embedded returns what w embeds as ResponseWriter, as nearly all of Gin's middleware does:
// gin.ResponseWriter has no Unwrap that it would promote.
func embedded(w http.ResponseWriter) http.ResponseWriter {
	v := reflect.Indirect(reflect.ValueOf(w))
	if v.Kind() != reflect.Struct {
		return nil
	}
	field, ok := v.Type().FieldByName("ResponseWriter")
	if !ok {
		return nil
	}
	value, err := v.FieldByIndexErr(field.Index)
	if err != nil || !value.CanInterface() {
		return nil
	}
	next, _ := value.Interface().(http.ResponseWriter)
	return next
}

// bottom returns the writer of net/http, or the first one that hides what is below it.
func bottom(w http.ResponseWriter) http.ResponseWriter {
	for range wrappersAtMost {
		next, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			break
		}
		w = next.Unwrap()
	}
	return w
}
