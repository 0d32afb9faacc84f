package flashgin

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/flashgin/flashgin/internal/inprocess"
)

// callTimeout bounds one call of a store, which goes on when the page has stopped waiting: a connection that is slow to open is then ready for the next page.
const callTimeout = 2 * time.Second

// A guard stands between a Messenger and its store, so that no page waits longer than it may, however the store behaves:
//
//   - a call runs detached from the request, which waits for it only so long; what it claims too late is released;
//   - where calls fail one after another, a breaker spares the pages the wait until a probe in the background succeeds;
//   - adds, confirmations and releases are tried again, which the rules of [Store] make safe.
//
// A store in the same process needs none of that and is called directly.
type guard struct {
	store Store // of cfg, observed if that has an Observer
	cfg   Config
	errs  *reporter

	ctx    context.Context // ends with close
	cancel context.CancelFunc

	shownLate shownLate
	later     chan struct{} // as many adds as may go on without their answers

	mu      sync.Mutex
	closed  bool
	running int        // what startLocked has started and has not ended
	idle    *sync.Cond // running is zero
	reuses  bool       // goroutines
	spares  []*worker  // which wait for a call, the last for the shortest time
	nodes   map[string]*node
}

func newGuard(cfg Config, errs *reporter) *guard {
	g := &guard{store: cfg.Store, cfg: cfg, errs: errs, later: make(chan struct{}, laterAtMost), nodes: map[string]*node{}}
	if cfg.Observer != nil {
		g.store = &observedStore{cfg.Store, &g.cfg}
	}
	_, g.reuses = cfg.Store.(*RedisStore)
	g.idle = sync.NewCond(&g.mu)
	g.ctx, g.cancel = context.WithCancel(context.Background())
	return g
}

// inProcess reports whether no call of the store can hang now. The store of flashtest is such a one until it is made to fail or wait.
func (g *guard) inProcess() bool {
	switch store := g.cfg.Store.(type) {
	case *MemoryStore:
		return true
	case inprocess.Store:
		return bool(store.InProcess())
	}
	return false
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
	if _, ok := own[quietStore](g.cfg.Store); ok && quietly {
		add = g.store.(quietStore).addQuietly
	}
	if g.inProcess() {
		return g.added(ctx, msgs, add(ctx, session, msgs...))
	}
	start, node, wait := time.Now(), g.nodeOf(session), g.cfg.AddTimeout
	answers, err := node.enterAnyway()
	if err != nil {
		g.addLater(ctx, start, session, msgs)
		return err
	}
	if !answers {
		// A message is not given up because pages were: it may yet be stored while the answer goes out.
		wait = min(wait, g.cfg.Timeout)
	}
	call := g.addCall(add, session, msgs)
	_, err = awaitEntered(ctx, g, node, wait, func(ctx context.Context) (struct{}, error) {
		_, err := call(ctx)
		if err != nil {
			g.addLater(ctx, start, session, msgs)
		}
		return struct{}{}, err
	}, nil)
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
	start := time.Now()
	claim, err := await(ctx, g, nil, 0, g.claimCall(session, views), g.release)
	if err == nil {
		g.confirm(claim, start)
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
		return struct{}{}, g.try(ctx, toStore, func(ctx context.Context) error { return g.store.Withdraw(ctx, session, view, key) })
	}, nil)
	return err
}

func (g *guard) claimCall(session string, views []string) func(context.Context) (Claim, error) {
	return func(ctx context.Context) (Claim, error) {
		start := time.Now()
		claim, err := g.store.Claim(ctx, session, views, g.cfg.Lease)
		fresh, again := g.shownLate.split(claim)
		g.confirm(again, start)
		return fresh, err
	}
}

func (g *guard) peekCall(session string, views []string) func(context.Context) (Messages, error) {
	return func(ctx context.Context) (Messages, error) { return g.store.Peek(ctx, session, views) }
}

func (g *guard) addCall(add func(context.Context, string, ...Message) error, session string, msgs []Message) func(context.Context) (struct{}, error) {
	return func(ctx context.Context) (struct{}, error) {
		err := g.try(ctx, toStore, func(ctx context.Context) error { return add(ctx, session, msgs...) })
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

var (
	errStoreDown = errors.New("flashgin: the store failed repeatedly and is not asked again before a probe of it succeeds")
	errStoreBusy = errors.New("flashgin: too many calls of the store are in flight")
)
