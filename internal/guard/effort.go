package guard

import (
	"context"
	"math"
	"sync"
	"time"
)

// An Effort says how often a call is tried, and how long an attempt may take before the next one
// joins it. Without the second an add would wait on a connection that is dead without anybody
// knowing, for longer than its page does.
type Effort struct {
	Attempts int
	Patience time.Duration
}

var (
	// Once tries a call once.
	Once = Effort{Attempts: 1, Patience: CallTimeout}
	// AFewTimes is for calls whose caller waits.
	AFewTimes = Effort{Attempts: 3, Patience: 500 * time.Millisecond}
	// UntilEnd is for calls that nobody waits for: it tries until their context ends.
	UntilEnd = Effort{Attempts: math.MaxInt, Patience: CallTimeout}
)

// retryAfter is the pause after the first attempt has failed. It doubles, up to a second.
const retryAfter = 50 * time.Millisecond

// attempts are those of one call. The first is made by the goroutine that calls run; nearly always
// it is the only one.
type attempts[T any] struct {
	g        *Guard
	ctx      context.Context
	patience time.Duration
	call     func(context.Context) (T, error)
	done     func(T, error) // called once
	unwatch  func() bool    // ctx

	mu      sync.Mutex
	left    int // that have not begun
	running int
	pause   time.Duration // before the next
	failed  error         // of the last that failed
	over    bool
}

// run tries a call until an attempt succeeds, all have failed or ctx ends. Then it calls done, with
// the value or with the error of the last attempt that failed. It returns when the attempts that
// are made in this goroutine have ended: others may still run.
func run[T any](
	ctx context.Context, g *Guard, e Effort, call func(context.Context) (T, error), done func(T, error),
) {
	a := &attempts[T]{
		g: g, ctx: ctx, patience: e.Patience, call: call, done: done,
		left: e.Attempts - 1, running: 1, pause: retryAfter,
	}
	a.unwatch = context.AfterFunc(ctx, func() { g.start(a.giveUp) })
	a.attempt()
}

// attempt tries the call until nothing is left to do in this goroutine.
func (a *attempts[T]) attempt() {
	for {
		hung := time.AfterFunc(a.patience, a.join)
		value, err := a.try()
		hung.Stop()
		pause, again := a.ended(value, err)
		if !again || !Sleep(a.ctx, pause) {
			return
		}
	}
}

func (a *attempts[T]) try() (value T, err error) {
	ctx, cancel := context.WithTimeout(a.ctx, CallTimeout)
	defer cancel()
	err = Caught("a call of the store", func() (err error) {
		value, err = a.call(ctx)
		return err
	})
	return value, err
}

// join starts another attempt beside one that hangs.
func (a *attempts[T]) join() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over || a.left == 0 {
		return
	}
	a.left--
	a.running++
	a.g.start(a.attempt)
}

// ended notes what has become of an attempt. It reports whether its goroutine is to make another,
// and after which pause.
func (a *attempts[T]) ended(value T, err error) (pause time.Duration, again bool) {
	a.mu.Lock()
	a.running--
	a.failed = err
	switch {
	case a.over:
	case err == nil, a.left == 0 && a.running == 0:
		a.finishAndUnlock(value, err)
		return 0, false
	case a.left > 0:
		pause, again = a.pause, true
		a.pause = min(2*pause, time.Second)
		a.left--
		a.running++
	}
	a.mu.Unlock()
	return pause, again
}

// giveUp follows the end of the context.
func (a *attempts[T]) giveUp() {
	a.mu.Lock()
	if a.over {
		a.mu.Unlock()
		return
	}
	err := a.failed
	if err == nil {
		err = a.ctx.Err()
	}
	var none T
	a.finishAndUnlock(none, err)
}

func (a *attempts[T]) finishAndUnlock(value T, err error) {
	a.over = true
	a.mu.Unlock()
	a.unwatch()
	a.done(value, err)
}

// Background makes a call that nobody waits for, after a pause, and tries it until it succeeds or
// ctx ends. done is told how it ended. A closed Guard makes no such call: Background reports false.
func (g *Guard) Background(
	ctx context.Context, pause time.Duration, call func(context.Context) error, done func(error),
) bool {
	return g.Go(func() { g.background(ctx, pause, call, done) })
}

// Continue is Background for work that is in the background already: Close waits for it as well.
func (g *Guard) Continue(ctx context.Context, call func(context.Context) error, done func(error)) {
	g.start(func() { g.background(ctx, 0, call, done) })
}

func (g *Guard) background(
	ctx context.Context, pause time.Duration, call func(context.Context) error, done func(error),
) {
	if pause > 0 && !Sleep(ctx, pause) {
		done(ctx.Err())
		return
	}
	run(ctx, g, UntilEnd, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, call(ctx)
	}, func(_ struct{}, err error) { done(err) })
}
