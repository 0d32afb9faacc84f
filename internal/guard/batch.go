package guard

import (
	"sync"
	"time"
)

// A Batch gathers small calls to one node and sends them together: a call's share of a round trip
// costs the server a fraction of a round trip of its own. It is safe for concurrent use by multiple
// goroutines.
type Batch[T any] struct {
	guard *Guard
	after time.Duration // the first waits so long for others
	most  int           // go together
	send  func(group []T, closed bool)

	mu     sync.Mutex
	groups map[*Node][]T
}

// NewBatch returns a Batch whose calls wait for others for after, and of which at most most go
// together. send is called in the background, or, once the Guard is closed, by Add.
func NewBatch[T any](g *Guard, after time.Duration, most int, send func(group []T, closed bool)) *Batch[T] {
	return &Batch[T]{guard: g, after: after, most: most, send: send, groups: map[*Node][]T{}}
}

// Add sends one more call to the node, soon.
func (b *Batch[T]) Add(n *Node, call T) {
	wait := b.after
	switch b.gather(n, call) {
	case 1:
	case b.most:
		wait = 0
	default:
		return // others wait already
	}
	started := b.guard.Go(func() {
		Sleep(b.guard.ctx, wait)
		if group := b.take(n); len(group) > 0 {
			b.send(group, false)
		}
	})
	if started {
		return
	}
	if group := b.take(n); len(group) > 0 {
		b.send(group, true)
	}
}

// gather returns how many calls wait for the node now.
func (b *Batch[T]) gather(n *Node, call T) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.groups[n] = append(b.groups[n], call)
	return len(b.groups[n])
}

func (b *Batch[T]) take(n *Node) []T {
	b.mu.Lock()
	defer b.mu.Unlock()
	group := b.groups[n]
	delete(b.groups, n)
	return group
}
