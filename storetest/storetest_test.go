package storetest

import (
	"cmp"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flashgin/flashgin"
)

func TestRun(t *testing.T) {
	openReference := open("", 0)
	Run(t, func(t *testing.T, ttl time.Duration, cap int) flashgin.Store {
		return openReference(ttl, cap)
	})
}

func TestSlowStoresPass(t *testing.T) {
	for _, delay := range []time.Duration{
		10 * time.Millisecond, 60 * time.Millisecond, 250 * time.Millisecond, time.Second,
	} {
		t.Run(delay.String(), func(t *testing.T) {
			t.Parallel()
			for _, f := range failuresOf(t, open("", delay)) {
				t.Error(f)
			}
		})
	}
}

// open returns a function that opens reference stores, each of which takes delay for every call.
func open(fault fault, delay time.Duration) func(ttl time.Duration, cap int) flashgin.Store {
	return func(ttl time.Duration, cap int) flashgin.Store {
		return &reference{ttl: cmp.Or(ttl, 24*time.Hour), cap: cmp.Or(cap, 50), fault: fault,
			delay: delay}
	}
}

// A failure is a check that failed.
type failure struct {
	rule  int
	check string
	text  string
}

func (f failure) String() string { return f.text + " (" + f.check + ")" }

// failuresOf runs every check on a store of its own. It does so in a bubble of synctest, where
// waiting takes no time and no machine is too slow.
func failuresOf(t *testing.T, open func(ttl time.Duration, cap int) flashgin.Store) []failure {
	t.Helper()
	var failures []failure
	synctest.Test(t, func(t *testing.T) {
		for _, rule := range rules {
			for _, check := range rule.checks {
				var r recorder
				var done sync.WaitGroup
				done.Go(func() { // because Fatalf ends its goroutine
					check.run(newProbe(t.Context(), &r, rule, open(check.ttl, check.cap)))
				})
				done.Wait()
				if r.failure != "" {
					failures = append(failures, failure{rule.number, check.name, r.failure})
				}
			}
		}
	})
	return failures
}

// A recorder is a reporter that keeps the failure instead of failing a test.
type recorder struct{ failure string }

func (r *recorder) Helper()             {}
func (r *recorder) Logf(string, ...any) {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failure = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
