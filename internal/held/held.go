// Package held puts calls off until a lock is released. A request is locked while the store is
// asked for its messages, so that all who want them get the same. The store may tell the
// application of something meanwhile. Who would miss this package: an application that looks at
// the request's messages then, and would wait for ever.
package held

import (
	"context"
	"sync"
)

// A Context is one for calls that are made under a lock. Its zero value needs the Context within.
type Context struct {
	context.Context

	mu    sync.Mutex // the store may tell of something in the background
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

// Start holds what comes until Release.
func (c *Context) Start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holds = true
}

// Hold reports whether those that release will call.
func (c *Context) Hold(call func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holds {
		c.calls = append(c.calls, call)
	}
	return c.holds
}

// Release returns what was held, and lets what comes later through.
func (c *Context) Release() []func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	c.calls, c.holds = nil, false
	return calls
}
