package answer

import (
	"errors"
	"net/http"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/request"
	"github.com/flashgin/flashgin/internal/shown"
	"github.com/flashgin/flashgin/internal/writers"
)

// Show claims and returns the messages for this page that chosen accepts, and notes how they are
// shown. w is the answer's outermost writer, or nil. pullable says that the markup can have the URL
// from which the script gets the messages, if the page is seen.
func (a *Answer[T]) Show(
	w http.ResponseWriter, how shown.State, pullable bool, chosen func(*T) bool,
) []queue.Item[T] {
	a.Lock()
	defer a.Unlock()
	if a.Ended() {
		return nil
	}
	// A goroutine that asks again must not read what its handler may change meanwhile: headers,
	// status, writer.
	again := w == nil && a.allAsked() && (a.allowed || a.list.IsEmpty())
	if w == nil && a.refused && request.IsBeside() {
		return nil
	}
	a.refused = !again && !a.mayShow(w, how, pullable)
	a.Called(request.ToShow)
	if a.refused || a.list.IsEmpty() {
		return nil
	}
	way := shown.Way{State: how, Written: a.Written(), Ours: pullable}
	if how == shown.Placed && !(again && request.IsBeside()) {
		way.Code = writers.Status(a.Gin().Writer)
	}
	return a.take(way, chosen)
}

// mayShow claims what waits, and reports whether the answer may show it. w is its outermost writer,
// or nil.
func (a *Answer[T]) mayShow(w http.ResponseWriter, how shown.State, pullable bool) bool {
	if w == nil {
		w = a.Gin().Writer
	}
	status := writers.Status(w)
	if !a.views.MayShow(a.Gin().Writer.Header()) || browser.LeadsAway(status, w.Header()) {
		return false
	}
	if how != shown.Taken && !a.views.MayPrint(status, pullable && a.site.IsMounted()) {
		return false
	}
	if a.leftOpen() {
		a.WarnOnce(&a.site.earlyHeaders, caching.EarlyHeadersWarning(a.views.Route()))
		return false
	}
	a.claim()
	if a.Ended() || a.leftOpen() { // the headers may have left meanwhile
		return false
	}
	a.allowed = !a.list.IsEmpty() && !a.storedByPageCache(w)
	return a.allowed || a.list.IsEmpty()
}

// take returns messages that the answer shows in this way.
func (a *Answer[T]) take(way shown.Way, chosen func(*T) bool) []queue.Item[T] {
	a.looks.Store(a.looks.Load() || way.State != shown.Printing)
	items := a.list.Show(a.views.List(), way, chosen, a.site.Probe)
	a.private = a.private || len(items) > 0
	return a.translated(items)
}

// translated puts copies of messages into the words of the reader.
func (a *Answer[T]) translated(items []queue.Item[T]) []queue.Item[T] {
	if c := a.Gin(); a.site.Translate != nil && len(items) > 0 {
		a.Outside(func() { a.site.Translate(c, items) })
		a.list.LookFor(items, a.site.Probe)
	}
	return items
}

// Pull returns the messages at the views that scripts can show, not those that this request itself
// would read.
func (a *Answer[T]) Pull(views []string) []queue.Item[T] {
	a.Lock()
	defer a.Unlock()
	a.views.Narrow(views)
	if a.claim(); a.Ended() || a.list.IsEmpty() {
		return nil
	}
	return a.take(shown.Way{State: shown.Taken, Written: a.Written()}, a.site.HasText)
}

// MayPull reports whether the answer may have messages that a script has asked for. Ask it before
// Pull.
func (a *Answer[T]) MayPull() bool {
	a.Lock()
	defer a.Unlock()
	a.private = true
	return !a.Ended() && a.views.MayShow(a.Gin().Writer.Header()) && !a.leftOpen()
}

// Peek returns the messages that Show would return, and takes none. It includes those that this
// request has claimed.
func (a *Answer[T]) Peek() []queue.Item[T] {
	a.Lock()
	defer a.Unlock()
	if !a.Ended() && a.leftOpen() {
		a.WarnOnce(&a.site.earlyHeaders, caching.EarlyHeadersWarning(a.views.Route()))
		return nil
	}
	a.peek()
	if a.Ended() || a.leftOpen() {
		return nil
	}
	var peeked []queue.Item[T]
	if len(a.unasked()) > 0 {
		peeked = a.peeked
	}
	items := a.list.Peek(a.views.List(), peeked)
	if len(items) > 0 && !a.allowed {
		if a.allowed = !a.storedByPageCache(a.Gin().Writer); !a.allowed {
			return nil
		}
	}
	a.private = a.private || len(items) > 0
	return a.translated(items)
}

// failRead reports a read that failed, unless the client is gone or the breaker is open. The page
// does not ask again: it has waited for the store once.
func (a *Answer[T]) failRead(doing string, err error) {
	a.asked, a.peekAsked = a.views.List(), true
	if a.Client().Err() != nil || errors.Is(err, guard.ErrDown) {
		return
	}
	a.Fail(doing, err)
}

// leftOpen reports whether the headers have left and let caches keep the answer: then others might
// see the messages that it shows. If the headers left without passing us, we have not seen them,
// and leftOpen returns true.
func (a *Answer[T]) leftOpen() bool {
	if a.Committed.Load() {
		return a.open.Load()
	}
	return a.Writer().Written()
}

// storedByPageCache reports whether a page cache stores what w writes, and says so once.
func (a *Answer[T]) storedByPageCache(w http.ResponseWriter) bool {
	pkg := caching.PageCacheOver(w)
	if pkg == "" {
		return false
	}
	a.WarnOnce(&a.site.PageCache, caching.PageCacheWarning(pkg, a.views.Route()))
	return true
}
