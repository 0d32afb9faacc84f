package flashgin

import (
	"context"
	"sync"
	"time"
)

const (
	// failuresToOpen is how many calls in a row must fail before pages are spared the wait.
	failuresToOpen = 5
	// inFlightAtMost bounds the calls of one node that requests have started and that have not ended.
	inFlightAtMost = 64
	// probeEvery is the pause between two probes of a node that failed.
	probeEvery = 250 * time.Millisecond
	// nodesAtMost bounds the addresses that are known: more than a cluster has, even if all its servers have changed theirs. Then all are forgotten, and
	// those that are still in use come again.
	nodesAtMost = 2000
)

// A node is one server of the store, as far as pages depend on it. A store that tells its nodes apart (a cluster) gets a breaker for each, so that one
// frozen server costs only the pages whose messages it keeps.
type node struct {
	name string

	mu       sync.Mutex
	inFlight int
	failures int // in a row
	open     bool
	confirms []confirmation // which wait to be sent together
}

// sharded is what a store of several servers has beside the methods of [Store].
type sharded interface {
	// node names the server that keeps the session's messages. It does not block.
	node(session string) string
	pingNode(ctx context.Context, node string) error
}

func (g *guard) nodeOf(session string) *node {
	var name string
	if store, ok := g.cfg.Store.(sharded); ok {
		name = store.node(session)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	n := g.nodes[name]
	if n == nil {
		if len(g.nodes) >= nodesAtMost {
			clear(g.nodes)
		}
		n = &node{name: name}
		g.nodes[name] = n
	}
	return n
}

// enter asks for leave to call the node; leave follows when the call has ended.
func (n *node) enter() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.open:
		return errStoreDown
	case n.inFlight >= inFlightAtMost:
		return errStoreBusy
	}
	n.inFlight++
	return nil
}

// enterAnyway is enter for a call that is worth a try even while the breaker is open. It reports whether the node is believed to answer.
func (n *node) enterAnyway() (answers bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.inFlight >= inFlightAtMost {
		return false, errStoreBusy
	}
	n.inFlight++
	return !n.open, nil
}

func (n *node) leave() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.inFlight--
}

// gather puts a confirmation with those that wait to be sent, and returns how many these are now.
func (n *node) gather(c confirmation) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.confirms = append(n.confirms, c)
	return len(n.confirms)
}

// gathered takes what gather has put there.
func (n *node) gathered() []confirmation {
	n.mu.Lock()
	defer n.mu.Unlock()
	group := n.confirms
	n.confirms = nil
	return group
}

// record counts failures in a row and opens the breaker, which only the probe closes.
func (g *guard) record(n *node, err error) {
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
		n.open = g.goInBackground(func() { g.probe(n) })
	}
}

// probe asks the node until it answers, then lets the pages ask again.
func (g *guard) probe(n *node) {
	g.tell(g.ctx, Event{Kind: EventBreakerOpened, Node: n.name})
	for sleep(g.ctx, probeEvery) {
		ctx, cancel := context.WithTimeout(g.ctx, callTimeout)
		err := caught(storeCall, func() error { return g.ping(ctx, n.name) })
		cancel()
		if err == nil {
			break
		}
	}
	g.tell(g.ctx, Event{Kind: EventBreakerClosed, Node: n.name}) // before it can open again
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open, n.failures = false, 0
}

// tell tells the Observer of an event in the background, and reports where that panics.
func (g *guard) tell(ctx context.Context, e Event) {
	err := caught("the Observer", func() error {
		g.cfg.observe(ctx, e)
		return nil
	})
	if err != nil {
		g.errs.report(ctx, "observe", err)
	}
}

func (g *guard) ping(ctx context.Context, node string) error {
	switch store := g.cfg.Store.(type) {
	case sharded:
		return store.pingNode(ctx, node)
	case interface{ Ping(context.Context) error }:
		return store.Ping(ctx)
	}
	_, err := g.cfg.Store.Peek(ctx, "flashgin", []string{"/"}) // any read will do
	return err
}
