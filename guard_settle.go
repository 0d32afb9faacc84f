package flashgin

import (
	"context"
	"fmt"
	"time"
)

// release puts back what a page did not show.
func (g *guard) release(claim Claim) { g.settle("release", claim, g.store.Release) }

// releaseNow is release for an answer whose page will ask for the messages at once: it waits until they are there, Config.Timeout at the most. The context is
// that of the request, whose lock is held.
func (g *guard) releaseNow(request context.Context, claim Claim) {
	if len(claim.Messages) == 0 {
		return
	}
	released := make(chan struct{}, 1)
	g.settle("release", claim, func(ctx context.Context, claim Claim) error {
		err := g.store.Release(lockedLike(ctx, request), claim)
		if err == nil {
			select {
			case released <- struct{}{}:
			default:
			}
		}
		return err
	})
	timer := time.NewTimer(g.cfg.Timeout)
	defer timer.Stop()
	select {
	case <-released:
	case <-timer.C:
	}
}

// settle has call settle a claim, in the background, until it succeeds or the lease ends; after that there is nothing left to settle. Where the guard is
// closed, it is done when settle returns, or given up after Config.Timeout.
func (g *guard) settle(doing string, claim Claim, call func(context.Context, Claim) error) {
	if len(claim.Messages) == 0 {
		return
	}
	if g.inProcess() {
		if err := call(context.Background(), claim); err != nil {
			g.errs.report(context.Background(), doing, err)
		}
		return
	}
	if !g.goInBackground(func() { g.settleWithin(g.cfg.Lease, g.tryHere, doing, claim, call) }) {
		g.settleWithin(g.cfg.Timeout, g.try, doing, claim, call)
	}
}

// A trier is guard.try or guard.tryHere.
type trier func(context.Context, effort, func(context.Context) error) error

func (g *guard) settleWithin(limit time.Duration, try trier, doing string, claim Claim, call func(context.Context, Claim) error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := try(ctx, untilEnd, func(ctx context.Context) error { return call(ctx, claim) }); err != nil {
		g.errs.report(ctx, doing, fmt.Errorf("flashgin: %s: not done within %v, so %d messages may be shown again: %w", doing, limit, len(claim.Messages), err))
	}
}
