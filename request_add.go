package flashgin

import (
	"cmp"
	"context"
	"fmt"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/queue"
)

// Messages that a request adds wait in it until its headers leave: its own page may show them
// before.

// add takes messages of the request's own. They are stored when the headers leave, unless its page
// shows them before, and at once if the headers have left.
func (r *request) add(ctx context.Context, msgs []Message) error {
	prepared, err := r.m.prepare(msgs)
	if len(prepared) == 0 || err != nil {
		return err
	}
	for i := range prepared {
		prepared[i].View = r.in.site.Router.ReadAt(prepared[i].View)
		r.m.warnOfName(prepared[i].View)
		r.in.warnOfPath(prepared[i].View)
	}
	items := queueItems(prepared)
	key, err := r.accept(ctx, msgs, items)
	if err != nil || key == "" {
		return err
	}
	return r.m.store.AddForRequest(r.context(), key, items, false)
}

// accept notes messages for the answer. If that has left, it returns the key under which they are
// to be stored at once. msgs are the messages as the application gave them.
func (r *request) accept(
	ctx context.Context, msgs []Message, items []queue.Item[Message],
) (key string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.tooLate() {
		c := r.c
		given := ginContextOf(ctx)
		if requestIn(given) == r {
			c = given // maybe a copy, to which middleware has given the session
		}
		// Goroutines add without reading the session beside the handler, if that has done so.
		if given == r.pooled || !r.hasCalled(toAdd) {
			if err := r.bind(c); err != nil {
				return "", err
			}
		}
	}
	if r.tooLate() {
		if key, err = r.addressLate(items); err == nil {
			r.moveOn(msgs)
		}
		return key, err
	}
	r.moveOn(msgs)
	for _, it := range items {
		r.list.Add(it)
	}
	return "", nil
}

// moveOn is List.MoveOn for messages that the application adds.
func (r *request) moveOn(msgs []Message) {
	for i := range msgs {
		r.list.MoveOn(msgs[i].ID)
	}
}

// addressLate gives messages that come after the headers the session and the view that they would
// have had before.
func (r *request) addressLate(items []queue.Item[Message]) (key string, err error) {
	if !r.ended() && (r.key == "" || !isBeside()) {
		if r.key, err = r.savedKey(); err != nil {
			return "", err
		}
	}
	if r.key == "" {
		return "", ErrTooLate
	}
	for i := range items {
		if items[i].View != "" {
			continue
		}
		if r.ended() {
			return "", fmt.Errorf("%w: the request has ended; address the message with At",
				ErrNoView)
		}
		if items[i].View, err = r.defaultView(); items[i].View == "" {
			return "", err
		}
	}
	return r.key, nil
}

// savedKey returns the session's key, or "" if the browser will not have it.
func (r *request) savedKey() (string, error) {
	if r.unsaved != nil {
		return "", nil
	}
	key, err := r.keyBy(r.c)
	if r.isMade(key) {
		key = ""
	}
	return key, err
}

// defaultView returns the view of messages without one of their own: where the answer sends the
// user, or what destination takes instead.
func (r *request) defaultView() (string, error) {
	var name string
	c := r.c
	r.outside(func() { name = r.in.namedView(c) })
	view, err := r.destination(name)
	// A page for htmx may be put beside what is on screen all the same.
	if view == "" && r.views.Reader() == browser.ForHTMXPage {
		r.readBy(browser.ForHTMX)
		view, err = r.destination(name)
	}
	if view == "" && r.part.pulls {
		view, err = Anywhere, nil
	}
	if len(view) > r.m.cfg.MaxBytes {
		return "", fmt.Errorf("%w: the view has %d bytes; Config.MaxBytes is %d", ErrTooLarge,
			len(view), r.m.cfg.MaxBytes)
	}
	return view, err
}

// destination is views.Destination with an error for what that says.
func (r *request) destination(name string) (view string, err error) {
	view, why := r.views.Destination(name, r.c.FullPath(), r.writer.Status(), r.writer.Header())
	if why != "" {
		err = fmt.Errorf("%w: %s", ErrNoView, why)
	}
	return view, err
}

// bind makes sure that there is a session to bind messages to. A new secret is saved later, once,
// when the headers leave, unless that is too late for a middleware that keeps headers of its own.
func (r *request) bind(c *gin.Context) error {
	key, err := r.keyBy(c)
	if err != nil {
		return err
	}
	if key != "" {
		r.called(toAdd)
		return nil
	}
	if r.m.cfg.SessionKey != nil && !r.cookie.canMake() {
		return errNoKey
	}
	if err := r.mayMakeKey(); err != nil {
		return err
	}
	if r.m.cfg.SessionKey != nil {
		r.called(toAdd)
		return nil // the cookie is made when the headers leave, if a message waits then
	}
	var session sessions.Session
	r.outside(func() { session, err = r.m.putSecret(r, c) })
	if err != nil {
		return err
	}
	r.unsaved = session
	r.called(toAdd)
	// The middleware (timeout) copies them before ours leave: the cookie must be among them now.
	if r.headersApart(c) {
		if err := r.mayBegin(func() string { return r.cookieOf(session) }); err != nil {
			return err
		}
		return r.saveMade(c, session)
	}
	return nil
}

// leavesPage reports whether the browser is about to leave its page because of this request, as far
// as is known before the answer. Messages that a handler stores for its own session are then for
// the page that comes. If the page that is left listens at the same view, it would show them for a
// moment and be gone. leavesPage returns false for another session.
func (r *request) leavesPage(session string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended() || !browser.OpensPage(r.http.Header) {
		return false
	}
	own := cmp.Or(r.made.key, r.key)
	if own == "" && !isBeside() {
		own, _ = r.keyBy(r.c)
	}
	return own == session && !r.ended()
}
