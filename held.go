package flashgin

import (
	"context"
	"sync"
)

// A request is locked while the store is asked for its messages, so that all who want them get the same.
// A store that tells of something meanwhile, by OnError or OnEvent, would wait for ever for an application
// that looks at the request's messages then. So heldCalls holds what it tells until the store has answered.
type heldCalls struct {
	mu    sync.Mutex // the store may tell of something in the background
	holds bool
	calls []func()
}

// A lockedContext is the client's context for such a call of the store.
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

// askStore calls the store with the request locked, and tells afterwards what was held.
func (r *request) askStore(call func(context.Context)) {
	r.held.start()
	defer func() {
		if calls := r.held.release(); len(calls) > 0 {
			r.outside(func() {
				for _, call := range calls {
					call()
				}
			})
		}
	}()
	call(&r.lockedCtx)
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

func (h *heldCalls) start() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.holds = true
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
