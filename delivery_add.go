package flashgin

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
	// of a message that is gone for longer, so one that had arrived all the same, and was shown,
	// does not come twice.
	lateFor = queue.RememberFor - guard.CallTimeout
	// lateAfter is the pause after the attempts that the answer may have waited for.
	lateAfter = time.Second
	// lateAddsAtMost is how many adds of requests are tried at a time when their answers have left.
	lateAddsAtMost = 256
)

// addForRequest stores a request's messages, for an answer that waits Config.AddTimeout at most. It
// does not end with the request: the user may have closed the tab, and still wants the message.
// Nor does it end with the breaker, for nobody else will bring that message. Quietly means that
// open pages are not to take the messages before the next page does.
func (d *delivery) addForRequest(ctx context.Context, session string, msgs []Message, quietly bool) error {
	ctx = context.WithoutCancel(ctx)
	o := guard.Options{
		Wait:     d.cfg.AddTimeout,
		WaitDown: min(d.cfg.AddTimeout, d.cfg.Timeout),
		Effort:   guard.AFewTimes,
	}
	if !d.inProcess() {
		o.Node = d.nodeOf(session)
	}
	start := time.Now()
	return d.add(ctx, o, session, msgs, quietly, func() { d.addLate(ctx, start, session, msgs) })
}

// add adds messages and tells the Observer if that succeeds. If it does not, failed is called, if
// there is one: maybe when the caller waits no longer.
func (d *delivery) add(
	ctx context.Context, o guard.Options, session string, msgs []Message, quietly bool, failed func(),
) error {
	if d.inProcess() {
		err := d.store.add(ctx, session, msgs, quietly)
		if err == nil {
			d.cfg.observe(ctx, Event{Kind: EventAdded, Messages: len(msgs)})
		}
		return err
	}
	ended := func(err error) {
		switch {
		case err == nil:
			d.cfg.observe(ctx, Event{Kind: EventAdded, Messages: len(msgs)})
		case failed != nil:
			failed()
		}
	}
	err := d.call(ctx, o, func(ctx context.Context) error {
		return d.store.add(ctx, session, msgs, quietly)
	}, ended)
	if errors.Is(err, guard.ErrBusy) { // the call was not made
		ended(err)
	}
	return err
}

// addLate goes on adding messages of a request whose answer leaves without knowing what becomes of
// them. Who would miss it: users who post while Redis restarts. Some messages are left out: one
// with a Key would replace a newer one, and one with a short TTL may be out of date. The page that
// they are for may have been loaded by then, so open pages are woken.
func (d *delivery) addLate(ctx context.Context, since time.Time, session string, msgs []Message) {
	msgs = slices.DeleteFunc(slices.Clone(msgs), func(m Message) bool {
		return m.Key != "" || m.TTL > 0 && m.TTL < lateFor
	})
	if len(msgs) == 0 {
		return
	}
	select {
	case d.late <- struct{}{}:
	default:
		return
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), since.Add(lateFor))
	closed := context.AfterFunc(d.guard.Context(), cancel) // Close does not wait that long
	over := func() {
		closed()
		cancel()
		<-d.late
	}
	started := d.guard.Background(ctx, lateAfter, func(ctx context.Context) error {
		return d.store.add(ctx, session, msgs, false)
	}, func(err error) {
		over()
		if err == nil { // else it was said that they may be lost
			d.cfg.observe(ctx, Event{Kind: EventAdded, Messages: len(msgs)})
		}
	})
	if !started {
		over()
	}
}
