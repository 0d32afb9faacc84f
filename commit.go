package flashgin

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/caching"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/shown"
)

// commit does what must be done before the headers leave. It adds messages to the answer if it can,
// and stores those that the answer does not show, with the session if that is new. It keeps an
// answer that shows messages or brings a cookie of ours out of caches.
func (r *request) commit(how leaving) {
	if r.committed.Load() {
		return
	}
	r.readAgain()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tooLate() {
		return
	}
	r.committing = true
	defer func() {
		r.committing = false
		r.committed.Store(true)
	}()
	status, header := r.writer.Status(), r.writer.Header()
	r.away = browser.LeadsAway(status, header)
	unshown := r.panicked || r.away || how == headersOnly
	r.list.Recall(status, unshown)
	r.carry(how)
	adds, _ := r.list.HasOwn()
	if adds {
		r.store()
	}
	r.settleMade(adds)
	r.settleUnsaved()
	ours := r.cookie.made.Send(&r.http, header)
	if r.cookie.made.ExpirePlanted(r.given, r.m.cfg.Prefix, header) {
		ours = true
		r.warnOnce(&r.m.planted, "a request brought two different cookies of CookieKey, so neither "+
			"was used: another host of the domain has planted one; give CookieKey a name that begins "+
			"with __Host-")
	}
	for outer := r.outer; ours && outer != nil; outer = outer.outer {
		outer.cookie.made.NoteSaved() // the handler there may change Cache-Control after us
	}
	if r.private = r.private || ours; r.private {
		caching.KeepOut(header)
	}
	protocol := status == http.StatusSwitchingProtocols // caches cannot keep what follows
	r.open.Store(!r.private && how != noHeaders && !protocol && !caching.Forbidden(header))
}

// noteHijack notes that the handler has taken the connection over, without the deadlines of the
// server.
func (r *request) noteHijack() {
	r.deadline.Store(new(time.Time))
	r.mu.Lock()
	r.hijacked = true
	r.mu.Unlock()
	r.commit(noHeaders)
}

// store stores the request's own messages. Those without a View wait where the answer sends the
// user.
func (r *request) store() {
	var view string
	if _, unaddressed := r.list.HasOwn(); unaddressed {
		var err error
		if view, err = r.defaultView(); err != nil {
			r.failAnswer("address", err)
		}
	}
	items, lost := r.list.TakeOwn(view)
	if len(items) > 0 {
		r.warnOfPrefix(items)
		key, err := r.saveKey()
		if err == nil {
			r.noteKey(key)
			r.noteNews()
			quietly := r.views.OpensPage(r.writer.Status(), r.writer.Header())
			browser.DropPrefetched(&r.http, r.writer.Status(), r.writer.Header())
			r.outside(func() {
				err = r.m.store.AddForRequest(r.context(), key, items, quietly)
			})
			if err == nil {
				err = r.leavesKey(key)
			}
		}
		if err != nil {
			lost += len(items)
			r.failAnswer("add", errMaybeLost(len(items), err))
		}
	}
	r.lose(lost)
}

// warnOfPrefix says once that messages wait at paths as browsers see them, while the pages have the
// paths that http.StripPrefix leaves.
func (r *request) warnOfPrefix(items []queue.Item[Message]) {
	if r.m.cfg.Prefix != "" {
		return
	}
	prefix := r.views.Stripped(r.given.RequestURI)
	if prefix == "" || !slices.ContainsFunc(items, func(it queue.Item[Message]) bool {
		return it.View == prefix || strings.HasPrefix(it.View, prefix+"/")
	}) {
		return
	}
	r.warnOnce(&r.m.stripped, fmt.Sprintf("messages wait at paths that begin with %q, which a handler "+
		"around the engine, such as http.StripPrefix, takes from the paths of pages, so no page shows "+
		"them: set Config.Prefix to it", prefix))
}

// leave ends the request: it confirms the messages that the answer showed, and releases the rest.
func (r *request) leave(completed bool) {
	key, lost := r.finish(completed)
	if key != "" {
		r.m.addUndelivered(r.context(), key, lost)
	}
}

// finish does what needs the *gin.Context, and ends the request. It returns the request's own
// messages that the answer showed without arriving. They are for the next page.
func (r *request) finish(completed bool) (key string, lost []queue.Item[Message]) {
	defer r.end() // whatever panics: Gin gives the context to another request
	r.handlersEnded(completed)
	// An answer without a body, such as a redirect after a POST, never calls our writer.
	r.commit(headersOnly)
	r.follow()
	r.flushAborted()
	r.mu.Lock()
	defer r.mu.Unlock()
	if lost = r.list.Judge(r.outcome()); len(lost) > 0 {
		key = r.keepUndelivered(lost)
	}
	return key, lost
}

// handlersEnded is called for each chain of handlers: HandleContext starts another one. If that one
// panics and recovery catches the panic, the first chain still comes to its end.
func (r *request) handlersEnded(completed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.panicked = r.panicked || !completed
	r.handOnForm()
}

// end gives up the *gin.Context, and settles the claims.
func (r *request) end() {
	done, back, direct := r.close()
	if direct > 0 {
		r.m.cfg.observe(r.context(), Event{Kind: EventShown, Messages: direct, Direct: true})
	}
	done.Confirm()
	back.Release()
}

// close returns the claims that were shown and those that were not, and how many of the shown
// messages the request itself has added.
func (r *request) close() (done, back shown.Claims[Message], direct int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.giveUp()
	return r.list.Judged()
}

// keepUndelivered gives a view to the request's own messages that the answer showed without
// arriving, and returns the session key for them.
func (r *request) keepUndelivered(lost []queue.Item[Message]) (key string) {
	key, err := r.addressLate(lost)
	if err != nil {
		r.lose(len(lost))
		r.failAnswer("add", fmt.Errorf("flashgin: %d messages are lost with the answer that "+
			"showed them: %w", len(lost), err))
	}
	return key
}

// addUndelivered stores the messages that keepUndelivered has prepared. No caller is left to
// receive an error.
func (m *Messenger) addUndelivered(
	ctx context.Context, key string, items []queue.Item[Message],
) {
	if err := m.store.AddForRequest(ctx, key, items, false); err != nil {
		m.cfg.observe(ctx, Event{Kind: EventLost, Messages: len(items)})
		m.errs.Report(ctx, "add", errMaybeLost(len(items), err))
	}
}

func errMaybeLost(messages int, err error) error {
	return fmt.Errorf("flashgin: %d messages of a request may be lost: %w", messages, err)
}
