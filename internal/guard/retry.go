package guard

import (
	"cmp"
	"context"
	"math"
	"time"
)

// An Effort says how often a call is tried, and how long an attempt may take before the next one
// joins it. The zero Effort tries once, until the context ends. Who would miss the joining: users
// who post over a connection that is dead without anybody knowing.
type Effort struct {
	Attempts int
	Patience time.Duration
}

// The other efforts: for calls whose caller waits, and for those that nobody waits for.
var (
	AFewTimes = Effort{Attempts: 3, Patience: 500 * time.Millisecond}
	UntilEnd  = Effort{Attempts: math.MaxInt, Patience: CallTimeout} // of the context
)

// retryAfter is the pause after the first attempt has failed. It doubles, up to a second.
const retryAfter = 50 * time.Millisecond

// Try tries a call until an attempt succeeds, all have failed or ctx ends, deaf as the call may be
// for that. It returns the error of the last attempt that failed. Attempts that hang go on until
// ctx ends.
func Try[T any](
	ctx context.Context, g *Guard, e Effort, call func(context.Context) (T, error),
) (T, error) {
	// Here and not for each attempt: nearly every page makes a Call, whose ctx ends as early.
	value, _, err := try(ctx, g, e, func(ctx context.Context) (T, error) {
		ctx, cancel := context.WithTimeout(ctx, CallTimeout)
		defer cancel()
		return call(ctx)
	})(nil, nil)
	return value, err
}

// try starts a call, and returns a function that waits for its result, or for one of two channels.
// After that, somebody else may wait: nearly no call needs a goroutine for that from the start.
func try[T any](
	ctx context.Context, g *Guard, e Effort, call func(context.Context) (T, error),
) func(expired <-chan time.Time, gone <-chan struct{}) (value T, known bool, err error) {
	type result struct {
		value T
		err   error
	}
	results := make(chan result) // without a buffer: Close knows of each until somebody has it
	attempt := func() {
		var r result
		r.err = Caught("a call of the store", func() (err error) {
			r.value, err = call(ctx)
			return err
		})
		select {
		case results <- r:
		case <-ctx.Done():
		}
	}
	g.start(attempt)
	// One variable, for each that the function below changes is an allocation.
	s := struct {
		next          <-chan time.Time // it is time for another attempt
		failed        error            // of the last that failed
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
