// Package guard makes calls to a server that may hang, fail or lose its answers, so that nobody
// waits longer than they want to:
//
//   - [Call] runs a call detached from its caller, who waits for it only so long. A slow call goes
//     on: a connection that is slow to open is then ready for the next caller.
//   - An [Effort] tries a call again. An attempt that hangs is joined by the next one.
//   - A [Node] is one server. Its circuit breaker spares callers the wait while the server is down.
//   - A [Batch] gathers small calls to one node and sends them together.
//
// It knows neither what is called nor why.
package guard

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// CallTimeout bounds one attempt of a call, and a [Call] as a whole.
const CallTimeout = 2 * time.Second

// Config says what a Guard needs to know of the servers.
type Config struct {
	// Ping asks a node whether it answers.
	Ping func(ctx context.Context, node string) error
	// Changed is told when the breaker of a node opens and when it closes. It may be nil.
	Changed func(ctx context.Context, node string, open bool)
}

// A Guard runs calls in goroutines that it knows, so that Close can wait for them. It is safe for
// concurrent use by multiple goroutines.
type Guard struct {
	cfg    Config
	ctx    context.Context // ends with Close
	cancel context.CancelFunc

	mu      sync.Mutex
	closed  bool
	running int        // goroutines
	idle    *sync.Cond // running is zero
	nodes   map[string]*Node
}

// New returns a Guard that has started nothing yet.
func New(cfg Config) *Guard {
	g := &Guard{cfg: cfg, nodes: map[string]*Node{}}
	g.idle = sync.NewCond(&g.mu)
	g.ctx, g.cancel = context.WithCancel(context.Background())
	return g
}

// Context ends when the Guard is closed.
func (g *Guard) Context() context.Context { return g.ctx }

// Go runs f in the background, unless the Guard is closed, and reports whether it does.
func (g *Guard) Go(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.startLocked(f)
	}
	return !g.closed
}

// start runs f, for which somebody waits or which goes on with work of the background: a closed
// Guard does it as well.
func (g *Guard) start(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.startLocked(f)
}

func (g *Guard) startLocked(f func()) {
	g.running++
	go func() {
		defer func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.running--; g.running == 0 {
				g.idle.Broadcast()
			}
		}()
		f()
	}()
}

// Close lets nothing more start in the background and waits for what runs there until ctx ends.
// Closing twice is not an error.
func (g *Guard) Close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	idle := g.running == 0
	g.mu.Unlock()
	g.cancel()
	if idle {
		return nil
	}
	ended := make(chan struct{})
	go func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for g.running > 0 {
			g.idle.Wait()
		}
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("background work has not ended: %w", ctx.Err())
	}
}

// Caught calls f, which belongs to the application, and makes an error of a panic: in a goroutine
// of ours a panic would end the process.
func Caught(what string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("flashgin: %s panicked: %v\n%s", what, r, debug.Stack())
		}
	}()
	return f()
}

// Sleep reports whether ctx lasted for d.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
