package trail

import (
	"slices"
	"sync"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

const (
	keptAtMost = 500
	keptFor    = 15 * time.Minute
)

// An Entry is a line, or a visit.
type Entry struct {
	At time.Time
	queue.Line

	Method string // of a visit; otherwise ""
	Code   int    // the status of its answer
	Asked  bool   // it called flashes, Flashes or Markup
	Why    string // it shows no messages
}

// A ring keeps the latest entries. Who would miss it: a developer who asks why a page shows
// nothing.
type ring struct {
	mu      sync.Mutex
	entries []Entry // the oldest first
}

func (r *ring) add(e Entry) {
	e.At = time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.entries) == keptAtMost {
		r.entries = slices.Delete(r.entries, 0, 1)
	}
	r.entries = append(r.entries, e)
}

// Keep makes the Trail keep what happens, for Last. Without it, nothing is kept.
func (t *Trail) Keep() { t.ring.CompareAndSwap(nil, new(ring)) }

// Keeps reports whether Keep was called.
func (t *Trail) Keeps() bool { return t.ring.Load() != nil }

// Visit keeps an answer.
func (t *Trail) Visit(e Entry) {
	if r := t.ring.Load(); r != nil {
		r.add(e)
	}
}

// Last returns what has happened in the last minutes, the newest first.
func (t *Trail) Last() []Entry {
	r := t.ring.Load()
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	last := slices.Clone(r.entries)
	last = slices.DeleteFunc(last, func(e Entry) bool { return time.Since(e.At) > keptFor })
	slices.Reverse(last)
	return last
}
