package delivery

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/queue"
)

const (
	// lateFor is how long after its first attempt an add is still tried. The store remembers the ID
	// of an item that is gone for longer. So an item that arrived all the same, and was shown, does
	// not come twice.
	lateFor = queue.RememberFor - guard.CallTimeout
	// The pause after the attempts for which the answer may have waited.
	lateAfter      = time.Second
	lateAddsAtMost = 256 // at a time
)

// AddForJob stores items for a caller that waits until ctx ends, two seconds at most. quietly is as
// in AddForRequest.
func (d *Delivery[T]) AddForJob(
	ctx context.Context, session string, items []queue.Item[T], quietly bool,
) error {
	return d.add(ctx, d.options(session, ForJob), session, items, quietly)
}

// AddForRequest stores a request's items, for an answer that waits Config.AddTimeout at most. It
// goes on after the request: the user may have closed the tab, and still wants the message. It also
// goes on if the breaker is open, because nobody else will bring that message. If quietly is set,
// open pages are not woken, so the next page takes the items.
func (d *Delivery[T]) AddForRequest(
	ctx context.Context, session string, items []queue.Item[T], quietly bool,
) error {
	o := d.options(session, d.cfg.AddTimeout)
	o.WaitDown = min(d.cfg.AddTimeout, d.cfg.Timeout)
	o.Ignore = refused // a server whose memory is full still gives pages what waits
	return d.add(context.WithoutCancel(ctx), o, session, items, quietly)
}

func refused(err error) bool {
	var refusal queue.Refusal
	return errors.As(err, &refusal)
}

func (d *Delivery[T]) add(
	ctx context.Context, o guard.Options, session string, items []queue.Item[T], quietly bool,
) error {
	if o.Direct { // the same, but without allocating functions
		err := d.storeAdd(ctx, session, items, quietly)
		if err == nil {
			d.cfg.Added(ctx, len(items))
		}
		return err
	}
	since := time.Now()
	return d.call(ctx, o, func(ctx context.Context) error {
		return d.storeAdd(ctx, session, items, quietly)
	}, func(err error) {
		if err == nil {
			d.cfg.Added(ctx, len(items))
		} else if o.Wait != ForJob {
			d.addLate(ctx, since, session, items)
		}
	})
}

// storeAdd makes one attempt, and then calls Forget, even after an error: the items may have been
// added all the same. Whoever asked the store before the add may note its answer until Forget.
func (d *Delivery[T]) storeAdd(
	ctx context.Context, session string, items []queue.Item[T], quietly bool,
) error {
	err := d.store.Add(ctx, session, items, quietly)
	if d.cfg.Forget != nil {
		d.cfg.Forget(d.WakeName(session))
	}
	return err
}

// addLate goes on adding items of a request whose answer leaves before they are stored. Who would
// miss it: users who post while Redis restarts. It leaves some items out: one with a Key could
// replace a newer one, and one with a short TTL may be out of date. The page for the items may be
// loaded by then, so open pages are woken.
func (d *Delivery[T]) addLate(
	ctx context.Context, since time.Time, session string, items []queue.Item[T],
) {
	items = slices.DeleteFunc(slices.Clone(items), func(it queue.Item[T]) bool {
		return it.Key != "" || it.TTL > 0 && it.TTL < lateFor
	})
	if len(items) == 0 {
		return
	}
	d.guard.Background(0, func() {
		defer d.late.Add(-1)
		ctx, cancel := context.WithDeadline(ctx, since.Add(lateFor))
		defer cancel()
		defer context.AfterFunc(d.guard.Context(), cancel)() // Close does not wait that long
		if d.late.Add(1) > lateAddsAtMost || !guard.Sleep(ctx, lateAfter) {
			return
		}
		_, err := guard.Try(ctx, d.guard, guard.UntilEnd,
			func(ctx context.Context) (struct{}, error) {
				return struct{}{}, d.storeAdd(ctx, session, items, false)
			})
		if err == nil { // otherwise AddForRequest has returned the error
			d.cfg.Added(ctx, len(items))
		}
	})
}
