// Package turn lets one goroutine at a time use what belongs to the handlers of a request: the
// session, the *http.Request. Who would miss it: goroutines of a handler that ask for messages at
// once. They would disturb one another, because the registry of gorilla's sessions writes to the
// *http.Request that another function reads.
package turn

import (
	"fmt"
	"runtime"
	"sync"

	"github.com/flashgin/flashgin/internal/guard"
)

// deepest is how deep functions of the application may call one another through flashgin, for one
// request. A function that calls flashgin, which calls it again, would go on for ever.
const deepest = 8

// A Turn is for one request. The zero value is ready. A Turn is safe for concurrent use by multiple
// goroutines.
type Turn struct {
	mu      sync.Mutex
	depth   int  // of the functions that call one another
	tooDeep bool // deeper has refused a call, and calls of Do still run
}

// Do waits for the turn and calls f, which belongs to the application. If f calls Do again, it has
// the turn already. If f panics, Do returns an error. In errors, f is named what.
func (t *Turn) Do(what string, f func() error) error {
	if t.Take() {
		defer t.Leave()
	}
	return t.deeper(what, f)
}

// Take waits for the turn. It returns false if this goroutine already has a turn; otherwise the
// caller must call Leave. Go does not say which Turn the goroutine has. So if a function of the
// application serves another request inside its own, that request does not wait for its other
// goroutines: two may use its session at once, but none hangs.
func (t *Turn) Take() bool {
	if t.mu.TryLock() {
		return true
	}
	if Runs(holder) {
		return false
	}
	t.mu.Lock()
	return true
}

// Leave ends the turn.
func (t *Turn) Leave() { t.mu.Unlock() }

// holder is on the stack of a goroutine while Do calls f.
const holder = "github.com/flashgin/flashgin/internal/turn.(*Turn).deeper"

// deeper calls f, unless that is too deep. After a refusal it calls nothing until the outermost
// call has returned: otherwise each level might try several calls.
func (t *Turn) deeper(what string, f func() error) error {
	if t.tooDeep = t.tooDeep || t.depth >= deepest; t.tooDeep {
		return fmt.Errorf("flashgin: %s calls flashgin for its own request, which calls it again: "+
			"let it read the session or the *gin.Context instead", what)
	}
	t.depth++
	defer func() {
		if t.depth--; t.depth == 0 {
			t.tooDeep = false
		}
	}()
	return guard.Caught(what, f)
}

// Runs reports whether this goroutine is in a call of the function. It takes microseconds. If the
// stack is too deep to tell, it returns true.
func Runs(function string) bool {
	var callers [256]uintptr
	n := runtime.Callers(2, callers[:]) // without Callers and this function
	frames := runtime.CallersFrames(callers[:n])
	for more := n > 0; more; {
		var frame runtime.Frame
		if frame, more = frames.Next(); frame.Function == function {
			return true
		}
	}
	return n == len(callers)
}
