package flashgin

import (
	"context"
	"fmt"
	"time"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/report"
)

// A delivery stands between a Messenger and its store. It claims, confirms, releases and adds
// through a guard, so that no page waits longer than it may. A store in the same process cannot
// hang and is called directly.
type delivery struct {
	queue queue.Store[Message] // behind Store of cfg
	store messageQueue         // the same, observed if cfg has an Observer
	cfg   Config
	errs  *report.Reporter
	guard *guard.Guard

	shown    shownMessages
	confirms *guard.Batch[confirmation]
	late     chan struct{} // as many adds as may go on without their answers
}

func newDelivery(cfg Config, errs *report.Reporter) *delivery {
	d := &delivery{queue: queueOf(cfg.Store), cfg: cfg, errs: errs, late: make(chan struct{}, lateAddsAtMost)}
	d.store = messageQueue{d.queue}
	if cfg.Observer != nil {
		d.store = messageQueue{&observedQueue{d.queue, &d.cfg}}
	}
	d.guard = guard.New(guard.Config{Ping: d.ping, Changed: d.breakerChanged})
	d.confirms = guard.NewBatch(d.guard, confirmAfter, confirmAtMost, d.confirmGroup)
	return d
}

// close waits until what runs in the background has ended, or ctx has.
func (d *delivery) close(ctx context.Context) error {
	if err := d.guard.Close(ctx); err != nil {
		return fmt.Errorf("flashgin: close: %w", err)
	}
	return nil
}

// inProcess reports whether no call of the store can hang now. The store of flashtest is such a
// one until it is made to fail or wait.
func (d *delivery) inProcess() bool {
	store, ok := d.queue.(queue.InProcess)
	return ok && store.InProcess()
}

// nodeOf returns the server that keeps the session's messages.
func (d *delivery) nodeOf(session string) *guard.Node {
	var name string
	if store, ok := d.queue.(queue.Nodes); ok {
		name = store.Node(session)
	}
	return d.guard.Node(name)
}

func (d *delivery) ping(ctx context.Context, node string) error {
	if store, ok := d.queue.(queue.Nodes); ok {
		return store.PingNode(ctx, node)
	}
	return nil // a store in this process does not fail
}

func (d *delivery) breakerChanged(ctx context.Context, node string, open bool) {
	kind := EventBreakerClosed
	if open {
		kind = EventBreakerOpened
	}
	d.cfg.observe(ctx, Event{Kind: kind, Node: node})
}

// claimForPage takes what waits at views, for a page that waits Config.Timeout at most.
func (d *delivery) claimForPage(ctx context.Context, session string, views []string) (Claim, error) {
	return d.claim(ctx, session, views, d.cfg.Timeout)
}

// claimForStream is claimForPage for a page that is open already: it can wait as long as an answer
// makes sense.
func (d *delivery) claimForStream(ctx context.Context, session string, views []string) (Claim, error) {
	return d.claim(ctx, session, views, guard.CallTimeout/2)
}

func (d *delivery) claim(ctx context.Context, session string, views []string, wait time.Duration) (Claim, error) {
	if d.inProcess() {
		return d.store.claim(ctx, session, views, d.cfg.Lease)
	}
	return d.claimThrough(ctx, guard.Options{Node: d.nodeOf(session), Wait: wait}, session, views)
}

// claimThrough claims through the guard. What it claims too late is released.
func (d *delivery) claimThrough(ctx context.Context, o guard.Options, session string, views []string) (Claim, error) {
	return guard.Call(ctx, d.guard, o, func(ctx context.Context) (Claim, error) {
		start := time.Now()
		claim, err := d.store.claim(ctx, session, views, d.cfg.Lease)
		fresh, again := d.shown.split(claim)
		d.confirm(again, start)
		return fresh, err
	}, func(claim Claim, err error, late bool) {
		if err == nil && late {
			d.release(claim)
		}
	})
}

// peekForPage is claimForPage for a page that only looks.
func (d *delivery) peekForPage(ctx context.Context, session string, views []string) (Messages, error) {
	return d.peek(ctx, guard.Options{Node: d.nodeOf(session), Wait: d.cfg.Timeout}, session, views)
}

func (d *delivery) peek(ctx context.Context, o guard.Options, session string, views []string) (Messages, error) {
	if d.inProcess() {
		return d.store.peek(ctx, session, views)
	}
	return guard.Call(ctx, d.guard, o, func(ctx context.Context) (Messages, error) {
		return d.store.peek(ctx, session, views)
	}, nil)
}

// peekForJob, take, withdraw and addForJob serve callers that wait as long as their context allows.

func (d *delivery) peekForJob(ctx context.Context, session string, views []string) (Messages, error) {
	return d.peek(ctx, guard.Options{}, session, views)
}

func (d *delivery) take(ctx context.Context, session string, views []string) (Claim, error) {
	if d.inProcess() {
		claim, err := d.store.claim(ctx, session, views, d.cfg.Lease)
		if err == nil {
			err = d.store.confirm(context.WithoutCancel(ctx), claim)
		}
		return claim, err
	}
	start := time.Now()
	claim, err := d.claimThrough(ctx, guard.Options{}, session, views)
	if err == nil {
		d.confirm(claim, start)
	}
	return claim, err
}

func (d *delivery) withdraw(ctx context.Context, session, view, key string) error {
	if d.inProcess() {
		return d.store.Withdraw(ctx, session, view, key)
	}
	return d.call(ctx, guard.Options{Effort: guard.AFewTimes}, func(ctx context.Context) error {
		return d.store.Withdraw(ctx, session, view, key)
	}, nil)
}

func (d *delivery) addForJob(ctx context.Context, session string, msgs []Message) error {
	return d.add(ctx, guard.Options{Effort: guard.AFewTimes}, session, msgs, false, nil)
}

// call is guard.Call without a value.
func (d *delivery) call(
	ctx context.Context, o guard.Options, call func(context.Context) error, ended func(error),
) error {
	_, err := guard.Call(ctx, d.guard, o, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, call(ctx)
	}, func(_ struct{}, err error, _ bool) {
		if ended != nil {
			ended(err)
		}
	})
	return err
}
