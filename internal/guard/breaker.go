package guard

import (
	"context"
	"sync"
	"time"
)

const (
	failuresToOpen = 5                      // in a row
	probeEvery     = 250 * time.Millisecond // as long as the breaker is open
	// inFlightAtMost bounds the calls of one node that have begun and not ended. Who would miss it:
	// an application with many visitors at the moment when Redis hangs.
	inFlightAtMost = 64
)

// A Node is one server, with a circuit breaker of its own. Who would miss it: everybody while Redis
// is down, because each page would wait for it. In a cluster, if one server hangs, those whose
// sessions are on the others.
type Node struct {
	name     string
	inFlight chan struct{} // has one for each call; nil bounds nothing

	mu       sync.Mutex
	failures int // in a row
	open     bool
}

// Node returns the node of that name.
func (g *Guard) Node(name string) *Node {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.nodes[name]
	if n == nil {
		n = &Node{name: name, inFlight: make(chan struct{}, inFlightAtMost)}
		g.nodes[name] = n
	}
	return n
}

// enter returns how long the caller may wait for a call of the node, or an error if the call must
// not be made. Without an error, the call counts as in flight. If too many are, the caller waits
// for one of them to end: many users at the same moment are no outage.
func (n *Node) enter(ctx context.Context, o Options) (wait time.Duration, err error) {
	if wait, err = n.patience(ctx, o); err != nil || n.inFlight == nil {
		return wait, err
	}
	select {
	case n.inFlight <- struct{}{}: // as nearly always
		return wait, nil
	default:
	}
	var expired <-chan time.Time
	if wait > 0 {
		expired = time.After(wait)
	}
	since := time.Now()
	select {
	case n.inFlight <- struct{}{}:
	case <-expired:
		return 0, ErrBusy
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if wait, err = n.patience(ctx, o); err != nil {
		n.leave()
	} else if wait > 0 {
		wait = max(wait-time.Since(since), time.Millisecond)
	}
	return wait, err
}

// patience returns how long the caller waits, or an error if nobody asks the node now.
func (n *Node) patience(ctx context.Context, o Options) (wait time.Duration, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if wait = o.Wait; n.open {
		wait = o.WaitDown
	}
	if err = ctx.Err(); err == nil && n.open && wait == 0 {
		err = ErrDown
	}
	return wait, err
}

// leave ends what enter has begun.
func (n *Node) leave() {
	if n.inFlight != nil {
		<-n.inFlight
	}
}

// record counts failures in a row, and opens the breaker after failuresToOpen. Only probe closes
// it.
func (g *Guard) record(n *Node, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err == nil {
		n.failures = 0
		return
	}
	if n.failures++; n.failures >= failuresToOpen && !n.open && g.ctx.Err() == nil {
		n.open = true
		g.start(func() { g.probe(n) })
	}
}

// probe pings the node until it answers, then closes the breaker. If callers probed, each would
// wait for a server that is still down.
func (g *Guard) probe(n *Node) {
	g.cfg.Changed(g.ctx, n.name, true)
	for Sleep(g.ctx, probeEvery) {
		ctx, cancel := context.WithTimeout(g.ctx, CallTimeout)
		err := Caught(StoreCall, func() error { return g.cfg.Ping(ctx, n.name) })
		cancel()
		if err == nil {
			break
		}
	}
	g.cfg.Changed(g.ctx, n.name, false) // before it can open again
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open, n.failures = false, 0
}
