package request

import (
	"context"
	"reflect"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/held"
)

// key is where c.Keys, and the context of the handlers' *http.Request, have the owner.
type key struct{}

// A handlersContext carries the owner below the request's own context.
type handlersContext struct {
	context.Context
	owner Owner
}

// Value implements context.Context.
func (ctx *handlersContext) Value(k any) any {
	if k == (key{}) {
		return ctx.owner
	}
	return ctx.Context.Value(k)
}

// With returns a context that leads to owner.
func With(ctx context.Context, owner Owner) context.Context { return &handlersContext{ctx, owner} }

// A valuedContext has the values of a handler's context, such as a trace, and ends with the
// client's.
type valuedContext struct {
	context.Context
	values context.Context
}

// Value implements context.Context.
func (ctx *valuedContext) Value(k any) any {
	if k == (key{}) { // a store that calls flashgin for a locked request would hang
		return ctx.Context.Value(k)
	}
	return ctx.values.Value(k)
}

// Context is for calls of the store and of the application. It may be called with the request
// locked or not.
func (r *Request) Context() context.Context {
	if ctx := r.values.Load(); ctx != nil {
		return ctx
	}
	return r.Client()
}

// AskStore calls the store with the request locked, and makes the calls that were held afterwards.
func (r *Request) AskStore(call func(context.Context)) {
	locked := &r.locked
	if locked.Context != nil { // the store may still use the one of an earlier call
		locked = new(held.Context)
	}
	locked.Context = r.Context()
	locked.Start()
	defer func() {
		if calls := locked.Release(); len(calls) > 0 {
			r.Outside(func() {
				for _, call := range calls {
					call()
				}
			})
		}
	}()
	call(locked)
}

// HasValues reports whether NoteValues has found values that Client does not have.
func (r *Request) HasValues() bool { return r.values.Load() != nil }

// NoteValues notes the values of a context that a handler calls with: middleware may have put a
// trace there. When the handlers have ended, middleware takes it back.
func (r *Request) NoteValues(ctx context.Context) {
	if r.turn.Take() {
		defer r.turn.Leave()
	}
	if c := GinContext(ctx); c != nil {
		if c.Request == nil {
			return
		}
		ctx = c.Request.Context()
	}
	if own, is := ctx.(*handlersContext); is && own.owner == r.owner {
		return
	}
	last := r.values.Load()
	if last != nil && reflect.ValueOf(ctx).Comparable() && last.values == ctx {
		return
	}
	// The store may read the values when Gin has given its context to another request.
	if c, _ := ctx.Value(gin.ContextKey).(*gin.Context); c == nil {
		r.values.Store(&valuedContext{r.Client(), ctx})
	}
}

// NoteHandlersValues is NoteValues for a template, which has no context of its own.
func (r *Request) NoteHandlersValues() {
	r.Lock()
	c := r.c
	r.Unlock()
	if c != nil {
		r.NoteValues(c)
	}
}
