package delivery

import (
	"context"
	"fmt"
	"time"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/queue"
)

const (
	confirmAfter  = 5 * time.Millisecond // how long a confirmation waits for those of other pages
	confirmAtMost = 32                   // how many confirmations go together
)

// Release puts back items that a page did not show. Before Close it does not block. It leaves out
// items whose confirmation is on its way: whoever has seen a message must not get it again.
func (d *Delivery[T]) Release(claim queue.Claim[T]) {
	claim, _ = d.shown.split(claim)
	d.settle("release", claim, d.store.Release, d.cfg.Timeout)
}

// ReleaseNow is Release for an answer whose page will ask for the items at once: it waits until
// they are back, Config.Timeout at most. Who would miss it: users of htmx, whose page would come
// back without the messages.
func (d *Delivery[T]) ReleaseNow(claim queue.Claim[T]) {
	if len(claim.Items) == 0 {
		return
	}
	o := guard.Options{Direct: d.inProcess(), Wait: d.cfg.Timeout}
	_, _ = guard.Call(context.Background(), d.guard, o, func(ctx context.Context) (int, error) {
		return d.store.Release(ctx, claim)
	}, func(_ int, err error, _ bool) {
		if err != nil {
			d.Release(claim)
		}
	})
}

// settle settles a claim in the background. It tries until that succeeds or the lease ends: then
// nothing is left to settle. After Close, settle blocks until that is done, for wait at most.
func (d *Delivery[T]) settle(
	doing string, claim queue.Claim[T], call func(context.Context, queue.Claim[T]) (int, error),
	wait time.Duration,
) {
	if len(claim.Items) == 0 {
		return
	}
	if d.inProcess() {
		if _, err := call(context.Background(), claim); err != nil {
			d.cfg.Errors.Report(context.Background(), doing, err)
		}
		return
	}
	d.guard.Background(wait, func() {
		ctx, cancel := context.WithTimeout(context.Background(), d.cfg.Lease)
		defer cancel()
		_, err := guard.Try(ctx, d.guard, guard.UntilEnd, func(ctx context.Context) (int, error) {
			return call(ctx, claim)
		})
		if err != nil {
			d.cfg.Errors.Report(ctx, doing, fmt.Errorf("flashgin: %s: not done within %v, "+
				"so %d messages may be shown again: %w", doing, d.cfg.Lease, len(claim.Items), err))
		}
	})
}

// Confirm tells the store that the items of a claim were shown. The store was asked for the claim
// at since, or earlier. Confirm does not block the page. Until the store has the confirmation, the
// lease hides the items from other pages. If the lease ends first, d.shown hides them in this
// process.
//
// Confirmations of the same moment go to their server together. Who would miss that: the owner of a
// busy Redis. A call in a pipeline costs the server a fraction of a call alone.
func (d *Delivery[T]) Confirm(claim queue.Claim[T], since time.Time) {
	if len(claim.Items) == 0 || d.inProcess() {
		d.settle("confirm", claim, d.store.Confirm, 0)
		return
	}
	d.shown.remember(claim, since.Add(d.cfg.Lease))
	node := d.nodes.Node(claim.Session)
	d.mu.Lock()
	group := append(d.confirms[node], claim)
	d.confirms[node] = group
	full := len(group) == d.together
	if full {
		delete(d.confirms, node)
	}
	d.mu.Unlock()
	if !full && len(group) > 1 { // the goroutine of the first one confirms them all
		return
	}
	d.guard.Background(d.cfg.Timeout, func() {
		if !full {
			guard.Sleep(d.guard.Context(), confirmAfter)
			d.mu.Lock()
			group = d.confirms[node]
			delete(d.confirms, node)
			d.mu.Unlock()
		}
		d.confirmGroup(group)
	})
}

// confirmGroup confirms claims, once. d.shown forgets those for which that succeeds. The others are
// tried again, each alone, and d.shown remembers them even if that succeeds: a failover may have
// lost the first confirmation and the store's memory of it.
func (d *Delivery[T]) confirmGroup(group []queue.Claim[T]) {
	if len(group) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), min(guard.CallTimeout, d.cfg.Lease))
	defer cancel()
	call := func(ctx context.Context) ([]queue.Settled, error) {
		if d.together > 1 {
			return d.store.(queue.Groups[T]).ConfirmAll(ctx, group), nil
		}
		_, err := d.store.Confirm(ctx, group[0])
		return []queue.Settled{{Err: err}}, nil
	}
	results, err := guard.Try(ctx, d.guard, guard.Effort{}, call)
	for i, claim := range group {
		if err == nil && results[i].Err == nil {
			d.shown.forget(claim)
		} else {
			d.settle("confirm", claim, d.store.Confirm, 0)
		}
	}
}

// TellEnd tells other processes to end the streams of a session. It waits two seconds at most.
func (d *Delivery[T]) TellEnd(session string) error {
	if d.ender == nil {
		return nil
	}
	return d.call(context.Background(), guard.Options{}, func(ctx context.Context) error {
		return d.ender.TellEnd(ctx, session)
	}, func(error) {})
}

// TellEndLater is TellEnd for a request, which does not wait for it.
func (d *Delivery[T]) TellEndLater(session string) {
	if d.ender == nil {
		return
	}
	d.guard.Background(d.cfg.Timeout, func() {
		if err := d.TellEnd(session); err != nil {
			d.cfg.Errors.Report(context.Background(), "end the streams of other processes", err)
		}
	})
}
