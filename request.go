package flashgin

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/held"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/shown"
	"github.com/flashgin/flashgin/internal/turn"
	"github.com/flashgin/flashgin/internal/views"
)

// A request is what flashgin knows of one HTTP request: the messages that its handlers have added,
// those that were claimed for its page, and what has become of them. Handlers, templates and the
// writer may use it from several goroutines.
type request struct {
	m         *Messenger
	in        *installation
	client    context.Context // ends when the client goes away
	given     *http.Request   // what the engine was given; the handlers have a copy of it
	outer     *request        // of the engine around this one, if both write one answer; or nil
	http      http.Request    // the fields that read has copied
	handed    http.Request    // the handlers' copy of given; here it needs no allocation of its own
	ctx       requestContext
	writer    responseWriter
	header    http.Header // of the answer, as the writer around ours has it; see writers.Holds
	began     time.Time
	deadline  atomic.Pointer[time.Time]     // for writing the answer, if a handler has set one
	values    atomic.Pointer[valuedContext] // see noteValues
	committed atomic.Bool                   // commit has returned
	open      atomic.Bool                   // the headers that have left let caches keep the answer

	turn turn.Turn // see inTurn

	pooled  *gin.Context  // the first value of c; to be compared, never to be used
	written atomic.Int64  // bytes of the body
	looks   atomic.Bool   // findTexts must look at what is written
	uses    atomic.Uint32 // the bits of use that were called already

	mu       sync.Mutex
	c        *gin.Context  // nil once the request has ended: then Gin uses it for other requests
	ending   bool          // giveUp waits until users is zero
	users    int           // calls of outside that run now
	unused   chan struct{} // closed when users is zero; nil unless giveUp waits for that
	views    views.Views
	allowed  bool     // no page cache forbids the answer to show messages
	refused  bool     // the answer must show none, as the last call of show has found
	asked    []string // of these, those that were claimed already
	list     shown.List[Message]
	peeked   []queue.Item[Message] // what peek has found
	looked   bool                  // the store was asked for peeked, or has failed
	keyed    bool                  // the session had a key when messages were last read
	key      string                // the session's, once known
	unsaved  sessions.Session      // it was given a secret; it is saved when the headers leave
	made     madeKey               // what this request has made and its answer has not brought yet
	cookie   cookieKey             // where Config.SessionKey is CookieKey's
	private  bool                  // the answer has messages, or a key: caches must not keep it
	panicked bool
	broken   bool // a write failed
	away     bool // the headers that have left send the user to another page
	prints   int  // how often Markup was called for the page
	part     part // of an answer that is not itself a page

	committing bool
	hijacked   bool

	locked held.Context // for calls of the store while the request is locked
}

// newRequest makes a request, and sets the context and the writer of c so that they lead to it.
// outer is the request of an engine that has passed the *http.Request on, or nil.
func newRequest(in *installation, c *gin.Context, outer *request) *request {
	r := &request{
		m:      in.messenger,
		in:     in,
		c:      c,
		pooled: c,
		client: c.Request.Context(),
		given:  c.Request,
		header: c.Writer.Header(),
		began:  time.Now(),
	}
	r.read(c.Request)
	r.ctx = requestContext{r.client, r}
	r.writer = responseWriter{c.Writer, r}
	r.views.Start(&in.site, &r.http, c.FullPath())
	if outer.answers(c.Writer) {
		r.outer = outer
	}
	if r.m.cfg.HTMX || r.m.cfg.Turbo {
		r.part.packed = c.Writer.Header().Get("Content-Encoding")
	}
	if c.Writer.Written() || outer.sent(c.Writer) {
		r.begunBefore(c.Writer.Header())
	}
	c.Writer = &r.writer
	r.handed = *c.Request.WithContext(&r.ctx)
	c.Request = &r.handed
	c.Set(requestKey{}, r)
	return r
}

// reenter makes r stand also for the page to which HandleContext went on: the browser asked for one
// page, and sees the other. It returns false if r is not the request of c, but of an engine that
// has passed its *http.Request on to this one.
func (r *request) reenter(c *gin.Context) bool {
	if r.pooled != c {
		return false
	}
	if r.turn.Take() {
		defer r.turn.Leave()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.c != c {
		return false
	}
	r.read(c.Request)
	r.views.GoOn(c.FullPath())
	r.looked = false
	c.Writer = &responseWriter{c.Writer, r} // HandleContext took ours off, and emptied c.Keys
	c.Set(requestKey{}, r)
	return true
}

// handOnForm lets net/http remove the files of an uploaded form when the request ends. net/http
// looks for them in its own *http.Request, but the handlers have parsed the form of our copy.
func (r *request) handOnForm() {
	if request := r.c.Request; request != nil && request.MultipartForm != nil {
		r.given.MultipartForm = request.MultipartForm
	}
}

// read copies what flashgin wants to know of the *http.Request. It cannot read that later, because
// others change it: the registry of gorilla's sessions writes to it, and a handler may set
// c.Request to nil.
func (r *request) read(request *http.Request) {
	r.http.Method, r.http.Host = request.Method, request.Host
	r.http.Header, r.http.TLS = request.Header, request.TLS
	if request.URL != nil {
		r.http.URL = request.URL
	}
}

// readAgain calls read when the headers leave: middleware may have changed the request.
func (r *request) readAgain() {
	if r.turn.Take() {
		defer r.turn.Leave()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.c != nil && r.c.Request != nil {
		r.read(r.c.Request)
	}
}

// requestContext carries the request below its own context.
type requestContext struct {
	context.Context
	request *request
}

type requestKey struct{}

// A valuedContext has the values of a handler's context, such as a trace, and ends with the
// client's.
type valuedContext struct {
	context.Context
	values context.Context
}

func (ctx *valuedContext) Value(key any) any {
	if key == (requestKey{}) { // a store that calls flashgin for a locked request would hang
		return ctx.Context.Value(key)
	}
	return ctx.values.Value(key)
}

// context is for calls of the store and of the application. It may be called with the request
// locked or not.
func (r *request) context() context.Context {
	if ctx := r.values.Load(); ctx != nil {
		return ctx
	}
	return r.client
}

func (ctx *requestContext) Value(key any) any {
	if key == (requestKey{}) {
		return ctx.request
	}
	return ctx.Context.Value(key)
}

// outside unlocks the request and calls a function that belongs to the application: it may call
// flashgin for this very request. Meanwhile the request cannot end, because then Gin would give its
// context to another one. The lock is held before and after.
func (r *request) outside(call func()) {
	r.users++
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.users--
		if r.users == 0 && r.unused != nil {
			close(r.unused)
			r.unused = nil
		}
	}()
	call()
}

// giveUp waits until outside calls nothing, and gives the *gin.Context up. The lock is held before
// and after.
func (r *request) giveUp() {
	defer func() { r.c = nil }()
	r.ending = true
	for r.users > 0 {
		unused := make(chan struct{})
		r.unused = unused
		r.mu.Unlock()
		<-unused
		r.mu.Lock()
	}
}

// fail reports an error; warn reports a mistake in the wiring of the application.
func (r *request) fail(doing string, err error) {
	r.outside(func() { r.m.errs.Report(r.context(), doing, err) })
}

func (r *request) warn(mistake string) {
	r.outside(func() { r.m.errs.Warn(mistake) })
}

func (r *request) warnOnce(once *sync.Once, mistake string) {
	r.outside(func() { r.m.errs.WarnOnce(once, mistake) })
}

// failAnswer is fail for an error that keeps the request's own messages from being stored: Gin's
// error handling sees it, too.
func (r *request) failAnswer(doing string, err error) {
	r.fail(doing, err)
	if r.c != nil {
		_ = r.c.Error(err)
	}
}

// ended reports whether the request has ended, or is about to.
func (r *request) ended() bool { return r.c == nil || r.ending }

// tooLate reports whether the headers have left, or are about to.
func (r *request) tooLate() bool { return r.committing || r.committed.Load() || r.ended() }

// keyBy returns the session key of c, or "".
func (r *request) keyBy(c *gin.Context) (key string, err error) {
	if requestIn(c) != r { // the handler has replaced c.Request and called HandleContext
		return r.key, nil
	}
	r.outside(func() { key, err = r.m.key(r, c) })
	return key, err
}
