package flashgin

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/caching"
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
	for _, it := range r.items {
		if (it.State == shown.Taken || it.State == shown.Placed) && (unshown || !it.Fits(status)) {
			it.State = shown.Waiting
		}
	}
	r.carry(how)
	adds := slices.ContainsFunc(r.items, (*item).unshown)
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

// unshown reports whether the request itself has added the item and has not shown it yet.
func (it *item) unshown() bool { return it.claim < 0 && it.State == shown.Waiting }

// store stores the request's own messages. Those without a View wait where the answer sends the
// user.
func (r *request) store() {
	var view string
	if slices.ContainsFunc(r.items, func(it *item) bool { return it.unshown() && it.View == "" }) {
		var err error
		if view, err = r.defaultView(); err != nil {
			r.failAnswer("address", err)
		}
	}
	// The request forgets the messages that it stores.
	var messages []Message
	lost := 0
	for _, it := range r.items {
		switch {
		case !it.unshown():
		case it.View == "" && view == "":
			lost++
		default:
			it.View = cmp.Or(it.View, view)
			messages = append(messages, it.Message)
		}
	}
	r.items = slices.DeleteFunc(r.items, (*item).unshown)
	if len(messages) > 0 {
		key, err := r.saveKey()
		if err == nil {
			r.noteKey(key)
			quietly := r.views.OpensPage(r.writer.Status(), r.writer.Header())
			browser.DropPrefetched(&r.http, r.writer.Status(), r.writer.Header())
			r.outside(func() {
				err = r.m.store.AddForRequest(r.client, key, queueItems(messages), quietly)
			})
		}
		if err != nil {
			lost += len(messages)
			r.failAnswer("add", errMaybeLost(len(messages), err))
		}
	}
	r.lose(lost)
}

// leave ends the request: it confirms the messages that the answer showed, and releases the rest.
func (r *request) leave(completed bool) {
	key, lost := r.finish(completed)
	if key != "" {
		r.m.addUndelivered(r.client, key, lost)
	}
}

// finish does what needs the *gin.Context, and ends the request. It returns the request's own
// messages that the answer showed without arriving. They are for the next page.
func (r *request) finish(completed bool) (key string, lost []Message) {
	defer r.end() // whatever panics: Gin gives the context to another request
	r.handlersEnded(completed)
	// An answer without a body, such as a redirect after a POST, never calls our writer.
	r.commit(headersOnly)
	r.follow()
	r.flushAborted()
	r.mu.Lock()
	defer r.mu.Unlock()
	o := r.outcome()
	for _, it := range r.items {
		if o.Shows(&it.Item) {
			it.State = max(it.State, shown.Delivered)
		}
		if it.claim < 0 && !it.hidden && it.State < shown.Delivered {
			lost = append(lost, it.Message)
		}
	}
	if len(lost) > 0 {
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
		r.m.cfg.observe(r.client, Event{Kind: EventShown, Messages: direct, Direct: true})
	}
	confirm(done)
	release(back)
}

// close returns the claims that were shown and those that were not, and how many of the shown
// messages the request itself has added.
func (r *request) close() (done, back []claimed, direct int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.giveUp()
	for _, it := range r.items {
		if it.claim < 0 && !it.hidden && it.State >= shown.Delivered {
			direct++
		}
	}
	done = r.claimedItems(func(it *item) bool { return it.State == shown.Delivered })
	back = r.claimedItems(func(it *item) bool { return it.State < shown.Delivered })
	return done, back, direct
}

// keepUndelivered gives a view to the request's own messages that the answer showed without
// arriving, and returns the session key for them.
func (r *request) keepUndelivered(lost []Message) (key string) {
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
func (m *Messenger) addUndelivered(ctx context.Context, key string, msgs []Message) {
	if err := m.store.AddForRequest(ctx, key, queueItems(msgs), false); err != nil {
		m.cfg.observe(ctx, Event{Kind: EventLost, Messages: len(msgs)})
		m.errs.Report(ctx, "add", errMaybeLost(len(msgs), err))
	}
}

func errMaybeLost(messages int, err error) error {
	return fmt.Errorf("flashgin: %d messages of a request may be lost: %w", messages, err)
}
