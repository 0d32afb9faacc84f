package apptest

import (
	"context"
	"net/http"
)

// A Deadline of requests is over when the test says so, on a machine of any speed.
type Deadline struct{ done chan struct{} }

func NewDeadline() Deadline { return Deadline{make(chan struct{})} }

// Expire ends the Deadline. It is called once.
func (d Deadline) Expire() { close(d.done) }

// Around returns the handler with the Deadline in the context of its requests.
func (d Deadline) Around(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(deadlineContext{r.Context(), d.done}))
	})
}

type deadlineContext struct {
	context.Context
	done chan struct{}
}

func (c deadlineContext) Done() <-chan struct{} { return c.done }

func (c deadlineContext) Err() error {
	select {
	case <-c.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
