package flashgin

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// await runs call, which gets a context of its own, and waits for it until ctx ends or, if wait is not zero, for that long. A result that comes
// too late is handed to late, if there is one. The breaker of node, if there is one, may forbid the call.
func await[T any](ctx context.Context, g *guard, node *node, wait time.Duration, call func(context.Context) (T, error), late func(T)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if node != nil {
		if err := node.enter(); err != nil {
			return none, err
		}
	}
	return awaitEntered(ctx, g, node, wait, call, late)
}

// awaitEntered is await where the node has been entered.
func awaitEntered[T any](ctx context.Context, g *guard, node *node, wait time.Duration, call func(context.Context) (T, error), late func(T)) (T, error) {
	var none T
	const running, delivered, abandoned = 0, 1, 2
	type result struct {
		value T
		err   error
	}
	var state atomic.Int32
	results := make(chan result, 1)
	run := func() {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		var value T
		err := caught(storeCall, func() (err error) {
			value, err = call(detached)
			return err
		})
		if node != nil {
			node.leave()
		}
		if state.CompareAndSwap(running, delivered) {
			results <- result{value, err}
		} else if err == nil && late != nil {
			late(value)
		}
	}
	g.start(run) // also after close: the goroutine ends with the call

	var expired <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case r := <-results:
		g.record(node, r.err)
		return r.value, r.err
	case <-expired:
		if state.CompareAndSwap(running, abandoned) {
			err := fmt.Errorf("flashgin: the store did not answer within %v", wait)
			g.record(node, err)
			return none, err
		}
	case <-ctx.Done():
		if state.CompareAndSwap(running, abandoned) {
			return none, ctx.Err()
		}
	}
	r := <-results
	g.record(node, r.err)
	return r.value, r.err
}
