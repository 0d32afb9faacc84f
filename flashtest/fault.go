package flashtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flashgin/flashgin/internal/inprocess"
)

// A Method is one of the methods of [flashgin.Store].
type Method int

// The methods of [flashgin.Store].
const (
	Add Method = iota
	Claim
	Confirm
	Release
	Peek
	Withdraw
)

// ping is no method of a store, so it meets only what all calls meet.
const ping Method = -1

// ErrDown is what a call returns that was made to fail with the error nil.
var ErrDown = errors.New("flashtest: the store was made to fail")

// A fault is what calls are made to meet.
type fault struct {
	methods []Method // none: all
	calls   int      // that are still to meet it; negative: any number
	delay   time.Duration
	held    chan struct{} // closed when the calls may go on
	err     error
}

// Fail makes calls of the methods return err before they do anything, until [Store.Recover];
// without a method, all calls. A nil err means [ErrDown]. It concerns the requests that begin
// afterwards. When five calls in a row have failed, pages do not ask the store until Recover; adds
// still try it.
func (s *Store) Fail(err error, methods ...Method) { s.FailNext(-1, err, methods...) }

// FailNext is [Store.Fail] for the next n calls, of all the methods together. Zero is none, and a
// negative n any number. A request may not notice: flashgin tries an add that failed twice more.
func (s *Store) FailNext(n int, err error, methods ...Method) {
	if err == nil {
		err = ErrDown
	}
	if n != 0 {
		s.begin(&fault{methods: methods, calls: n, err: err})
	}
}

// Delay makes calls of the methods wait for d before they do anything, until [Store.Recover];
// without a method, all calls. A call whose context ends before returns the error of the context.
func (s *Store) Delay(d time.Duration, methods ...Method) {
	s.begin(&fault{methods: methods, calls: -1, delay: d})
}

// Hold makes calls of the methods hang until release is called or [Store.Recover]; without a
// method, all calls. A call whose context ends before returns the error of the context; the others
// go on, though their page was sent meanwhile: what they claim waits again a moment later.
func (s *Store) Hold(methods ...Method) (release func()) {
	f := &fault{methods: methods, calls: -1, held: make(chan struct{})}
	s.begin(f)
	return func() { s.end(f) }
}

// Recover ends what [Store.Fail], [Store.FailNext], [Store.Delay] and [Store.Hold] have begun.
func (s *Store) Recover() {
	s.mu.Lock()
	faults := slices.Clone(s.faults)
	s.mu.Unlock()
	s.end(faults...)
}

// InProcess reports whether calls are done at once, since none is made to fail or wait. flashgin
// asks it before a call, and then does without what a server in trouble needs: a limit of time, a
// goroutine, another try.
func (s *Store) InProcess() inprocess.Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults) == 0
}

func (s *Store) begin(f *fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f)
}

func (s *Store) end(faults ...*fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		i := slices.Index(s.faults, f)
		if i < 0 {
			continue
		}
		s.faults = slices.Delete(s.faults, i, i+1)
		if f.held != nil {
			close(f.held)
		}
	}
}

// enter notes a call, and lets it meet what was begun for its method.
func (s *Store) enter(ctx context.Context, call Method) error {
	for _, f := range s.met(call) {
		if err := f.meet(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) met(call Method) (faults []*fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if call != ping {
		s.calls = append(s.calls, call)
	}
	for _, f := range slices.Clone(s.faults) {
		if !concerns(f.methods, call) {
			continue
		}
		faults = append(faults, f)
		if f.calls--; f.calls == 0 {
			s.faults = slices.DeleteFunc(s.faults, func(other *fault) bool { return other == f })
		}
		if f.err != nil {
			break
		}
	}
	return faults
}

func concerns(methods []Method, call Method) bool {
	return len(methods) == 0 || slices.Contains(methods, call)
}

// meet waits as long as the fault makes a call wait, and returns the error that the call is to
// return.
func (f *fault) meet(ctx context.Context) error {
	var over <-chan time.Time
	if f.delay > 0 {
		timer := time.NewTimer(f.delay)
		defer timer.Stop()
		over = timer.C
	}
	if over != nil || f.held != nil {
		select {
		case <-over:
		case <-f.held:
		case <-ctx.Done():
			return fmt.Errorf("flashtest: the store did not answer in time: %w", ctx.Err())
		}
	}
	return f.err
}
