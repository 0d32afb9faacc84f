package flashgin

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// sparesAtMost is how many goroutines wait for a call at a time, and spareFor how long each does.
	sparesAtMost = 64
	spareFor     = time.Second
)

// A worker is a goroutine that runs calls of a store, one after another. A call needs several times the stack that a goroutine begins with, and growing
// it costs as much as sending a command; so who has ended a call to Redis waits for the next. With other stores goroutines end at once: in a bubble of
// testing/synctest, where those of an application's tests may be, one that waits longer than the test would be an error.
type worker struct {
	next chan func() // has room for one call, put there when the worker is no longer spare; closed when none will come
}

// startLocked runs f in a goroutine, so that close waits for it. It is called with mu locked.
func (g *guard) startLocked(f func()) {
	g.running++
	if last := len(g.spares) - 1; last >= 0 {
		g.spares[last].next <- f
		g.spares = slices.Delete(g.spares, last, last+1)
		return
	}
	go g.work(f)
}

func (g *guard) work(f func()) {
	w := &worker{make(chan func(), 1)}
	patience := time.NewTimer(spareFor)
	defer patience.Stop()
	for f != nil && g.run(f, w) {
		patience.Reset(spareFor)
		select {
		case f = <-w.next:
		case <-patience.C:
			if g.dismiss(w) {
				return
			}
			f = <-w.next
		}
	}
}

// run runs f, and reports whether w is among the spare workers then.
func (g *guard) run(f func(), w *worker) (spare bool) {
	returned := false
	defer func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.running--; g.running == 0 {
			g.idle.Broadcast()
		}
		if spare = returned && g.reuses && !g.closed && len(g.spares) < sparesAtMost; spare {
			g.spares = append(g.spares, w)
		}
	}()
	f()
	returned = true
	return false
}

// dismiss takes w from the spare workers, and reports whether it was one.
func (g *guard) dismiss(w *worker) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.spares, w)
	if i >= 0 {
		g.spares = slices.Delete(g.spares, i, i+1)
	}
	return i >= 0
}

// dismissAll ends the spare workers. It is called with mu locked, when the guard is closed.
func (g *guard) dismissAll() {
	for _, w := range g.spares {
		close(w.next)
	}
	g.spares = nil
}

// goInBackground starts f, unless the guard is closed, and reports whether it did.
func (g *guard) goInBackground(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.startLocked(f)
	}
	return !g.closed
}

// start starts f, which somebody waits for, or which goes on with what runs in the background: also when the guard is closed.
func (g *guard) start(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.startLocked(f)
}

// close lets nothing more start in the background, and waits for what runs there until ctx ends.
func (g *guard) close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	g.dismissAll()
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
		return fmt.Errorf("flashgin: close: background work has not ended: %w", ctx.Err())
	}
}
