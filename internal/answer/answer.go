// Package answer decides what the answer to one request does with messages. It keeps those that the
// handlers add, claims those that wait, shows or carries what its reader will see, stores the rest
// where the user comes next, and judges in the end what was shown.
//
// T is the type of a message. The package knows only its item in the queue, and what [Config] tells
// of it.
package answer

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/known"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/request"
	"github.com/flashgin/flashgin/internal/sessionkey"
	"github.com/flashgin/flashgin/internal/shown"
	"github.com/flashgin/flashgin/internal/views"
	"github.com/flashgin/flashgin/internal/writers"
)

// Config is what all answers of a Messenger share. It does not change after the first answer.
type Config[T any] struct {
	Messenger any // whose answers these are
	Keeper    *sessionkey.Keeper
	Store     *delivery.Delivery[T]
	Errors    *report.Reporter

	Turbo          bool
	Timeout, Lease time.Duration

	// IsMounted reports whether the routes of Messenger.Mount exist.
	IsMounted func() bool
	// URL returns where browsers find what Mount serves under that name.
	URL func(name string) string
	// Seed returns the store of the messages that a test has given to this request alone, or nil.
	Seed func(context.Context) *delivery.Delivery[T]

	// Probe returns the part of a message's text by which the body is known to have it, or "".
	Probe func(*T) string
	// HasText reports whether scripts can show the message: they show text alone.
	HasText func(*T) bool
	// Translate puts messages into the words of who reads the answer. Nil: they stay as they are.
	Translate func(*gin.Context, []queue.Item[T])
	// Distinct leaves out messages that a page shows as one with another.
	Distinct func([]queue.Item[T]) []queue.Item[T]
	// ForScripts returns messages as scripts read them, in JSON.
	ForScripts func([]queue.Item[T]) []T
	// Additions returns markup that htmx, or Turbo, puts into the list of the page on screen.
	Additions func(a *Answer[T], turbo bool, items []queue.Item[T]) (string, error)

	// Known is what the process knows of sessions for which nothing waits; nil is nothing.
	Known *known.Sessions
	// Skipped is told that a page need not ask the store.
	Skipped func(context.Context)

	// Lost is told that messages of a request may be lost, Shown that a request has itself shown
	// messages that it has added.
	Lost, Shown func(ctx context.Context, messages int)
	Lines       *queue.Logged[T] // has a line for each of these, too; nil if nobody reads lines

	ErrTooLarge error // for a view without room for a message

	// PageCache is for the warning that a page cache keeps pages with messages.
	PageCache    sync.Once
	earlyHeaders sync.Once // for the warning that headers left before messages were asked for
	stripped     sync.Once // for the warning that Config.Prefix is missing
}

// A Site is an engine on which a Messenger is installed.
type Site[T any] struct {
	*Config[T]
	Views views.Site
	// PrintsReadyMade reports whether pages have the ready-made markup, and so a list to add
	// messages to.
	PrintsReadyMade func() bool
	// Addressed is told of the view of each message that is added.
	Addressed func(view string)
}

// IsRead reports whether a page of the engine reads the view, as far as is known.
func (a *Answer[T]) IsRead(view string) bool { return a.site.Views.IsRead(view) }

// An Answer is what flashgin knows of the answer to one request: the messages that its handlers
// have added, those that were claimed for its page, and what has become of them. It is safe for
// concurrent use by multiple goroutines: handlers, templates and the writer.
type Answer[T any] struct {
	request.Request

	site  *Site[T]
	open  atomic.Bool // the headers that have left let caches keep the answer
	looks atomic.Bool // Looked must be given what is written

	// Prints is how often Markup was called for the page: only the first call prints what must be
	// unique in a document.
	Prints atomic.Int32

	// The lock guards what follows.

	keys       sessionkey.Keys
	views      views.Views
	list       shown.List[T]
	asked      []string        // the views for which messages were claimed
	peeked     []queue.Item[T] // what peek has found
	part       part            // of an answer that is not itself a page
	peekAsked  bool            // the store was asked for peeked, or has failed
	allowed    bool            // no page cache forbids the answer to show messages
	refused    bool            // the answer must show none, as the last call of Show has found
	private    bool            // the answer has messages, or a key: caches must not keep it
	away       bool            // the headers that have left send the user to another page
	panicked   bool
	committing bool
}

// New makes the answer to a request, and sets the context and the writer of c so that they lead to
// it. outer is the answer of an engine that has passed the *http.Request on, or nil.
func New[T any](site *Site[T], c *gin.Context, outer *Answer[T]) *Answer[T] {
	a := &Answer[T]{site: site}
	w := c.Writer
	a.Start(c, a, site.Errors)
	a.views.Start(&site.Views, &a.HTTP, c.FullPath())
	var outerKeys *sessionkey.Keys
	sent := w.Written()
	if outer != nil {
		ours := outer.IsBehind(w)
		sent = sent || ours && outer.Committed.Load()
		if ours || writers.SameHeader(w.Header(), outer.Header) {
			outerKeys = &outer.keys
		}
	}
	a.keys.Start(site.Keeper, &a.Request, outerKeys)
	if site.Views.HTMX || site.Turbo {
		a.part.packed = w.Header().Get("Content-Encoding")
	}
	if sent { // the headers left before the request came to us
		a.open.Store(!caching.Forbidden(w.Header()))
		a.Committed.Store(true)
	}
	return a
}

// Of finds the answer to the request that ctx belongs to, or returns nil: see request.Of.
func Of[T any](ctx context.Context) *Answer[T] { return typed[T](request.Of(ctx)) }

// Behind finds the answer that w writes, or returns nil: see request.Behind.
func Behind[T any](w http.ResponseWriter) *Answer[T] { return typed[T](request.Behind(w)) }

// Around finds the answer of the engine that has passed a request on, or returns nil.
func Around[T any](ctx context.Context) *Answer[T] { return typed[T](request.Around(ctx)) }

func typed[T any](owner request.Owner) *Answer[T] {
	a, _ := owner.(*Answer[T])
	return a
}

// Keys returns the session keys of the request. a may be nil.
func (a *Answer[T]) Keys() *sessionkey.Keys {
	if a == nil {
		return nil
	}
	return &a.keys
}

// Messenger returns whose answer it is.
func (a *Answer[T]) Messenger() any { return a.site.Messenger }

// IsOf reports whether the answer is of the Messenger that has config. a may be nil.
func (a *Answer[T]) IsOf(config *Config[T]) bool { return a != nil && a.site.Config == config }

// GoOn makes the answer stand also for the page to which HandleContext went on with c: see
// request.Reenter.
func (a *Answer[T]) GoOn(c *gin.Context) bool {
	return a.Reenter(c, func() {
		a.views.GoOn(c.FullPath())
		a.peekAsked = false
	})
}

// tooLate reports whether the headers have left, or are about to.
func (a *Answer[T]) tooLate() bool { return a.committing || a.Committed.Load() || a.Ended() }

// lose tells the Observer that messages of the request may be lost.
func (a *Answer[T]) lose(messages int) {
	if messages > 0 {
		a.Outside(func() { a.site.Lost(a.Context(), messages) })
	}
}
