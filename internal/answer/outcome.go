package answer

import (
	"net/http"

	"github.com/flashgin/flashgin/internal/shown"
	"github.com/flashgin/flashgin/internal/writers"
)

// outcome returns what is known of the answer now.
func (a *Answer[T]) outcome() shown.Outcome {
	if a.list.IsEmpty() {
		return shown.Outcome{}
	}
	written := a.Written()
	return shown.Outcome{
		Status:   a.Writer().Status(),
		Away:     a.away,
		Hijacked: a.IsHijacked(),
		Panicked: a.panicked,
		Gone: a.IsGone() || shown.IsCut(a.Header, written) ||
			// Middleware that has the page in a buffer may throw it away, and write an answer of
			// its own.
			a.panicked && a.IsHeld() || a.IsOutOfTime(a.panicked),
		Written: written,
		Packed:  a.Header.Get("Content-Encoding") != "",
	}
}

// flushAborted flushes a page that has shown messages, if its handler has panicked since: net/http
// throws away what has not left, unless middleware around flashgin recovers.
func (a *Answer[T]) flushAborted() {
	a.Lock()
	waits := a.panicked && a.list.WouldShow(a.outcome()) // most pages are judged once
	a.Unlock()
	if waits {
		a.Writer().Flush()
	}
}

// PageDone notes whether the page on which messages were printed was written to w. a may be nil.
func (a *Answer[T]) PageDone(w http.ResponseWriter, err error) {
	if a == nil { // a route that was registered before Install
		return
	}
	a.Lock()
	defer a.Unlock()
	if !a.list.IsEmpty() {
		a.looks.Store(a.looks.Load() || !writers.Counts(w))
		a.list.Printed(err == nil, writers.Counts(w), writers.Status(w))
	}
}

// LooksAt implements request.Owner.
func (a *Answer[T]) LooksAt() bool { return a.looks.Load() }

// Looked looks in a part of the body for the texts of messages that were given to the handler.
func (a *Answer[T]) Looked(part string) {
	a.Lock()
	defer a.Unlock()
	a.list.Find(part)
}

// Flushed notes that the first bytes of the body have left. A client that goes away later has seen
// the messages in them. The store is told at once, because an answer that goes on may take longer
// than the lease.
func (a *Answer[T]) Flushed(bytes int64) {
	a.Lock()
	o := a.outcome()
	o.GoesOn = true
	if o.Written = bytes; a.Ended() || bytes == 0 || a.IsHeld() {
		a.Unlock()
		return
	}
	done := a.list.Flushed(o)
	a.Unlock()
	done.Confirm()
}
