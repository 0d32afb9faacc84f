// Package delivery stands between pages and a store: it claims, confirms, releases and adds through
// a guard, so that no page waits longer than it may. A store in the same process cannot hang and is
// called directly. The package knows items, not messages.
package delivery

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/report"
)

// Config is what a [Delivery] is made of.
type Config[T any] struct {
	Store    queue.Store[T]    // a queue.InProcess or a queue.Nodes
	Observed queue.Store[T]    // Store, or a wrapper that tells somebody of each call
	Created  func(T) time.Time // when an item was made

	Timeout    time.Duration // how long a page waits for the store
	AddTimeout time.Duration // how long a request waits for its adds
	Lease      time.Duration // how long a claim hides items that nobody settles

	Forget func(name string) // an add for the session of that WakeName was tried; may be nil

	Errors  *report.Reporter                                  // for errors that no caller receives
	Added   func(ctx context.Context, items int)              // the store has accepted items
	Breaker func(ctx context.Context, node string, open bool) // a breaker has opened, or closes
}

// How long a method waits for the store, if not Config.Timeout.
const (
	ForJob    = 0                     // as long as the context allows, whatever the breaker says
	ForStream = guard.CallTimeout / 2 // an open page waits as long as an answer makes sense
)

// A Delivery is safe for concurrent use by multiple goroutines.
type Delivery[T any] struct {
	cfg      Config[T]
	store    queue.Store[T]  // whose methods are called
	process  queue.InProcess // nil if the store is never in the process
	nodes    queue.Nodes     // nil if the store is always in the process
	ender    queue.Ender     // nil if the store cannot tell other processes
	guard    *guard.Guard
	shown    repeats[T]
	late     atomic.Int32 // calls of addLate that run
	together int          // how many claims are confirmed together at most

	mu       sync.Mutex
	confirms map[string][]queue.Claim[T] // claims that wait to be confirmed, by node
}

// New returns a Delivery that has started nothing yet.
func New[T any](cfg Config[T]) *Delivery[T] {
	d := &Delivery[T]{cfg: cfg, store: cfg.Observed, confirms: map[string][]queue.Claim[T]{}}
	d.process, _ = cfg.Store.(queue.InProcess)
	d.ender, _ = cfg.Store.(queue.Ender)
	// Who can tell other processes has connections, and is not in a bubble of testing/synctest.
	g := guard.Config{Changed: cfg.Breaker, Spares: d.ender != nil}
	if d.nodes, _ = cfg.Store.(queue.Nodes); d.nodes != nil {
		g.Ping = d.nodes.PingNode
	}
	d.guard = guard.New(g)
	d.shown.created, d.shown.lease = cfg.Created, map[shownItem]time.Time{}
	d.together = 1
	if _, ok := cfg.Store.(queue.Groups[T]); ok {
		d.together = confirmAtMost
	}
	return d
}

// Close waits until the background work has ended, or ctx has.
func (d *Delivery[T]) Close(ctx context.Context) error { return d.guard.Close(ctx) }

// inProcess reports whether no call of the store can hang now. The answer may change: a test can
// make the store of flashtest fail or wait.
func (d *Delivery[T]) inProcess() bool { return d.process != nil && d.process.InProcess() }

// options returns the options of a call for a page, or for a job, which the breaker does not stop.
func (d *Delivery[T]) options(session string, wait time.Duration) guard.Options {
	o := guard.Options{Direct: d.inProcess(), Wait: wait}
	if wait != ForJob && !o.Direct {
		o.Node = d.guard.Node(d.nodes.Node(session))
	}
	return o
}

// Claim claims the items that wait at views. If the claim comes too late for the caller, it
// releases them.
func (d *Delivery[T]) Claim(
	ctx context.Context, session string, views []string, wait time.Duration,
) (queue.Claim[T], error) {
	o := d.options(session, wait)
	if o.Direct { // the same, but without allocating functions
		return d.store.Claim(ctx, session, views, d.cfg.Lease)
	}
	return guard.Call(ctx, d.guard, o, func(ctx context.Context) (queue.Claim[T], error) {
		start := time.Now()
		claim, err := d.claim(ctx, session, views)
		fresh, again := d.shown.split(claim)
		d.Confirm(again, start)
		return fresh, err
	}, func(claim queue.Claim[T], err error, late bool) {
		if err == nil && late {
			d.Release(claim)
		}
	})
}

// claim makes one attempt, and another if the connection was closed: the server may not have got
// the first. If it did, the second finds that something is claimed, and nothing else. Then the
// error stays.
func (d *Delivery[T]) claim(
	ctx context.Context, session string, views []string,
) (queue.Claim[T], error) {
	claim, err := d.store.Claim(ctx, session, views, d.cfg.Lease)
	if !queue.IsClosed(err) || ctx.Err() != nil {
		return claim, err
	}
	second, failed := d.store.Claim(ctx, session, views, d.cfg.Lease)
	if failed != nil || len(second.Items) == 0 && !second.Nothing {
		return claim, err
	}
	return second, nil
}

// Peek returns the items that wait at views, and leaves them there.
func (d *Delivery[T]) Peek(
	ctx context.Context, session string, views []string, wait time.Duration,
) ([]queue.Item[T], error) {
	return guard.Call(ctx, d.guard, d.options(session, wait),
		func(ctx context.Context) ([]queue.Item[T], error) {
			items, err := d.store.Peek(ctx, session, views)
			if queue.IsClosed(err) {
				items, err = d.store.Peek(ctx, session, views)
			}
			return items, err
		}, func([]queue.Item[T], error, bool) {})
}

// Waiting returns the items that wait for session, at whichever views, and leaves them there. It
// takes as long as ctx allows. Its error wraps errors.ErrUnsupported if the store cannot tell.
func (d *Delivery[T]) Waiting(ctx context.Context, session string) ([]queue.Item[T], error) {
	store, ok := d.cfg.Store.(queue.Viewer)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	views, err := store.Views(ctx, session)
	if err != nil || len(views) == 0 {
		return nil, err
	}
	return d.Peek(ctx, session, views, ForJob)
}

// WakeName returns the name that a session has in the wake-ups of the store.
func (d *Delivery[T]) WakeName(session string) string {
	if store, ok := d.cfg.Store.(queue.Watcher); ok {
		return store.Name(session)
	}
	return session
}

// Withdraw removes the items with key, for a job. An attempt that arrives late, beside another,
// would remove what was added after Withdraw has returned.
func (d *Delivery[T]) Withdraw(ctx context.Context, session, view, key string) error {
	o := d.options(session, ForJob)
	o.Effort = guard.InTurn
	return d.call(ctx, o, func(ctx context.Context) error {
		return d.store.Withdraw(ctx, session, view, key)
	}, func(error) {})
}

// call makes a call without a result, and tries it a few times, unless o has another effort.
func (d *Delivery[T]) call(
	ctx context.Context, o guard.Options, call func(context.Context) error, ended func(error),
) error {
	o.Effort = cmp.Or(o.Effort, guard.AFewTimes)
	_, err := guard.Call(ctx, d.guard, o, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, call(ctx)
	}, func(_ struct{}, err error, _ bool) { ended(err) })
	return err
}
