// Package request lets code that is no handler use an HTTP request: it finds the request from any
// context, locks it, takes turns with the handlers, and lets go of it before Gin gives its context
// to another request. It knows no messages.
package request

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/held"
	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/turn"
)

// A Request is safe for concurrent use by multiple goroutines if they hold its lock where a comment
// says so. Who embeds a Request is its owner.
type Request struct {
	sync.Mutex

	Given  *http.Request // what the engine was given; the handlers have a copy of it
	HTTP   http.Request  // the fields that read has copied; to be read with the lock held
	Header http.Header   // of the answer, as the writer around ours has it; see writers.Holds

	// Committed is set when the headers have left.
	Committed atomic.Bool

	owner  Owner
	errors *report.Reporter
	began  time.Time
	handed http.Request // the handlers' copy of Given; here it needs no allocation of its own
	ctx    handlersContext
	turn   turn.Turn // see InTurn
	values atomic.Pointer[valuedContext]

	writer   responseWriter
	written  atomic.Int64              // bytes of the body
	broken   atomic.Bool               // a write failed
	deadline atomic.Pointer[time.Time] // for writing the answer, if a handler has set one
	hijacked bool                      // the handler has taken the connection over
	ending   bool                      // GiveUp waits until users is zero

	uses   atomic.Uint32 // the bits of Use that were called already
	pooled *gin.Context  // the first value of c; to be compared, never to be used

	c      *gin.Context  // nil once the request has ended: then Gin uses it for other requests
	users  int           // calls of Outside that run now
	unused chan struct{} // closed when users is zero; nil unless GiveUp waits for that

	locked held.Context // see AskStore
}

// Start makes c, its copies, its writer and the contexts of its *http.Request lead to owner, which
// embeds r. errors is told of failures.
func (r *Request) Start(c *gin.Context, owner Owner, errors *report.Reporter) {
	r.owner, r.errors = owner, errors
	r.c, r.pooled = c, c
	r.Given, r.began = c.Request, time.Now()
	r.Header = c.Writer.Header()
	r.writer = responseWriter{c.Writer, r}
	r.read(c.Request)
	r.ctx = handlersContext{c.Request.Context(), owner}
	r.handed = *c.Request.WithContext(&r.ctx)
	c.Request = &r.handed
	c.Writer = &r.writer
	c.Set(key{}, owner)
}

// Reenter makes the request stand also for the page to which HandleContext went on: the browser
// asked for one page, and sees the other. It calls again with the lock held, and returns false if r
// is not the request of c, but of an engine that has passed its *http.Request on to this one.
func (r *Request) Reenter(c *gin.Context, again func()) bool {
	if r.pooled != c {
		return false
	}
	if r.turn.Take() {
		defer r.turn.Leave()
	}
	r.Lock()
	defer r.Unlock()
	if r.c != c {
		return false
	}
	r.read(c.Request)
	c.Writer = &responseWriter{c.Writer, r} // HandleContext took ours off,
	c.Set(key{}, r.owner)                   // and emptied c.Keys
	again()
	return true
}

// HandOnForm lets net/http remove the files of an uploaded form when the request ends. net/http
// looks for them in its own *http.Request, but the handlers have parsed the form of our copy. The
// lock is held.
func (r *Request) HandOnForm() {
	if request := r.c.Request; request != nil && request.MultipartForm != nil {
		r.Given.MultipartForm = request.MultipartForm
	}
}

// read copies what is read later. Others change the *http.Request: the registry of gorilla's
// sessions writes to it, and a handler may set c.Request to nil.
func (r *Request) read(request *http.Request) {
	r.HTTP.Method, r.HTTP.Host = request.Method, request.Host
	r.HTTP.Header, r.HTTP.TLS = request.Header, request.TLS
	if request.URL != nil {
		r.HTTP.URL = request.URL
	}
}

// ReadAgain copies the fields of HTTP again: middleware may have changed the request.
func (r *Request) ReadAgain() {
	if r.turn.Take() {
		defer r.turn.Leave()
	}
	r.Lock()
	defer r.Unlock()
	if r.c != nil && r.c.Request != nil {
		r.read(r.c.Request)
	}
}

func (r *Request) request() *Request { return r }

// Client returns the context that ends when the client goes away.
func (r *Request) Client() context.Context { return r.ctx.Context }

// Gin returns the *gin.Context, or nil once the request has ended. The lock is held.
func (r *Request) Gin() *gin.Context { return r.c }

// Ended reports whether the request has ended, or is about to. The lock is held.
func (r *Request) Ended() bool { return r.c == nil || r.ending }

// InTurn calls f, which uses what belongs to the request's handlers. In errors, f is named what.
func (r *Request) InTurn(what string, f func() error) error { return r.turn.Do(what, f) }

// Outside unlocks the request and calls a function that belongs to the application: it may call
// flashgin for this very request. Meanwhile the request cannot end, because then Gin would give its
// context to another one. The lock is held before and after.
func (r *Request) Outside(call func()) {
	r.users++
	r.Unlock()
	defer func() {
		r.Lock()
		r.users--
		if r.users == 0 && r.unused != nil {
			close(r.unused)
			r.unused = nil
		}
	}()
	call()
}

// GiveUp waits until Outside calls nothing, and gives the *gin.Context up. The lock is held before
// and after.
func (r *Request) GiveUp() {
	defer func() { r.c = nil }()
	r.ending = true
	for r.users > 0 {
		unused := make(chan struct{})
		r.unused = unused
		r.Unlock()
		<-unused
		r.Lock()
	}
}

// Ask calls a function of the application with the *gin.Context, and reports whether the request
// has not ended.
func (r *Request) Ask(f func(*gin.Context)) (served bool) {
	r.Lock()
	defer r.Unlock()
	if r.Ended() {
		return false
	}
	c := r.c
	r.Outside(func() { f(c) })
	return true
}

// Fail reports an error. The lock is held.
func (r *Request) Fail(doing string, err error) {
	r.Outside(func() { r.errors.Report(r.Context(), doing, err) })
}

// FailAnswer is Fail for an error that keeps the request's own messages from being stored: Gin's
// error handling sees it, too.
func (r *Request) FailAnswer(doing string, err error) {
	r.Fail(doing, err)
	if r.c != nil {
		_ = r.c.Error(err)
	}
}

// Warn reports a mistake in the wiring of the application. The lock is held.
func (r *Request) Warn(mistake string) {
	r.Outside(func() { r.errors.Warn(mistake) })
}

// WarnOnce is Warn for the first call with this Once.
func (r *Request) WarnOnce(once *sync.Once, mistake string) {
	r.Outside(func() { r.errors.WarnOnce(once, mistake) })
}
