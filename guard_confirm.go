package flashgin

import (
	"context"
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

// confirm tells the store that the messages of a claim were shown. Nobody waits for that: until the store knows, they are nobody else's.
func (g *guard) confirm(claim Claim) {
	if _, ok := own[groupStore](g.cfg.Store); !ok || len(claim.Messages) == 0 {
		g.confirmAlone(claim, g.goInBackground)
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
			g.confirmAlone(claim, g.goInBackground)
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
	goOn := func(claim Claim) {
		g.shownLate.remember(claim)
		g.confirmAlone(claim, g.goOnInBackground)
	}
	wentOn := make(chan struct{})
	inTime := context.AfterFunc(ctx, func() {
		defer close(wentOn)
		for _, claim := range claims {
			goOn(claim)
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
			goOn(claim)
		}
	}
}

// confirmAlone confirms one claim, and does not give up before its lease has ended. For start see settleBy.
func (g *guard) confirmAlone(claim Claim, start func(func()) bool) {
	g.settleBy(start, "confirm", claim, func(ctx context.Context, claim Claim) error {
		inTime := context.AfterFunc(ctx, func() { g.shownLate.remember(claim) })
		err := g.store.Confirm(ctx, claim)
		if inTime(); err != nil {
			g.shownLate.remember(claim)
		}
		return err
	})
}
