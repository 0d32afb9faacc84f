package flashgin

import (
	"context"
	"sync"
)

// heldCalls are calls of the application's functions, of an Observer and OnError, that fall due while a request is locked. These may call flashgin for that very
// request, so they are called when it is unlocked.
type heldCalls struct {
	mu    sync.Mutex // the store may tell of something in the background
	holds bool
	calls []func()
}

// A lockedContext is the client's context for what is done with the request locked.
type lockedContext struct {
	context.Context
	held *heldCalls
}

type heldKey struct{}

func (ctx *lockedContext) Value(key any) any {
	if key == (heldKey{}) {
		return ctx.held
	}
	return ctx.Context.Value(key)
}

// locked returns the context for what is done until the request is unlocked.
func (r *request) locked() context.Context {
	r.holding = true
	r.held.mu.Lock()
	defer r.held.mu.Unlock()
	r.held.holds = true
	return &r.lockedCtx
}

// lockedLike returns ctx for what belongs to the same request as other.
func lockedLike(ctx, other context.Context) context.Context {
	if held := heldBy(other); held != nil {
		return &lockedContext{ctx, held}
	}
	return ctx
}

// whenUnlocked calls now, or when the request is unlocked that ctx says is locked.
func whenUnlocked(ctx context.Context, call func()) {
	if held := heldBy(ctx); held == nil || !held.hold(call) {
		call()
	}
}

// heldBy returns what the request holds that ctx belongs to, or nil.
func heldBy(ctx context.Context) *heldCalls {
	held, _ := ctx.Value(heldKey{}).(*heldCalls)
	return held
}

// hold reports whether call will be called by those that release.
func (h *heldCalls) hold(call func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holds {
		h.calls = append(h.calls, call)
	}
	return h.holds
}

// release returns what was held, and lets what comes later through.
func (h *heldCalls) release() []func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	calls := h.calls
	h.calls, h.holds = nil, false
	return calls
}
