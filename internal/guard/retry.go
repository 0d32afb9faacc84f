package guard

import (
	"cmp"
	"context"
	"math"
	"time"
)

// An Effort says how often a call is tried, and how long an attempt may take before the next one
// starts beside it. The zero Effort tries once, until the context ends. Who would miss the attempts
// side by side: users who post while a connection is dead and nobody knows yet.
type Effort struct {
	Attempts int
	Patience time.Duration
}

// The other efforts: for calls whose caller waits, and for calls that nobody waits for.
var (
	AFewTimes = Effort{Attempts: 3, Patience: 500 * time.Millisecond}
	InTurn    = Effort{Attempts: 3, Patience: CallTimeout}           // never side by side
	UntilEnd  = Effort{Attempts: math.MaxInt, Patience: CallTimeout} // until the context ends
)

// retryAfter is the pause after the first attempt has failed. It doubles, up to a second.
const retryAfter = 50 * time.Millisecond

// Try tries a call until an attempt succeeds, all have failed, or ctx ends, even if the call
// ignores ctx. It returns the error of the last attempt that failed. Attempts that hang may outlive
// Try.
func Try[T any](
	ctx context.Context, g *Guard, e Effort, call func(context.Context) (T, error),
) (T, error) {
	// try itself sets no time limit for an attempt: Call uses it on nearly every page, and the ctx
	// of Call ends as early.
	value, _, err := try(ctx, g, e, func(ctx context.Context) (T, error) {
		ctx, cancel := context.WithTimeout(ctx, CallTimeout)
		defer cancel()
		return call(ctx)
	})(nil, nil)
	return value, err
}

// try starts a call, and returns a function that waits for its result, or for one of two channels.
// A second caller may then go on waiting with the same function. So only a call that is too slow
// for the first caller needs a goroutine that waits.
func try[T any](
	ctx context.Context, g *Guard, e Effort, call func(context.Context) (T, error),
) func(expired <-chan time.Time, gone <-chan struct{}) (value T, known bool, err error) {
	type result struct {
		value T
		err   error
	}
	results := make(chan result) // no buffer: Close waits until somebody has each result
	attempt := func() {
		var r result
		r.err = Caught(StoreCall, func() (err error) {
			r.value, err = call(ctx)
			return err
		})
		select {
		case results <- r:
		case <-ctx.Done():
		}
	}
	g.start(attempt)
	// One variable, because each variable that the function below changes is an allocation.
	s := struct {
		next          <-chan time.Time // it is time for another attempt
		failed        error            // of the last attempt that failed
		pause         time.Duration
		left, running int
	}{pause: retryAfter, left: e.Attempts - 1, running: 1}
	if e.Attempts > 1 {
		s.next = time.After(e.Patience)
	}
	return func(expired <-chan time.Time, gone <-chan struct{}) (value T, known bool, err error) {
		for {
			select {
			case r := <-results:
				if s.running--; r.err == nil || s.left <= 0 && s.running == 0 {
					return r.value, true, r.err
				}
				s.failed, s.next = r.err, time.After(s.pause)
				s.pause = min(2*s.pause, time.Second)
			case <-s.next:
				if s.left > 0 {
					s.left--
					s.running++
					g.start(attempt)
					s.next = time.After(e.Patience)
				}
			case <-ctx.Done():
				return value, true, cmp.Or(s.failed, ctx.Err())
			case <-expired:
				return value, false, nil
			case <-gone:
				return value, false, nil
			}
		}
	}
}
