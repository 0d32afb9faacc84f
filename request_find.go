package flashgin

import (
	"context"
	"errors"
	"reflect"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/turn"
)

// requestOf finds the request that ctx belongs to. ctx is a *gin.Context, a context that descends
// from one, or one that descends from the context of our *http.Request. It looks for the request of
// the last kind first: Gin may have given the *gin.Context to another request since.
func requestOf(ctx context.Context) *request {
	if ctx == nil {
		return nil
	}
	c, is := ctx.(*gin.Context)
	if !is {
		if c, is = ctx.Value(gin.ContextKey).(*gin.Context); !is || c != nil {
			if r, ok := ctx.Value(requestKey{}).(*request); ok {
				return r
			}
		}
	}
	return requestIn(c)
}

func ginContextOf(ctx context.Context) *gin.Context {
	c, ok := ctx.(*gin.Context)
	if !ok {
		c, _ = ctx.Value(gin.ContextKey).(*gin.Context)
	}
	return c
}

// requestIn finds the request that has c, or a copy of its *gin.Context. It may be called by
// several goroutines, so it looks into c.Keys first: the registry of gorilla's sessions writes to
// *c.Request.
func requestIn(c *gin.Context) *request {
	if c == nil {
		return nil
	}
	if value, ok := c.Get(requestKey{}); ok {
		r, _ := value.(*request)
		return r
	}
	// This is an engine without flashgin inside one that has it, or HandleContext has not reached
	// our middleware yet.
	if c.Request != nil {
		if r, ok := c.Request.Context().Value(requestKey{}).(*request); ok {
			return r
		}
	}
	return requestBehind(c.Writer)
}

// requestFor is requestOf for the functions that handlers call. The error says why they must not
// use the request, which may be nil.
func requestFor(ctx context.Context, to use) (r *request, err error) {
	r = requestOf(ctx)
	if r == nil {
		return nil, ErrNotInstalled
	}
	if c := ginContextOf(ctx); c == r.pooled && requestIn(c) == r {
		err = r.mayUsePooled()
	} else {
		err = r.mayAskFirst(to)
	}
	if err == nil {
		r.noteValues(ctx)
	}
	return r, err
}

// noteValues notes the values of a context that a handler calls with: middleware after Install may
// have put a trace there. When the handlers have ended, middleware takes it back.
func (r *request) noteValues(ctx context.Context) {
	if r.turn.Take() {
		defer r.turn.Leave()
	}
	if c := ginContextOf(ctx); c != nil {
		if c.Request == nil {
			return
		}
		ctx = c.Request.Context()
	}
	if own, is := ctx.(*requestContext); is && own.request == r {
		return
	}
	last := r.values.Load()
	if last != nil && reflect.ValueOf(ctx).Comparable() && last.values == ctx {
		return
	}
	// The store may read the values when Gin has given its context to another request.
	if c, _ := ctx.Value(gin.ContextKey).(*gin.Context); c == nil {
		r.values.Store(&valuedContext{r.client, ctx})
	}
}

// noteHandlersValues is noteValues for a template, which has no context of its own.
func (r *request) noteHandlersValues() {
	r.mu.Lock()
	c := r.c
	r.mu.Unlock()
	if c != nil {
		r.noteValues(c)
	}
}

// use is a kind of call. The first call of a kind reads what its comment says; further calls do
// not.
type use uint32

const (
	toShow use = 1 << iota // the session and the headers of the answer
	toPeek                 // the session
	toAdd                  // the session
)

// called notes that the first call was made, and hasCalled reports whether it was.
func (r *request) called(to use)         { r.uses.Or(uint32(to)) }
func (r *request) hasCalled(to use) bool { return r.uses.Load()&uint32(to) != 0 }

// mayAskFirst returns an error if a goroutine beside the handler makes the first call of its kind.
// The handler may write what the call reads, and then Go may end the process. Nobody can tell
// whether the handler does, so in debug mode every such call is refused.
func (r *request) mayAskFirst(to use) error {
	if !gin.IsDebugging() || r.hasCalled(to) || to != toShow && r.m.cfg.SessionKey != nil ||
		!isBeside() {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended() {
		return nil
	}
	return errAsksFirst
}

var errAsksFirst = errors.New("flashgin: a goroutine beside the handler makes this request's " +
	"first call of its kind, which reads the session or the headers while the handler may write " +
	"them: " +
	"make the same call in the handler before; this is refused in debug mode alone")

// mayUsePooled returns an error if the caller must not use the request's own *gin.Context any more.
// After the request, Gin gives it to another one, and nobody can tell which of the two the caller
// means. So in debug mode every call from outside a handler is refused.
func (r *request) mayUsePooled() error {
	if gin.IsDebugging() && isBeside() {
		return errStray
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !r.ended():
		return nil
	case isBeside():
		return ErrTooLate
	}
	return errAfterHandlers
}

// errAfterHandlers is for middleware around ours, which goes on when the request has ended.
const errAfterHandlers = tooLate("flashgin: too late: a middleware that was registered before " +
	"Messenger.Install, such as Recovery, uses flashgin when the request's handlers have ended: " +
	"call Install before that middleware is registered")

var errStray = errors.New("flashgin: a *gin.Context is used outside of its handler, where Gin " +
	"may have given it to another user's request: give goroutines the key of Messenger.SessionKey, " +
	"c.Copy() or c.Request.Context(); this is refused in debug mode alone")

// nextHandler is the function of Gin that calls handlers. Middleware that runs them in another
// goroutine, such as gin-contrib/timeout, calls it there.
const nextHandler = "github.com/gin-gonic/gin.(*Context).Next"

// isBeside reports whether a handler has started this goroutine.
func isBeside() bool { return !turn.Runs(nextHandler) }

// warnOf logs once why flashgin refuses a call that returns no error.
func (r *request) warnOf(refused error) {
	switch refused {
	case errStray, errAsksFirst, errAfterHandlers:
		r.m.errs.WarnOnce(&r.m.strayed, strings.TrimPrefix(refused.Error(), "flashgin: "))
	}
}
