package flashgin

import (
	"context"
	"fmt"
	"math"
	"runtime/debug"
	"time"
)

// An effort says how often a call is tried, and how long an attempt may take before the next joins it: it may be waiting on a connection that is dead
// without anybody knowing, for longer than the message can.
type effort struct {
	attempts int
	patience time.Duration
}

var (
	// toStore is for adds and withdrawals, whose caller waits.
	toStore = effort{attempts: 3, patience: 500 * time.Millisecond}
	// untilEnd is for what nobody waits for, until its context ends.
	untilEnd = effort{attempts: math.MaxInt, patience: callTimeout}
)

// retryAfter is the pause after the first attempt has failed; it doubles, up to a second.
const retryAfter = 50 * time.Millisecond

// try calls until a call succeeds, all attempts have failed or ctx ends. It returns the error of the last that failed.
func (g *guard) try(ctx context.Context, e effort, call func(context.Context) error) error {
	over := make(chan struct{})
	defer close(over)
	results := make(chan error)
	attempt := func() {
		attempt, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		select {
		case results <- caught(storeCall, func() error { return call(attempt) }):
		case <-over:
		}
	}
	next := time.NewTimer(e.patience)
	defer next.Stop()
	g.start(attempt)
	var failed error
	for left, running, pause := e.attempts-1, 1, retryAfter; ; {
		select {
		case <-next.C:
			if left > 0 {
				left--
				running++
				g.start(attempt)
				next.Reset(e.patience)
			}
		case failed = <-results:
			running--
			if failed == nil || left == 0 && running == 0 {
				return failed
			}
			next.Reset(pause)
			pause = min(2*pause, time.Second)
		case <-ctx.Done():
			if failed == nil {
				failed = ctx.Err()
			}
			return failed
		}
	}
}

// tryHere is try for when nobody waits for the result: the first attempt, nearly always the only one, is made in this goroutine.
func (g *guard) tryHere(ctx context.Context, e effort, call func(context.Context) error) error {
	others := effort{e.attempts - 1, e.patience}
	result := make(chan error, 1)
	hung := time.AfterFunc(e.patience, func() {
		g.start(func() { result <- g.try(ctx, others, call) })
	})
	first, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := caught(storeCall, func() error { return call(first) })
	switch inTime := hung.Stop(); {
	case err == nil:
		return nil
	case !inTime:
		return <-result
	case !sleep(ctx, retryAfter):
		return err
	}
	return g.try(ctx, others, call)
}

// storeCall is what caught calls most.
const storeCall = "a call of the store"

// caught calls f, which belongs to the application, and makes an error of a panic: in a goroutine of ours that would end the process.
func caught(what string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("flashgin: %s panicked: %v\n%s", what, r, debug.Stack())
		}
	}()
	return f()
}

// sleep reports whether ctx lasted that long.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
