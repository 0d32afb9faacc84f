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

// deepest is how often the functions of the application may call one another by way of flashgin,
// for one request. One that calls flashgin, which calls it again, would go on for ever.
const deepest = 8

// A Turn is that of one request. The zero value is ready. A Turn is safe for concurrent use by
// multiple goroutines.
type Turn struct {
	mu      sync.Mutex
	depth   int  // of the functions that call one another
	tooDeep bool // one of them was not called any more
}

// Do calls f, which belongs to the application and is called what in errors, when it is this
// goroutine's turn. If f calls Do again, it has the turn already. A panic of f is an error.
func (t *Turn) Do(what string, f func() error) error {
	if t.Take() {
		defer t.Leave()
	}
	return t.deeper(what, f)
}

// Take waits for the turn. It reports false if this goroutine has it already; else it must Leave. Go
// does not say which Turn the goroutine has. So a function of the application's that serves another
// request inside its own does not wait for goroutines of that one: two may then use its session at
// once, and none hangs.
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

// holder is what runs while f of Do does.
const holder = "github.com/flashgin/flashgin/internal/turn.(*Turn).deeper"

// deeper calls f, unless that is too deep. Then the others on the way back call nothing more
// either: each might call several.
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

// Runs reports whether this goroutine is in a call of the function, in microseconds. If the stack of
// calls is too deep to tell, it is.
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
