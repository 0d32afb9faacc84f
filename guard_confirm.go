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

// confirm tells the store that the messages of a claim were shown. Nobody waits for that: until the store knows, they are nobody else's, and when their lease has
// ended, this process still knows.
func (g *guard) confirm(claim Claim) {
	if len(claim.Messages) == 0 {
		return
	}
	if !g.inProcess() {
		g.shownLate.remember(claim, g.cfg.Lease)
	}
	if _, ok := own[groupStore](g.cfg.Store); !ok {
		g.confirmAlone(claim, false)
		return
	}
	node, wait := g.nodeOf(claim.Session), confirmAfter
	switch node.gather(claim) {
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
		for _, claim := range node.gathered() {
			g.confirmAlone(claim, false)
		}
	}
}

// confirmGroup confirms claims together, once. Those of which that is not known to have succeeded go on alone. It runs in the background.
func (g *guard) confirmGroup(claims []Claim) {
	if len(claims) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), min(callTimeout, g.cfg.Lease))
	defer cancel()
	wentOn := make(chan struct{})
	inTime := context.AfterFunc(ctx, func() {
		defer close(wentOn)
		for _, claim := range claims {
			g.confirmAlone(claim, true)
		}
	})
	var results []settled
	panicked := caught(func() error {
		results = g.store.(groupStore).confirmGroup(ctx, claims)
		return nil
	})
	if !inTime() {
		<-wentOn // else close might find nothing that runs
		return
	}
	for i, claim := range claims {
		if panicked != nil || results[i].err != nil {
			g.confirmAlone(claim, true)
		} else {
			g.shownLate.forget(claim)
		}
	}
}

// confirmAlone confirms one claim, and does not give up before its lease has ended. Again means that a group has failed, which runs still. What does not succeed at
// the first attempt stays among shownLate: an answer was lost, and the server that gives the next may not know what the first one knew.
func (g *guard) confirmAlone(claim Claim, again bool) {
	start := g.goInBackground
	if again {
		start = g.goOnInBackground
	}
	var tried atomic.Bool
	tried.Store(again)
	g.settleBy(start, "confirm", claim, func(ctx context.Context, claim Claim) error {
		first := !tried.Swap(true)
		err := g.store.Confirm(ctx, claim)
		if err == nil && first {
			g.shownLate.forget(claim)
		}
		return err
	})
}
