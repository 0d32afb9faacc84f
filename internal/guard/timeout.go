package guard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// CallTimeout bounds one attempt of a call, and a [Call] as a whole.
const CallTimeout = 2 * time.Second

// Errors of a [Call] that was not made: the breaker of the node is open, or too many calls of the
// node are in flight.
var (
	ErrDown = errors.New("flashgin: the store failed repeatedly " +
		"and is not asked again before a probe of it succeeds")
	ErrBusy = errors.New("flashgin: too many calls of the store are in flight")
)

// Options say how a [Call] is made. The zero value makes it once, with a caller who waits as long
// as the context allows, and no breaker that prevents it.
type Options struct {
	Direct   bool          // the call cannot hang: the caller makes it, without the other options
	Node     *Node         // the server that is called; nil if it is not known
	Wait     time.Duration // how long the caller waits at most; zero is no limit
	WaitDown time.Duration // the same while the breaker is open; zero means no call then
	Effort   Effort
	// Ignore reports whether an error says nothing of other calls of the node; nil ignores none.
	Ignore func(error) bool
}

// Call makes a call in goroutines of its own, for [CallTimeout] at most, and waits for its result
// until ctx ends or the wait is over. Call calls ended once with the result, or with the error if
// the call was not made. late says that the caller had given up before.
func Call[T any](
	ctx context.Context, g *Guard, o Options,
	call func(context.Context) (T, error), ended func(value T, err error, late bool),
) (value T, err error) {
	if o.Direct {
		value, err = call(ctx)
		ended(value, err, false)
		return value, err
	}
	if o.Node == nil {
		o.Node = new(Node)
	}
	wait, err := o.Node.enter(ctx, o)
	if err != nil {
		ended(value, err, false)
		return value, err
	}
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), CallTimeout)
	result := try(detached, g, o.Effort, call)
	end := func(value T, err error, late bool) {
		cancel()
		o.Node.leave()
		ended(value, err, late)
	}
	var expired <-chan time.Time
	if wait > 0 {
		expired = time.After(wait)
	}
	value, known, err := result(expired, ctx.Done())
	if known {
		end(value, err, false)
	} else {
		g.start(func() {
			value, _, err := result(nil, nil)
			end(value, err, true)
		})
		err = cmp.Or(ctx.Err(), fmt.Errorf("flashgin: the store did not answer within %v", wait))
	}
	left := !known && ctx.Err() != nil // the caller: that says nothing of the node either
	if !left && (err == nil || o.Ignore == nil || !o.Ignore(err)) {
		g.record(o.Node, err)
	}
	return value, err
}
