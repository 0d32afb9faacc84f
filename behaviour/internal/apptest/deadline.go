package apptest

import (
	"context"
	"net/http"
)

// A Deadline is over when the test says so, on a machine of any speed.
type Deadline struct {
	context.Context
	done chan struct{}
}

// WithDeadline returns the request with a Deadline that is not over.
func WithDeadline(request *http.Request) (*http.Request, *Deadline) {
	deadline := &Deadline{request.Context(), make(chan struct{})}
	return request.WithContext(deadline), deadline
}

// Expire ends the Deadline. It is called once.
func (d *Deadline) Expire() { close(d.done) }

func (d *Deadline) Done() <-chan struct{} { return d.done }

func (d *Deadline) Err() error {
	select {
	case <-d.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
