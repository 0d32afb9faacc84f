package apptest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// StreamWriter is a connection without a network, on which a stream is written: for tests in a
// synctest bubble, and for connections that fail.
type StreamWriter struct {
	Mu        sync.Mutex
	Sent      http.Header
	status    int
	written   []byte
	flushed   int
	Deadline  time.Time // zero: none
	Deadlines []time.Time
	Fail      func(text []byte) error
	Flushing  func() error       // called when the client has what was flushed
	Expired   chan struct{}      // closed when the deadline is one that has passed already
	Cancel    context.CancelFunc // the client goes away
	Ended     chan struct{}      // closed when the handler has returned
}

// Listen opens a stream; how it goes on is seen after synctest.Wait.
func (v *Visitor) Listen(path string, header ...string) *StreamWriter {
	return v.ListenOn(&StreamWriter{}, path, header...)
}

func (v *Visitor) ListenOn(w *StreamWriter, path string, header ...string) *StreamWriter {
	w.Sent = http.Header{}
	w.Ended = make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	w.Cancel = cancel
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	AddHeader(request, header)
	for _, cookie := range v.Jar {
		request.AddCookie(cookie)
	}
	go func() {
		defer close(w.Ended)
		v.Handler.ServeHTTP(w, request)
	}()
	v.t.Cleanup(w.Close)
	return w
}

func (w *StreamWriter) Close() {
	w.Cancel()
	<-w.Ended
}

func (w *StreamWriter) Header() http.Header { return w.Sent }

func (w *StreamWriter) WriteHeader(status int) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	w.status = status
}

func (w *StreamWriter) Write(text []byte) (int, error) {
	if w.Fail != nil {
		if err := w.Fail(text); err != nil {
			return 0, err
		}
	}
	w.Mu.Lock()
	defer w.Mu.Unlock()
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.written = append(w.written, text...)
	return len(text), nil
}

func (w *StreamWriter) Flush() {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	w.flushed = len(w.written)
}

// FlushError is Flush for who wants to know, as http.ResponseController does.
func (w *StreamWriter) FlushError() error {
	w.Flush()
	if w.Flushing == nil {
		return nil
	}
	return w.Flushing()
}

func (w *StreamWriter) SetWriteDeadline(deadline time.Time) error {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	w.Deadline = deadline
	w.Deadlines = append(w.Deadlines, deadline)
	if w.Expired != nil && !deadline.IsZero() && !deadline.After(time.Now()) {
		close(w.Expired)
		w.Expired = nil
	}
	return nil
}

// Events returns what has reached the client.
func (w *StreamWriter) Events() (events []Event) {
	w.Mu.Lock()
	defer w.Mu.Unlock()
	flushed := strings.NewReader(string(w.written[:w.flushed]))
	ParseEvents(flushed, func(e Event) { events = append(events, e) })
	return events
}

func (w *StreamWriter) IsOpen() bool {
	select {
	case <-w.Ended:
		return false
	default:
		return true
	}
}

// Acknowledge posts what the page has shown.
func (v *Visitor) Acknowledge(body string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, "/_flash/ack", strings.NewReader(body))
	if len(header) == 0 {
		header = []string{"Sec-Fetch-Site", "same-origin"}
	}
	AddHeader(request, header)
	return v.Send(request)
}
