package guard

import (
	"context"
	"sync"
	"time"
)

const (
	// failuresToOpen is how many calls in a row must fail before callers are spared the wait.
	failuresToOpen = 5
	// inFlightAtMost bounds the calls of one node that have begun and not ended.
	inFlightAtMost = 64
	// probeEvery is the pause between two probes of a node that failed.
	probeEvery = 250 * time.Millisecond
	// NodesAtMost bounds the names that are known: more than a cluster has, even if all its
	// servers have changed theirs. Then all are forgotten, and those in use come again.
	NodesAtMost = 2000
)

// A Node is one server, with a circuit breaker of its own: one frozen server of a cluster costs
// only those who need it. Its methods accept nil, which is a server that is not known.
type Node struct {
	name string

	mu       sync.Mutex
	inFlight int
	failures int // in a row
	open     bool
}

// Node returns the node of that name.
func (g *Guard) Node(name string) *Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.nodes[name]
	if n == nil {
		if len(g.nodes) >= NodesAtMost {
			clear(g.nodes)
		}
		n = &Node{name: name}
		g.nodes[name] = n
	}
	return n
}

// enter asks for leave to call the node, anyway if its breaker is open, which it reports. If there
// is no error, leave follows when the call has ended.
func (n *Node) enter(anyway bool) (open bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.open && !anyway:
		return true, ErrDown
	case n.inFlight >= inFlightAtMost:
		return n.open, ErrBusy
	}
	n.inFlight++
	return n.open, nil
}

func (n *Node) leave() {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.inFlight--
}

// record counts failures in a row and opens the breaker, which only the probe closes.
func (g *Guard) record(n *Node, err error) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil {
		n.failures = 0
		return
	}
	n.failures++
	if n.failures >= failuresToOpen && !n.open {
		n.open = g.Go(func() { g.probe(n) })
	}
}

// probe asks the node until it answers, then lets callers ask again. No caller does that: each
// would wait for a server that is still down.
func (g *Guard) probe(n *Node) {
	g.changed(n, true)
	for Sleep(g.ctx, probeEvery) {
		ctx, cancel := context.WithTimeout(g.ctx, CallTimeout)
		err := Caught("a call of the store", func() error { return g.cfg.Ping(ctx, n.name) })
		cancel()
		if err == nil {
			break
		}
	}
	g.changed(n, false) // before it can open again
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open, n.failures = false, 0
}

func (g *Guard) changed(n *Node, open bool) {
	if g.cfg.Changed != nil {
		g.cfg.Changed(g.ctx, n.name, open)
	}
}
