package flashgin

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/queue"
)

const (
	// confirmAfter is how long a confirmation waits for those of other pages, and confirmAtMost how
	// many go together.
	confirmAfter  = 5 * time.Millisecond
	confirmAtMost = 32
)

// release puts back what a page did not show.
func (d *delivery) release(claim Claim) { d.settle("release", claim, d.store.release) }

// releaseNow is release for an answer whose page will ask for the messages at once: it waits until
// they are there, Config.Timeout at most.
func (d *delivery) releaseNow(claim Claim) {
	if len(claim.Messages) == 0 {
		return
	}
	released := make(chan struct{}, 1)
	d.settle("release", claim, func(ctx context.Context, claim Claim) error {
		err := d.store.release(ctx, claim)
		if err == nil {
			select {
			case released <- struct{}{}:
			default:
			}
		}
		return err
	})
	timer := time.NewTimer(d.cfg.Timeout)
	defer timer.Stop()
	select {
	case <-released:
	case <-timer.C:
	}
}

// settleFunc is the Confirm or the Release of a store.
type settleFunc func(context.Context, Claim) error

// settle has a claim settled, in the background, until that succeeds or the lease ends. After that
// nothing is left to settle. If the delivery is closed, settle waits, Config.Timeout at most.
func (d *delivery) settle(doing string, claim Claim, call settleFunc) {
	if len(claim.Messages) == 0 {
		return
	}
	if d.inProcess() {
		if err := call(context.Background(), claim); err != nil {
			d.errs.Report(context.Background(), doing, err)
		}
		return
	}
	bound := func(ctx context.Context) error { return call(ctx, claim) }
	ctx, done := d.settling(doing, claim)
	if !d.guard.Background(ctx, 0, bound, done) {
		o := guard.Options{Wait: d.cfg.Timeout, Effort: guard.AFewTimes}
		done(d.call(context.Background(), o, bound, nil))
	}
}

// settling returns the context for settling a claim, and what is to be called at the end.
func (d *delivery) settling(doing string, claim Claim) (context.Context, func(error)) {
	ctx, cancel := context.WithTimeout(context.Background(), d.cfg.Lease)
	return ctx, func(err error) {
		defer cancel()
		if err == nil {
			return
		}
		d.errs.Report(ctx, doing, fmt.Errorf("flashgin: %s: not done within %v, so %d messages may be shown again: %w",
			doing, d.cfg.Lease, len(claim.Messages), err))
	}
}

// A confirmation is a claim whose messages were shown.
type confirmation struct {
	Claim
	until time.Time // the lease lasts until then at least; zero if that is not known
}

// confirm tells the store that the messages of a claim were shown. The claim was made at since, or
// nobody knows when if that is zero. confirm does not block the page. Until the store has the
// confirmation, the lease hides the messages from other pages. If the lease ends first, d.shown
// hides them in this process.
func (d *delivery) confirm(claim Claim, since time.Time) {
	if len(claim.Messages) == 0 {
		return
	}
	if d.inProcess() {
		d.settle("confirm", claim, d.store.confirm)
		return
	}
	c := confirmation{Claim: claim}
	if !since.IsZero() {
		c.until = since.Add(d.cfg.Lease)
	}
	d.shown.remember(claim, d.cfg.Lease)
	if _, ok := d.queue.(queue.Groups[Message]); ok {
		d.confirms.Add(d.nodeOf(claim.Session), c)
		return
	}
	d.settle("confirm", claim, d.confirmCall(c))
}

// confirmCall returns the call that confirms a claim alone. If its first attempt succeeds, d.shown
// need not know of the claim any more. A later success says less: an answer was lost before, and
// the server that gives the next may not know what that one knew.
func (d *delivery) confirmCall(c confirmation) settleFunc {
	var tried atomic.Bool
	return func(ctx context.Context, claim Claim) error {
		first := !tried.Swap(true)
		err := d.store.confirm(ctx, claim)
		if err == nil && first {
			d.shown.forget(c)
		}
		return err
	}
}

// confirmGroup confirms claims together, once. Those of which that is not known to have succeeded
// go on alone. Who would miss it: the owner of a busy Redis, which spends a tenth less on each page
// that shows messages.
func (d *delivery) confirmGroup(group []confirmation, closed bool) {
	if closed {
		for _, c := range group {
			d.settle("confirm", c.Claim, d.confirmCall(c))
		}
		return
	}
	claims := make([]queue.Claim[Message], len(group))
	for i, c := range group {
		claims[i] = c.Claim.inQueue()
	}
	ctx, cancel := context.WithTimeout(context.Background(), min(guard.CallTimeout, d.cfg.Lease))
	defer cancel()
	wentOn := make(chan struct{})
	inTime := context.AfterFunc(ctx, func() {
		defer close(wentOn)
		for _, c := range group {
			d.confirmAlone(c)
		}
	})
	var results []queue.Settled
	panicked := guard.Caught("a call of the store", func() error {
		results = d.store.Store.(queue.Groups[Message]).ConfirmAll(ctx, claims)
		return nil
	})
	if !inTime() {
		<-wentOn // else Close might find nothing that runs
		return
	}
	for i, c := range group {
		if panicked != nil || results[i].Err != nil {
			d.confirmAlone(c)
		} else {
			d.shown.forget(c)
		}
	}
}

// confirmAlone goes on with a claim whose group has failed.
func (d *delivery) confirmAlone(c confirmation) {
	ctx, done := d.settling("confirm", c.Claim)
	d.guard.Continue(ctx, func(ctx context.Context) error { return d.store.confirm(ctx, c.Claim) }, done)
}

// tellEnd tells other processes that the streams of a session are to end. It waits so long, or two
// seconds if that is zero.
func (d *delivery) tellEnd(session string, wait time.Duration) error {
	store, ok := d.queue.(queue.Ender)
	if !ok {
		return nil
	}
	o := guard.Options{Wait: wait, Effort: guard.AFewTimes}
	return d.call(context.Background(), o, func(ctx context.Context) error {
		return store.TellEnd(ctx, session)
	}, nil)
}

// tellEndLater is tellEnd for a request, which does not wait for it.
func (d *delivery) tellEndLater(session string) {
	tell := func(wait time.Duration) {
		if err := d.tellEnd(session, wait); err != nil {
			d.errs.Report(context.Background(), "end the streams of other processes", err)
		}
	}
	if !d.guard.Go(func() { tell(0) }) {
		tell(d.cfg.Timeout)
	}
}
