// Package guard makes calls to a server that may hang, fail or lose its answers, so that nobody
// waits longer than they want to:
//
//   - [Call] runs a call detached from its caller, who waits for it only so long. A slow call goes
//     on: a connection that is slow to open is then ready for the next caller.
//   - [Try] tries a call again. If an attempt hangs, the next one starts beside it.
//   - A [Node] is one server. Its circuit breaker spares callers the wait while the server is down.
//
// The package does not know what is called, or why.
package guard

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// StoreCall is what errors of [Caught] call a call of the store.
const StoreCall = "a call of the store"

// spareFor is how long a goroutine that has ended a call waits for another one.
const spareFor = 250 * time.Millisecond

// Config says what a Guard needs to know of the servers.
type Config struct {
	Ping    func(ctx context.Context, node string) error      // asks whether the node answers
	Changed func(ctx context.Context, node string, open bool) // a breaker has opened, or closes
	// Spares says that goroutines which have ended a call wait a while for another one, with their
	// stacks grown. Who would miss them: who pays for the processors, as nearly each page makes a
	// call. In a bubble of testing/synctest goroutines must end, so there they cannot wait.
	Spares bool
}

// A Guard runs calls in goroutines that it knows, so that Close can wait for them. It is safe for
// concurrent use by multiple goroutines.
type Guard struct {
	cfg     Config
	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	running atomic.Int64  // goroutines
	calls   chan func()   // for a goroutine that waits
	ended   chan struct{} // holds one when goroutines have ended

	mu    sync.Mutex
	nodes map[string]*Node
}

// New returns a Guard that has started nothing yet.
func New(cfg Config) *Guard {
	g := &Guard{
		cfg: cfg, calls: make(chan func()), ended: make(chan struct{}, 1),
		nodes: map[string]*Node{},
	}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	return g
}

// Context ends when the Guard is closed.
func (g *Guard) Context() context.Context { return g.ctx }

// Background runs f in the background. After Close, it waits until f returns, for wait at most. Who
// would miss that: an application that closes its Redis client after the Messenger.
func (g *Guard) Background(wait time.Duration, f func()) {
	ended := make(chan struct{})
	g.start(func() {
		defer close(ended)
		f()
	})
	if g.ctx.Err() != nil {
		select {
		case <-ended:
		case <-time.After(wait):
		}
	}
}

// start runs f in a goroutine: one that waits, or a new one.
func (g *Guard) start(f func()) {
	select {
	case g.calls <- f:
	default:
		g.running.Add(1)
		go g.run(f)
	}
}

// run runs f, and what comes while it waits.
func (g *Guard) run(f func()) {
	defer g.wakeClose()
	defer g.running.Add(-1)
	growStack()
	if !g.cfg.Spares {
		f()
		return
	}
	patience := time.NewTimer(spareFor)
	defer patience.Stop()
	for {
		f()
		patience.Reset(spareFor)
		select {
		case f = <-g.calls:
		case <-patience.C:
			return
		case <-g.ctx.Done():
			return
		}
	}
}

// growStack makes room on the stack of this goroutine at once. Without it, a call that needs more
// doubles and copies the stack several times on its way down, which costs as much as sending a
// command to Redis: see BenchmarkCall.
//
//go:noinline
func growStack() {
	var room [8 << 10]byte
	runtime.KeepAlive(&room)
}

func (g *Guard) wakeClose() {
	select {
	case g.ended <- struct{}{}:
	default: // Close has not read the last one yet, and will count again
	}
}

// Close waits until all goroutines have ended, or ctx has. Closing twice is not an error.
func (g *Guard) Close(ctx context.Context) error {
	g.cancel()
	defer g.wakeClose() // wakes another call of Close
	for g.running.Load() > 0 {
		select {
		case <-g.ended:
		case <-ctx.Done():
			return fmt.Errorf("flashgin: close: background work has not ended: %w", ctx.Err())
		}
	}
	return nil
}

// Caught calls f, which belongs to the application, and returns a panic as an error: in a goroutine
// of ours a panic would end the process.
func Caught(what string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("flashgin: %s panicked: %v\n%s", what, r, debug.Stack())
		}
	}()
	return f()
}

// Sleep waits for d, or until ctx ends. It reports whether ctx lasted.
func Sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
