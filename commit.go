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

// commit does what must be done before the headers leave: the answer takes messages along if it
// can, those that it does not show are stored, with the session if that is new, and what shows
// messages or brings a cookie of ours is kept out of caches.
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
		outer.cookie.made.NoteSaved() // the handler there may say something else after us
	}
	if r.private = r.private || ours; r.private {
		caching.KeepOut(header)
	}
	protocol := status == http.StatusSwitchingProtocols // what follows is no answer to keep
	r.open.Store(!r.private && how != noHeaders && !protocol && !caching.Forbidden(header))
}

// noteHijack notes that the connection is the handler's now, without the deadlines of the server.
func (r *request) noteHijack() {
	r.deadline.Store(new(time.Time))
	r.mu.Lock()
	r.hijacked = true
	r.mu.Unlock()
	r.commit(noHeaders)
}

// unshown reports whether the item is the request's own and was not shown by it so far.
func (it *item) unshown() bool { return it.claim < 0 && it.State == shown.Waiting }

// store stores the request's own messages at the place where the answer sends the user.
func (r *request) store() {
	var view string
	if slices.ContainsFunc(r.items, func(it *item) bool { return it.unshown() && it.View == "" }) {
		var err error
		if view, err = r.defaultView(); err != nil {
			r.failAnswer("address", err)
		}
	}
	// They are the store's from here on.
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
			quietly := r.opensPage()
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

// leave ends the request's part: what its answer showed is confirmed, the rest released.
func (r *request) leave(completed bool) {
	key, lost := r.finish(completed)
	if key != "" {
		r.m.addUndelivered(r.client, key, lost)
	}
}

// finish does what needs the *gin.Context, and ends the request. It returns messages of the
// request's own for the next page: this one showed them, but did not arrive.
func (r *request) finish(completed bool) (key string, lost []Message) {
	defer r.end() // whatever panics: Gin gives the context to another request
	r.handlersEnded(completed)
	// An answer without a body, such as a redirect after a POST, never calls the writer.
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

// handlersEnded is called for each chain of handlers: HandleContext starts another. Recovery may
// let the first one come to its end though the other has panicked.
func (r *request) handlersEnded(completed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.panicked = r.panicked || !completed
	r.handOnForm()
}

// end gives the *gin.Context up, and settles what was claimed.
func (r *request) end() {
	done, back, direct := r.close()
	if direct > 0 {
		r.m.cfg.observe(r.client, Event{Kind: EventShown, Messages: direct, Direct: true})
	}
	confirm(done)
	release(back)
}

// close returns what was shown, what was not, and how many of the shown are the request's own.
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

// keepUndelivered prepares messages of the request's own for the next page: this one showed them,
// but did not arrive.
func (r *request) keepUndelivered(lost []Message) (key string) {
	key, err := r.addressLate(lost)
	if err != nil {
		r.lose(len(lost))
		r.failAnswer("add", fmt.Errorf("flashgin: %d messages are lost with the answer that "+
			"showed them: %w", len(lost), err))
	}
	return key
}

// addUndelivered stores what keepUndelivered has prepared. No caller is left to receive an error.
func (m *Messenger) addUndelivered(ctx context.Context, key string, msgs []Message) {
	if err := m.store.AddForRequest(ctx, key, queueItems(msgs), false); err != nil {
		m.cfg.observe(ctx, Event{Kind: EventLost, Messages: len(msgs)})
		m.errs.Report(ctx, "add", errMaybeLost(len(msgs), err))
	}
}

func errMaybeLost(messages int, err error) error {
	return fmt.Errorf("flashgin: %d messages of a request may be lost: %w", messages, err)
}
