package flashgin

import (
	"context"
	"sync/atomic"
	"time"
)

const (
	// confirmAfter is how long a confirmation waits for those of other pages, and confirmAtMost how many go together.
	confirmAfter  = 5 * time.Millisecond
	confirmAtMost = 32
)

// groupStore is what a store has that confirms several claims in one round trip: a page's share of it costs a fraction of a round trip of its own.
type groupStore interface {
	// confirmGroup returns what has become of each claim.
	confirmGroup(ctx context.Context, claims []Claim) []settled
}

// settled is how many messages of a claim the store has settled, and why not all of them.
type settled struct {
	messages int
	err      error
}

// A confirmation is a claim whose messages were shown.
type confirmation struct {
	Claim
	until time.Time // the lease lasts until then at least; zero where that is not known
}

// confirm tells the store that the messages of a claim were shown, which was made at since, or who knows when if that is zero. Nobody waits for the store: until
// it knows, they are nobody else's, and when their lease has ended, this process still knows.
func (g *guard) confirm(claim Claim, since time.Time) {
	if len(claim.Messages) == 0 {
		return
	}
	if g.inProcess() {
		g.settle("confirm", claim, g.store.Confirm)
		return
	}
	c := confirmation{Claim: claim}
	if !since.IsZero() {
		c.until = since.Add(g.cfg.Lease)
	}
	g.shownLate.remember(claim, g.cfg.Lease)
	if _, ok := own[groupStore](g.cfg.Store); !ok {
		g.settle("confirm", claim, g.confirmCall(c, true))
		return
	}
	node, wait := g.nodeOf(claim.Session), confirmAfter
	switch node.gather(c) {
	case 1:
	case confirmAtMost:
		wait = 0
	default:
		return // others wait already
	}
	inBackground := g.goInBackground(func() {
		sleep(g.ctx, wait)
		g.confirmGroup(node.gathered())
	})
	if !inBackground { // the guard is closed
		for _, c := range node.gathered() {
			g.settle("confirm", c.Claim, g.confirmCall(c, true))
		}
	}
}

// confirmGroup confirms claims together, once. Those of which that is not known to have succeeded go on alone. It runs in the background, and close waits for them
// as it does for this.
func (g *guard) confirmGroup(group []confirmation) {
	if len(group) == 0 {
		return
	}
	claims := make([]Claim, len(group))
	for i, c := range group {
		claims[i] = c.Claim
	}
	ctx, cancel := context.WithTimeout(context.Background(), min(callTimeout, g.cfg.Lease))
	defer cancel()
	goOn := func(c confirmation) {
		g.start(func() { g.settleWithin(g.cfg.Lease, g.tryHere, "confirm", c.Claim, g.confirmCall(c, false)) })
	}
	wentOn := make(chan struct{})
	inTime := context.AfterFunc(ctx, func() {
		defer close(wentOn)
		for _, c := range group {
			goOn(c)
		}
	})
	var results []settled
	panicked := caught(storeCall, func() error {
		results = g.store.(groupStore).confirmGroup(ctx, claims)
		return nil
	})
	if !inTime() {
		<-wentOn // else close might find nothing that runs
		return
	}
	for i, c := range group {
		if panicked != nil || results[i].err != nil {
			goOn(c)
		} else {
			g.shownLate.forget(c)
		}
	}
}

// confirmCall returns the call that confirms a claim alone. If first is set, and its first attempt succeeds, shownLate need not know of the claim any more. A later
// success says less: an answer was lost before, and the server that gives the next may not know what that one knew.
func (g *guard) confirmCall(c confirmation, first bool) func(context.Context, Claim) error {
	var tried atomic.Bool
	tried.Store(!first)
	return func(ctx context.Context, claim Claim) error {
		first := !tried.Swap(true)
		err := g.store.Confirm(ctx, claim)
		if err == nil && first {
			g.shownLate.forget(c)
		}
		return err
	}
}
