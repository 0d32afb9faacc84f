package guard

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Errors of a [Call] that was not made.
var (
	// ErrDown says that the breaker of the node is open.
	ErrDown = errors.New("flashgin: the store failed repeatedly and is not asked again before a probe of it succeeds")
	// ErrBusy says that too many calls of the node are in flight.
	ErrBusy = errors.New("flashgin: too many calls of the store are in flight")
)

// Options say how a [Call] is made. The zero value makes it once, with a caller who waits as long
// as the context allows, and no breaker that prevents it.
type Options struct {
	Node     *Node         // the server that is called; nil if that is not known
	Wait     time.Duration // how long the caller waits at most; zero is no limit
	WaitDown time.Duration // the same while the breaker is open; zero does not call then
	Effort   Effort        // zero is Once
}

// Call makes a call in goroutines of its own, for [CallTimeout] at most, and waits for its result
// until ctx ends or the wait is over. ended, which may be nil, is told in the background how a call
// that was made has ended, and whether its caller has given up before.
func Call[T any](
	ctx context.Context, g *Guard, o Options,
	call func(context.Context) (T, error), ended func(value T, err error, late bool),
) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	wait, err := o.enter()
	if err != nil {
		return none, err
	}

	type result struct {
		value T
		err   error
	}
	var over atomic.Bool // the result has come, or the caller has given up
	results := make(chan result, 1)
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), CallTimeout)
	g.start(func() {
		run(detached, g, o.Effort, call, func(value T, err error) {
			cancel()
			o.Node.leave()
			late := over.Swap(true)
			if ended != nil {
				ended(value, err, late)
			}
			if !late {
				results <- result{value, err}
			}
		})
	})

	var expired <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		expired = timer.C
	}
	var r result
	select {
	case r = <-results:
	case <-expired:
		if r.err = noAnswer(wait); over.Swap(true) {
			r = <-results
		}
	case <-ctx.Done():
		if !over.Swap(true) { // which says nothing of the node
			return none, ctx.Err()
		}
		r = <-results
	}
	g.record(o.Node, r.err)
	return r.value, r.err
}

func noAnswer(wait time.Duration) error {
	return fmt.Errorf("flashgin: the store did not answer within %v", wait)
}

// enter asks for leave to call the node, and returns how long the caller waits.
func (o *Options) enter() (wait time.Duration, err error) {
	if o.Effort == (Effort{}) {
		o.Effort = Once
	}
	if o.Node == nil {
		return o.Wait, nil
	}
	open, err := o.Node.enter(o.WaitDown > 0)
	if open {
		return o.WaitDown, err
	}
	return o.Wait, err
}
