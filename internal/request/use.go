package request

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/turn"
)

// A Use is a kind of call. The first call of a kind reads what its comment says; further calls do
// not.
type Use uint32

// The uses.
const (
	ToShow Use = 1 << iota // the session and the headers of the answer
	ToPeek                 // the session
	ToAdd                  // the session
)

// Called notes that the first call was made.
func (r *Request) Called(to Use) { r.uses.Or(uint32(to)) }

// HasCalled reports whether the first call was made.
func (r *Request) HasCalled(to Use) bool { return r.uses.Load()&uint32(to) != 0 }

// A Refusal is an error of a kind whose general text would be untrue.
type Refusal struct {
	Kind error
	Text string
}

func (r Refusal) Error() string { return r.Text }

// Unwrap is for errors.Is.
func (r Refusal) Unwrap() error { return r.Kind }

// The errors of MayUse.
var (
	// ErrEnded means that the request has ended.
	ErrEnded = errors.New("the request has ended")
	// ErrAfterHandlers means that middleware around ours goes on when the request has ended.
	ErrAfterHandlers = errors.New("flashgin: too late: a middleware that was registered before " +
		"Messenger.Install, such as Recovery, uses flashgin when the request's handlers have ended: " +
		"call Install before that middleware is registered")
	// ErrStray means that Gin may have given the *gin.Context to another request.
	ErrStray = errors.New("flashgin: a *gin.Context is used outside of its handler, where Gin " +
		"may have given it to another user's request: give goroutines the key of " +
		"Messenger.SessionKey, c.Copy() or c.Request.Context(); this is refused in debug mode alone")
	// ErrAsksFirst means that the call may read what the handler writes.
	ErrAsksFirst = errors.New("flashgin: a goroutine beside the handler makes this request's " +
		"first call of its kind, which reads the session or the headers while the handler may " +
		"write them: make the same call in the handler before; this is refused in debug mode alone")
)

// MayUse returns an error if a call with ctx must not use the request; otherwise it notes the
// values of ctx. ownKeys says that the session key comes from the application, and not from a
// session of gin-contrib.
func (r *Request) MayUse(ctx context.Context, to Use, ownKeys bool) (err error) {
	if c := GinContext(ctx); c == r.pooled && r.Has(c) {
		err = r.mayUsePooled()
	} else {
		err = r.mayAskFirst(to, ownKeys)
	}
	if err == nil {
		r.NoteValues(ctx)
	}
	return err
}

// mayUsePooled returns an error if the caller must not use the request's own *gin.Context any more.
// After the request, Gin gives it to another one, and nobody can tell which of the two the caller
// means. So in debug mode every call from outside a handler is refused.
func (r *Request) mayUsePooled() error {
	if gin.IsDebugging() && IsBeside() {
		return ErrStray
	}
	r.Lock()
	defer r.Unlock()
	switch {
	case !r.Ended():
		return nil
	case IsBeside():
		return ErrEnded
	}
	return ErrAfterHandlers
}

// mayAskFirst returns an error if a goroutine beside the handler makes the first call of its kind.
// The handler may write what the call reads, and then Go may end the process. Nobody can tell
// whether the handler does, so in debug mode every such call is refused.
func (r *Request) mayAskFirst(to Use, ownKeys bool) error {
	if !gin.IsDebugging() || r.HasCalled(to) || to != ToShow && ownKeys || !IsBeside() {
		return nil
	}
	r.Lock()
	defer r.Unlock()
	if r.Ended() {
		return nil
	}
	return ErrAsksFirst
}

// IsPooled reports whether c is the request's own *gin.Context, and not a copy.
func (r *Request) IsPooled(c *gin.Context) bool { return c == r.pooled }

// nextHandler is the function of Gin that calls handlers. Middleware that runs them in another
// goroutine, such as gin-contrib/timeout, calls it there.
const nextHandler = "github.com/gin-gonic/gin.(*Context).Next"

// IsBeside reports whether no handler runs in this goroutine: one may have started it.
func IsBeside() bool { return !turn.Runs(nextHandler) }
