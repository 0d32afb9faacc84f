package flashgin

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// callTimeout bounds one call of a store, which goes on when the page has stopped waiting: a connection that is slow to
	// open is then ready for the next page.
	callTimeout = 2 * time.Second
	// attempts is how often an add or a withdrawal is tried, and retryAfter the pause before the second time; it doubles, up to a second.
	// An attempt that has not returned after addAgainAfter is joined by the next, while the answer still waits.
	attempts      = 3
	retryAfter    = 50 * time.Millisecond
	addAgainAfter = 500 * time.Millisecond
)

// A guard stands between a Messenger and its store, so that no page waits longer than it may, however the store behaves:
//
//   - a call runs detached from the request, which waits for it only so long; what it claims too late is released;
//   - where calls fail one after another, a breaker spares the pages the wait until a probe in the background succeeds;
//   - adds, confirmations and releases are tried again, which the rules of [Store] make safe.
//
// A store in the same process needs none of that and is called directly.
type guard struct {
	store     Store // of cfg, observed if that has an Observer
	inProcess func() bool
	cfg       Config
	errs      *reporter

	ctx    context.Context // ends with close
	cancel context.CancelFunc

	shownLate shownLate

	mu      sync.Mutex
	closed  bool
	running int        // what startLocked has started and has not ended
	idle    *sync.Cond // running is zero
	reuses  bool       // goroutines
	spares  []*worker  // which wait for a call, the last for the shortest time
	nodes   map[string]*node
}

func newGuard(cfg Config, errs *reporter) *guard {
	g := &guard{store: cfg.Store, inProcess: inProcess(cfg.Store), cfg: cfg, errs: errs, nodes: map[string]*node{}}
	if cfg.Observer != nil {
		g.store = &observedStore{cfg.Store, &g.cfg}
	}
	_, g.reuses = cfg.Store.(*RedisStore)
	g.idle = sync.NewCond(&g.mu)
	g.ctx, g.cancel = context.WithCancel(context.Background())
	return g
}

// inProcess returns a function that reports whether no call of the store can hang. The store of flashtest is such a one until it is made to fail or wait.
func inProcess(store Store) func() bool {
	if sometimes, ok := store.(interface{ InProcess() bool }); ok {
		return sometimes.InProcess
	}
	_, always := store.(interface{ inProcess() })
	return func() bool { return always }
}

// claimForPage takes what waits at views, for a page that waits Config.Timeout at the most.
func (g *guard) claimForPage(ctx context.Context, session string, views []string) (Claim, error) {
	if g.inProcess() {
		return g.store.Claim(ctx, session, views, g.cfg.Lease)
	}
	return await(ctx, g, g.nodeOf(session), g.cfg.Timeout, g.claimCall(session, views), g.release)
}

// peekForPage is claimForPage for a page that only looks.
func (g *guard) peekForPage(ctx context.Context, session string, views []string) (Messages, error) {
	if g.inProcess() {
		return g.store.Peek(ctx, session, views)
	}
	return await(ctx, g, g.nodeOf(session), g.cfg.Timeout, g.peekCall(session, views), nil)
}

// claimForStream is claimForPage for a page that is open already, and can wait as long as an answer makes sense.
func (g *guard) claimForStream(ctx context.Context, session string, views []string) (Claim, error) {
	if g.inProcess() {
		return g.store.Claim(ctx, session, views, g.cfg.Lease)
	}
	return await(ctx, g, g.nodeOf(session), callTimeout/2, g.claimCall(session, views), g.release)
}

// quietStore is what a store has that can add without waking open pages.
type quietStore interface {
	addQuietly(ctx context.Context, session string, msgs ...Message) error
}

// addForRequest stores a request's messages, for an answer that waits Config.AddTimeout at the most. It does not end with the request:
// the user may have closed the tab, and still wants the message. Quietly means that open pages are not to take them before the next page does.
func (g *guard) addForRequest(ctx context.Context, session string, msgs []Message, quietly bool) error {
	ctx = context.WithoutCancel(ctx)
	add := g.store.Add
	if store, ok := g.store.(quietStore); ok && quietly {
		add = store.addQuietly
	}
	if g.inProcess() {
		return g.added(ctx, msgs, add(ctx, session, msgs...))
	}
	node, wait := g.nodeOf(session), g.cfg.AddTimeout
	answers, err := node.enterAnyway()
	if err != nil {
		return err
	}
	if !answers {
		// A message is not given up because pages were: it may yet be stored while the answer goes out.
		wait = min(wait, g.cfg.Timeout)
	}
	_, err = awaitEntered(ctx, g, node, wait, g.addCall(add, session, msgs), nil)
	return err
}

// add, take, peek and withdraw serve callers that wait as long as their context allows.

func (g *guard) add(ctx context.Context, session string, msgs []Message) error {
	if g.inProcess() {
		return g.added(ctx, msgs, g.store.Add(ctx, session, msgs...))
	}
	_, err := await(ctx, g, nil, 0, g.addCall(g.store.Add, session, msgs), nil)
	return err
}

func (g *guard) take(ctx context.Context, session string, views []string) (Claim, error) {
	if g.inProcess() {
		claim, err := g.store.Claim(ctx, session, views, g.cfg.Lease)
		if err == nil {
			err = g.store.Confirm(context.WithoutCancel(ctx), claim)
		}
		return claim, err
	}
	claim, err := await(ctx, g, nil, 0, g.claimCall(session, views), g.release)
	if err == nil {
		g.confirm(claim)
	}
	return claim, err
}

func (g *guard) peek(ctx context.Context, session string, views []string) (Messages, error) {
	if g.inProcess() {
		return g.store.Peek(ctx, session, views)
	}
	return await(ctx, g, nil, 0, g.peekCall(session, views), nil)
}

func (g *guard) withdraw(ctx context.Context, session, view, key string) error {
	if g.inProcess() {
		return g.store.Withdraw(ctx, session, view, key)
	}
	_, err := await(ctx, g, nil, 0, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, g.persist(ctx, attempts, addAgainAfter, func(ctx context.Context) error { return g.store.Withdraw(ctx, session, view, key) })
	}, nil)
	return err
}

func (g *guard) claimCall(session string, views []string) func(context.Context) (Claim, error) {
	return func(ctx context.Context) (Claim, error) {
		claim, err := g.store.Claim(ctx, session, views, g.cfg.Lease)
		fresh, again := g.shownLate.split(claim)
		g.confirm(again)
		return fresh, err
	}
}

func (g *guard) peekCall(session string, views []string) func(context.Context) (Messages, error) {
	return func(ctx context.Context) (Messages, error) { return g.store.Peek(ctx, session, views) }
}

func (g *guard) addCall(add func(context.Context, string, ...Message) error, session string, msgs []Message) func(context.Context) (struct{}, error) {
	return func(ctx context.Context) (struct{}, error) {
		err := g.persist(ctx, attempts, addAgainAfter, func(ctx context.Context) error { return add(ctx, session, msgs...) })
		return struct{}{}, g.added(ctx, msgs, err)
	}
}

// added tells that the store has accepted messages, unless err says otherwise, which it returns.
func (g *guard) added(ctx context.Context, msgs []Message, err error) error {
	if err == nil {
		g.cfg.observe(ctx, Event{Kind: EventAdded, Messages: len(msgs)})
	}
	return err
}

// persist calls until a call succeeds, as many as times have failed, or ctx ends. It calls again when a call has failed and when
// none has returned for the time of patience: it may be waiting on a connection that is dead without anybody knowing, for longer than the
// message can. The first to succeed counts.
func (g *guard) persist(ctx context.Context, times int, patience time.Duration, call func(context.Context) error) error {
	over := make(chan struct{})
	defer close(over)
	results := make(chan error)
	attempt := func() {
		attempt, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		select {
		case results <- caught(func() error { return call(attempt) }):
		case <-over:
		}
	}
	next := time.NewTimer(patience)
	defer next.Stop()
	g.start(attempt)
	var failed error
	for pause, running := retryAfter, 1; ; {
		select {
		case <-next.C:
			if times--; times > 0 {
				running++
				g.start(attempt)
				next.Reset(patience)
			}
		case failed = <-results:
			running--
			if failed == nil || times <= 1 && running == 0 {
				return failed
			}
			next.Reset(pause)
			pause = min(2*pause, time.Second)
		case <-ctx.Done():
			if failed == nil {
				failed = ctx.Err()
			}
			return failed
		}
	}
}

// caught calls f and makes an error of a panic: in a goroutine of ours, one of the application's store or Observer would end the process.
func caught(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("flashgin: a call of the store panicked: %v\n%s", r, debug.Stack())
		}
	}()
	return f()
}

// sleep reports whether ctx lasted that long.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// confirm and release settle a claim off the page's path. They try until the lease ends; after that there is nothing left to settle.
func (g *guard) release(claim Claim) { g.settle("release", claim, g.store.Release) }
func (g *guard) confirm(claim Claim) {
	g.settle("confirm", claim, func(ctx context.Context, claim Claim) error {
		inTime := context.AfterFunc(ctx, func() { g.shownLate.remember(claim) })
		err := g.store.Confirm(ctx, claim)
		if inTime(); err != nil {
			g.shownLate.remember(claim)
		}
		return err
	})
}

// releaseNow is release for an answer whose page will ask for the messages at once. It waits until they are there, Config.Timeout at the most.
func (g *guard) releaseNow(held context.Context, claim Claim) {
	if len(claim.Messages) == 0 {
		return
	}
	released := make(chan struct{}, 1)
	g.settle("release", claim, func(ctx context.Context, claim Claim) error {
		err := g.store.Release(heldLike(ctx, held), claim)
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
	settle := func(ctx context.Context) error { return call(ctx, claim) }
	within := func(patience time.Duration, try func(context.Context, func(context.Context) error) error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := try(ctx, settle); err != nil {
			g.errs.report(ctx, doing, fmt.Errorf("flashgin: %s: not done within %v, so %d messages may be shown again: %w", doing, patience, len(claim.Messages), err))
		}
	}
	if !g.goInBackground(func() { within(g.cfg.Lease, g.untilDone) }) {
		within(g.cfg.Timeout, g.again)
	}
}

// again calls until a call succeeds or ctx ends.
func (g *guard) again(ctx context.Context, call func(context.Context) error) error {
	return g.persist(ctx, math.MaxInt, callTimeout, call)
}

// untilDone is again for when nobody waits for the result. The first call, nearly always the only one, runs in this goroutine.
func (g *guard) untilDone(ctx context.Context, call func(context.Context) error) error {
	result := make(chan error, 1)
	hung := time.AfterFunc(callTimeout, func() {
		g.start(func() { result <- g.again(ctx, call) })
	})
	first, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := caught(func() error { return call(first) })
	switch inTime := hung.Stop(); {
	case err == nil:
		return nil
	case !inTime:
		return <-result
	case !sleep(ctx, retryAfter):
		return err
	}
	return g.again(ctx, call)
}

// await runs call, which gets a context of its own, and waits for it until ctx ends or, if wait is not zero, for that long. A result that comes
// too late is handed to late, if there is one. The breaker of node, if there is one, may forbid the call.
func await[T any](ctx context.Context, g *guard, node *node, wait time.Duration, call func(context.Context) (T, error), late func(T)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if node != nil {
		if err := node.enter(); err != nil {
			return none, err
		}
	}
	return awaitEntered(ctx, g, node, wait, call, late)
}

// awaitEntered is await where the node has been entered.
func awaitEntered[T any](ctx context.Context, g *guard, node *node, wait time.Duration, call func(context.Context) (T, error), late func(T)) (T, error) {
	var none T
	const running, delivered, abandoned = 0, 1, 2
	type result struct {
		value T
		err   error
	}
	var state atomic.Int32
	results := make(chan result, 1)
	run := func() {
		detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
		defer cancel()
		var value T
		err := caught(func() (err error) {
			value, err = call(detached)
			return err
		})
		if node != nil {
			node.leave()
		}
		if state.CompareAndSwap(running, delivered) {
			results <- result{value, err}
		} else if err == nil && late != nil {
			late(value)
		}
	}
	if !g.goInBackground(run) {
		run()
	}

	var expired <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case r := <-results:
		g.record(node, r.err)
		return r.value, r.err
	case <-expired:
		if state.CompareAndSwap(running, abandoned) {
			err := fmt.Errorf("flashgin: the store did not answer within %v", wait)
			g.record(node, err)
			return none, err
		}
	case <-ctx.Done():
		if state.CompareAndSwap(running, abandoned) {
			return none, ctx.Err()
		}
	}
	r := <-results
	g.record(node, r.err)
	return r.value, r.err
}

// goInBackground starts f, unless the guard is closed, and reports whether it did.
func (g *guard) goInBackground(f func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.startLocked(f)
	}
	return !g.closed
}

// start starts f, which somebody waits for, also when the guard is closed.
func (g *guard) start(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.startLocked(f)
}

// close lets nothing more start in the background, and waits for what runs there until ctx ends.
func (g *guard) close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	g.dismissAll()
	idle := g.running == 0
	g.mu.Unlock()
	g.cancel()
	if idle {
		return nil
	}
	ended := make(chan struct{})
	go func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for g.running > 0 {
			g.idle.Wait()
		}
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("flashgin: close: background work has not ended: %w", ctx.Err())
	}
}

var (
	errStoreDown = errors.New("flashgin: the store failed repeatedly and is not asked again before a probe of it succeeds")
	errStoreBusy = errors.New("flashgin: too many calls of the store are in flight")
)
