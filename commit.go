package flashgin

import (
	"context"
	"fmt"
	"slices"
)

// commit does what must be done before the headers leave: the answer takes messages along if it can, those that it does not show are stored, with the session
// if that is new, and what shows messages or brings a cookie of ours is kept out of caches.
func (r *request) commit(how leaving) {
	if r.committed.Load() {
		return
	}
	r.mu.Lock()
	defer r.unlock()
	if r.committed.Load() || r.ended() {
		return
	}
	defer r.committed.Store(true)
	status, header := r.writer.Status(), r.writer.Header()
	unshown := r.panicked || leadsAway(status, header)
	for _, it := range r.items {
		if (it.state == itemTaken || it.state == itemPlaced) && (unshown || it.failed(status)) {
			it.state = itemWaiting
		}
	}
	r.carry(how)
	var rest []*item
	for _, it := range r.items {
		if it.unshown() {
			rest = append(rest, it)
		}
	}
	if len(rest) > 0 {
		r.store(rest)
	}
	ours := r.cookie.made.send(r.c.Request, header)
	if r.cookie.made.expirePlanted(r.given, r.m.cfg.Prefix, header) {
		ours = true
		r.m.planted.Do(func() {
			r.warn("a request brought two different cookies of CookieKey, so neither was used: another host of " +
				"the domain has planted one; give CookieKey a name that begins with __Host-")
		})
	}
	if ours || r.private {
		keepOutOfCaches(header)
	}
	r.open.Store(how != noHeaders && !forbidsStoring(header))
}

// unshown reports whether the item is the request's own and was not shown by it so far.
func (it *item) unshown() bool { return it.claim < 0 && it.state == itemWaiting }

// store stores the request's own messages at the place where the answer sends the user.
func (r *request) store(rest []*item) {
	messages := make([]Message, 0, len(rest))
	var view string
	var err error
	lost := 0
	defer func() { r.lose(lost) }()
	for _, it := range rest {
		if it.View == "" {
			if view == "" && err == nil {
				if view, err = r.defaultView(); err != nil {
					r.failAnswer("address", err)
				}
			}
			if it.View = view; view == "" {
				lost++
				continue
			}
		}
		messages = append(messages, it.Message)
	}
	// They are the store's from here on.
	r.items = slices.DeleteFunc(r.items, (*item).unshown)
	if len(messages) == 0 {
		return
	}
	key, err := r.saveKey()
	if err == nil {
		r.key = key
		err = r.m.store.addForRequest(r.locked(), key, messages, r.opensPage())
	}
	if err != nil {
		lost += len(messages)
		r.failAnswer("add", fmt.Errorf("flashgin: %d messages of a request may be lost: %w", len(messages), err))
	}
}

// saveKey returns the session's key as it is now: the handler may have cleared the session since the messages were added. A new secret is saved.
func (r *request) saveKey() (string, error) {
	if err := r.bind(r.c); err != nil {
		return "", err
	}
	if r.m.cfg.SessionKey != nil {
		if key, err := r.m.key(r.c); key != "" || err != nil {
			return key, err
		}
		return r.newCookieKey(r.c)
	}
	if r.unsaved != nil {
		session, err := r.m.session(r.c)
		if err != nil {
			return "", err
		}
		if session != r.unsaved { // HandleContext has made a new one with the same values
			session.Set(secretName, session.Get(secretName))
		}
		r.unsaved = nil
		if err := r.m.save(r.c, session); err != nil {
			return "", err
		}
	}
	r.noteSession()
	return r.m.key(r.c)
}

// leave ends the request's part: what its answer showed is confirmed, the rest released.
func (r *request) leave(completed bool) {
	r.mu.Lock()
	r.panicked = !completed
	r.handOnForm()
	r.mu.Unlock()
	r.commit(headersAlone) // an answer without a body, such as a redirect after a POST, never calls the writer
	r.follow()
	var lost []Message
	direct := 0
	r.mu.Lock()
	for _, it := range r.items {
		if r.arrived(it) {
			it.state = max(it.state, itemDelivered)
		}
		switch {
		case it.claim >= 0 || it.hidden:
		case it.state >= itemDelivered:
			direct++
		default:
			lost = append(lost, it.Message)
		}
	}
	shown := r.claimedItems(func(it *item) bool { return it.state == itemDelivered })
	back := r.claimedItems(func(it *item) bool { return it.state < itemDelivered })
	key := ""
	if len(lost) > 0 {
		key = r.keepUndelivered(lost)
	}
	r.c = nil
	r.unlock()

	if direct > 0 {
		r.m.cfg.observe(r.client, Event{Kind: EventShown, Messages: direct, Direct: true})
	}
	for _, claim := range shown {
		claim.store.confirm(claim.Claim, claim.since)
	}
	for _, claim := range back {
		claim.store.release(claim.Claim)
	}
	if key != "" {
		r.m.addUndelivered(r.client, key, lost)
	}
}

// keepUndelivered prepares messages of the request's own for the next page: this one showed them, but did not arrive.
func (r *request) keepUndelivered(lost []Message) (key string) {
	key, err := r.addressLate(lost)
	if err != nil {
		r.lose(len(lost))
		r.failAnswer("add", fmt.Errorf("flashgin: %d messages are lost with the answer that showed them: %w", len(lost), err))
	}
	return key
}

// addUndelivered stores what keepUndelivered has prepared. No caller is left to receive an error.
func (m *Messenger) addUndelivered(ctx context.Context, key string, msgs []Message) {
	if err := m.store.addForRequest(ctx, key, msgs, false); err != nil {
		m.cfg.observe(ctx, Event{Kind: EventLost, Messages: len(msgs)})
		m.errs.report(ctx, "add", fmt.Errorf("flashgin: %d messages of a request may be lost: %w", len(msgs), err))
	}
}
