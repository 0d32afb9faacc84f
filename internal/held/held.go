// Package held puts calls off until a lock is released. A request is locked while it asks the store
// for its messages, so that all its goroutines get the same ones. Meanwhile the store may call the
// application: its Observer, or OnError. Who would miss this package: an application whose function
// then asks for the request's messages, and would wait for ever.
package held

import (
	"context"
	"sync"
)

// A Context is for calls that are made under a lock. Set its Context before use.
type Context struct {
	context.Context

	mu    sync.Mutex // the store may call Hold in the background
	holds bool
	calls []func()
}

type contextKey struct{}

// Value implements context.Context.
func (c *Context) Value(key any) any {
	if key == (contextKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// Of returns the Context that ctx was made from, or nil.
func Of(ctx context.Context) *Context {
	c, _ := ctx.Value(contextKey{}).(*Context)
	return c
}

// WhenUnlocked makes call at once or, if a Context that ctx was made from holds calls, afterwards.
func WhenUnlocked(ctx context.Context, call func()) {
	if c := Of(ctx); c == nil || !c.Hold(call) {
		call()
	}
}

// Start makes Hold keep calls until Release.
func (c *Context) Start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holds = true
}

// Hold keeps call if the lock is held. If it returns false, the caller must make the call.
func (c *Context) Hold(call func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holds {
		c.calls = append(c.calls, call)
	}
	return c.holds
}

// Release returns the calls that were kept. After it, Hold keeps no more calls.
func (c *Context) Release() []func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	c.calls, c.holds = nil, false
	return calls
}
