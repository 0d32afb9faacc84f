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
	"github.com/flashgin/flashgin/internal/turn"
)

// A request is what flashgin knows of one HTTP request: the messages that it brought, those that
// were claimed for its page, and what has become of them. Handlers, templates and the writer may
// use it from several goroutines.
type request struct {
	m         *Messenger
	in        *installation
	client    context.Context // ends when the client goes away
	given     *http.Request   // of which the handlers have a copy
	outer     *request        // of an engine that has handed this one on, with its answer; or nil
	http      http.Request    // what read has read
	handed    http.Request    // the copy; here it is no allocation of its own
	ctx       requestContext
	writer    responseWriter
	header    http.Header // of the writer; an inner request compares its own with it
	began     time.Time
	deadline  atomic.Pointer[time.Time] // for writing the answer, as a handler has set it
	committed atomic.Bool               // what the headers need is done
	open      atomic.Bool               // they let caches keep the answer

	turn turn.Turn // see inTurn

	pooled  *gin.Context  // which c was; to be compared, never to be used
	written atomic.Int64  // bytes of the body
	looks   atomic.Bool   // for the texts of messages, in what is written
	uses    atomic.Uint32 // what of use was called already

	mu       sync.Mutex
	c        *gin.Context  // nil once the request has ended: Gin uses it for other requests then
	ending   bool          // c is given back as soon as nobody uses it
	users    int           // of c, with mu unlocked
	unused   chan struct{} // closed when there are none, where that is waited for
	places   []place
	name     string           // of the page's, by Config.View
	named    bool             // that was asked
	allowed  bool             // the answer may have messages in it, as far as page caches go
	refused  bool             // it must show none, when that was last asked
	views    []string         // what the page reads; made when first needed
	asked    []string         // of these, what was claimed already
	items    []*item          // what the store gave, then the request's own
	ownIDs   map[givenID]bool // of the own ones, those whose IDs were given
	taken    map[string]*item // the items by ID, once a message was added again; nil after show
	claims   []claimed
	peeked   Messages // what waits, as the page was told without taking it
	looked   bool
	keyed    bool             // the session had a key when messages were last read
	key      string           // the session's, once known
	unsaved  sessions.Session // was given a secret, and is saved when the headers leave
	made     madeKey          // what this request has made and its answer has not brought yet
	cookie   cookieKey        // where Config.SessionKey is CookieKey's
	private  bool             // the answer was given messages to show
	panicked bool
	broken   bool // a write failed
	away     bool // the headers that have left send the user to another page
	prints   int  // how often Markup was called for the page
	part     part // of an answer that is no page

	committing bool
	hijacked   bool

	locked held.Context // the client's, for a store that is asked while the request is locked

	firstPlace [1]place  // behind places, for nearly all requests
	firstViews [4]string // behind views
}

// newRequest puts a request behind the context and the writer of c. outer is that of an engine
// which has handed the *http.Request on, if there is one.
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
	r.locked.Context = r.client
	r.firstPlace[0] = placeOf(c.FullPath(), c.Request)
	r.places = r.firstPlace[:]
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

// reenter makes r stand for the page to which HandleContext went on, too: the browser asked for the
// one, and sees the other. It reports false if r is not the request of c, but that of an engine
// which handed its *http.Request to this one.
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
	r.places = append(r.places, placeOf(c.FullPath(), c.Request))
	r.views, r.named, r.looked = nil, false, false
	r.read(c.Request)
	c.Writer = &responseWriter{c.Writer, r} // HandleContext took ours off, and emptied c.Keys
	c.Set(requestKey{}, r)
	return true
}

// handOnForm lets net/http remove the files of an uploaded form, as it does when a request ends. It
// looks for them in the request that it has made, while the handlers have put them into ours.
func (r *request) handOnForm() {
	if request := r.c.Request; request != nil && request.MultipartForm != nil {
		r.given.MultipartForm = request.MultipartForm
	}
}

// read notes what flashgin wants to know of the *http.Request. Others write to that one: the
// registry of gorilla's sessions in place, a handler that sets c.Request to nil.
func (r *request) read(request *http.Request) {
	r.http.Method, r.http.Host = request.Method, request.Host
	r.http.Header, r.http.TLS = request.Header, request.TLS
	if request.URL != nil {
		r.http.URL = request.URL
	}
}

// readAgain is read when the headers leave: middleware may have changed the request.
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

func (ctx *requestContext) Value(key any) any {
	if key == (requestKey{}) {
		return ctx.request
	}
	return ctx.Context.Value(key)
}

// outside calls what belongs to the application with the request unlocked: it may call flashgin for
// this very request. The request does not end meanwhile, because then Gin gives its context to
// another one. The lock is held before and after.
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

// giveUp waits until nobody uses the *gin.Context, and gives it up. The lock is held before and
// after.
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

// fail reports an error, and warn a mistake in the wiring of the application.
func (r *request) fail(doing string, err error) {
	r.outside(func() { r.m.errs.Report(r.client, doing, err) })
}

func (r *request) warn(mistake string) {
	r.outside(func() { r.m.errs.Warn(mistake) })
}

func (r *request) warnOnce(once *sync.Once, mistake string) {
	r.outside(func() { r.m.errs.WarnOnce(once, mistake) })
}

// failAnswer is fail for what keeps the answer's own messages from being stored: Gin's error
// handling sees it too.
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

// keyBy asks for the session's key as c has it.
func (r *request) keyBy(c *gin.Context) (key string, err error) {
	if requestIn(c) != r { // the handler has replaced c.Request and called HandleContext
		return r.key, nil
	}
	r.outside(func() { key, err = r.m.key(r, c) })
	return key, err
}
