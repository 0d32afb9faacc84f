package flashgin

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/held"
	"github.com/flashgin/flashgin/internal/known"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/secret"
	"github.com/flashgin/flashgin/internal/seeding"
	"github.com/flashgin/flashgin/internal/shown"
)

// findName asks Config.View for the name of the page, once for each page to which HandleContext has
// gone on. Call it before views.List.
func (r *request) findName() {
	if r.views.IsNamed() || r.m.cfg.View == nil || r.ended() {
		return
	}
	c, name := r.c, ""
	r.outside(func() { name = r.in.namedView(c) })
	r.views.Name(name)
}

// namedView returns the view that Config.View returns for a request, or "".
func (in *installation) namedView(c *gin.Context) string {
	m := in.messenger
	if m.cfg.View == nil {
		return ""
	}
	return in.site.Router.ReadAt(in.site.Clean(m.cfg.View(c)))
}

// unasked returns the views for which the store was not asked yet.
func (r *request) unasked() []string {
	views := r.views.List()
	if len(r.asked) == 0 {
		return views
	}
	return slices.DeleteFunc(slices.Clone(views), r.wasAsked)
}

// allAsked reports whether the store was asked for all views of the page.
func (r *request) allAsked() bool {
	if len(r.asked) == 0 || !r.views.AreListed() {
		return false
	}
	return !slices.ContainsFunc(r.views.List(), func(view string) bool { return !r.wasAsked(view) })
}

func (r *request) wasAsked(view string) bool { return slices.Contains(r.asked, view) }

// show claims and returns the messages for this page, and notes how they are shown. w is the
// answer's outermost writer, or nil. pullable is as in views.MayPrint.
func (r *request) show(
	w http.ResponseWriter, how shown.State, pullable bool, statuses []Status,
) Messages {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended() {
		return nil
	}
	// A goroutine that asks again must not read what its handler may change meanwhile: headers,
	// status, writer.
	again := w == nil && r.allAsked() && (r.allowed || r.list.IsEmpty())
	if w == nil && r.refused && isBeside() {
		return nil
	}
	r.refused = !again && !r.mayAnswer(w, how, pullable)
	r.called(toShow)
	if r.refused || r.list.IsEmpty() {
		return nil
	}
	way := shown.Way{State: how, Written: r.written.Load()}
	if how == shown.Placed && !(again && isBeside()) {
		way.Code = statusOf(r.c.Writer)
	}
	return r.take(way, func(m *Message) bool { return m.hasStatus(statuses) })
}

// take returns messages that the answer shows in this way.
func (r *request) take(way shown.Way, chosen func(*Message) bool) Messages {
	if way.State != shown.Printing {
		r.looks.Store(true)
	}
	list := messagesOf(r.list.Show(r.views.List(), way, chosen, probeOf))
	r.private = r.private || len(list) > 0
	return list
}

func probeOf(m *Message) string {
	return shown.ProbeOf(cmp.Or(m.Text, m.Title, string(m.HTML)))
}

// mayAnswer claims what waits, and reports whether the answer may show it. w is its outermost
// writer, or nil.
func (r *request) mayAnswer(w http.ResponseWriter, how shown.State, pullable bool) bool {
	if w == nil {
		w = r.c.Writer
	}
	status := statusOf(w)
	if !r.views.MayShow(r.c.Writer.Header()) || browser.LeadsAway(status, w.Header()) {
		return false
	}
	if how != shown.Taken && !r.views.MayPrint(status, pullable && r.m.mountedAt() != "") {
		return false
	}
	if r.leftOpen() {
		r.warnOfEarlyHeaders()
		return false
	}
	r.claim()
	if r.ended() || r.leftOpen() { // the headers may have left meanwhile
		return false
	}
	r.allowed = !r.list.IsEmpty() && !r.storedByPageCache(w)
	return r.allowed || r.list.IsEmpty()
}

func statusOf(w http.ResponseWriter) int {
	if w, ok := w.(interface{ Status() int }); ok {
		return w.Status()
	}
	return http.StatusOK
}

// askStore calls the store with the request locked, and makes the calls that were held afterwards.
func (r *request) askStore(call func(context.Context)) {
	locked, ctx := &r.locked, r.context()
	if locked.Context != nil { // the store may still use the one of an earlier call
		locked = new(held.Context)
	}
	locked.Context = ctx
	locked.Start()
	defer func() {
		if calls := locked.Release(); len(calls) > 0 {
			r.outside(func() {
				for _, call := range calls {
					call()
				}
			})
		}
	}()
	call(locked)
}

// claim claims the messages at the views of the page, each view once: if that fails, the page goes
// without messages.
func (r *request) claim() {
	r.findName()
	if r.ended() || len(r.unasked()) == 0 {
		return
	}
	key, ok := r.readKey()
	if r.ended() {
		return
	}
	views := r.unasked() // another goroutine may have claimed meanwhile
	if len(views) == 0 {
		return
	}
	if len(r.asked) == 0 {
		r.asked = slices.Clip(views)
	} else {
		r.asked = append(r.asked, views...)
	}
	if ok {
		look := r.lookUp(key, views)
		if !look.Nothing && r.claimFrom(r.m.store, key, views) {
			r.m.known.Learn(look)
		}
	}
	if seed := r.seed(); seed != nil {
		r.claimFrom(seed, seeding.Session, views)
	}
}

// lookUp says what is known of the session at the views, without asking the store.
func (r *request) lookUp(session string, views []string) known.Look {
	if r.m.known == nil {
		return known.Look{}
	}
	look := r.m.known.Look(r.m.wakeName(session), secret.Mark(&r.http), views)
	if look.Nothing && r.m.cfg.Observer != nil {
		r.outside(func() { r.m.cfg.observe(r.client, Event{Kind: EventSkipped}) })
	}
	return look
}

// claimFrom reports whether the store has nothing at the views, not even claimed by another page.
func (r *request) claimFrom(
	store *delivery.Delivery[Message], session string, views []string,
) (nothing bool) {
	since := time.Now()
	var claim queue.Claim[Message]
	var err error
	r.askStore(func(ctx context.Context) {
		claim, err = store.Claim(ctx, session, views, r.m.cfg.Timeout)
	})
	if err != nil {
		r.failRead("claim", err)
		return false
	}
	r.list.AddClaimed(shown.Claimed[Message]{Claim: claim, From: store, Since: since})
	return claim.Nothing
}

// readKey returns the session key, and whether there is one. It never makes a key.
func (r *request) readKey() (string, bool) {
	key, err := r.keyBy(r.c)
	if err != nil {
		r.fail("find the session", err)
	}
	if r.noteKey(key); r.key != "" {
		r.called(toAdd)
	}
	r.keyed = key != ""
	r.noteSession()
	r.called(toPeek)
	return key, r.keyed
}

// failRead reports a read that failed, unless the client is gone or the breaker is open. The page
// does not ask again: it has waited for the store once.
func (r *request) failRead(doing string, err error) {
	r.asked, r.looked = r.views.List(), true
	if r.client.Err() != nil || errors.Is(err, guard.ErrDown) {
		return
	}
	r.fail(doing, err)
}

// look returns the messages that show would return, and takes none. It includes those that this
// request has claimed.
func (r *request) look(statuses []Status) Messages {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended() && r.leftOpen() {
		r.warnOfEarlyHeaders()
		return nil
	}
	r.peek()
	if r.ended() || r.leftOpen() {
		return nil
	}
	var peeked []queue.Item[Message]
	if len(r.unasked()) > 0 {
		peeked = r.peeked
	}
	list := messagesOf(r.list.Peek(r.views.List(), peeked))
	if len(list) > 0 && !r.allowed {
		if r.allowed = !r.storedByPageCache(r.c.Writer); !r.allowed {
			return nil
		}
	}
	r.private = r.private || len(list) > 0
	return list.ByStatus(statuses...)
}

// peek asks the store once what waits at the views.
func (r *request) peek() {
	r.findName()
	if r.ended() || r.looked || len(r.unasked()) == 0 {
		return
	}
	key, ok := r.readKey()
	if r.ended() || r.looked {
		return
	}
	views := r.unasked()
	if len(views) == 0 {
		return
	}
	r.looked = true
	var err error
	if ok && !r.lookUp(key, views).Nothing {
		r.askStore(func(ctx context.Context) {
			var items []queue.Item[Message]
			items, err = r.m.store.Peek(ctx, key, views, r.m.cfg.Timeout)
			r.peeked = items
		})
	}
	if seed := r.seed(); seed != nil {
		seeded, _ := seed.Peek(r.context(), seeding.Session, views, r.m.cfg.Timeout)
		r.peeked = append(r.peeked, seeded...)
	}
	if err != nil {
		r.failRead("peek", err)
	}
}

// seed returns the store of the messages that a test has given to this request alone
// (flashtest.Seed), or nil. They are claimed and settled like those that wait for the session.
func (r *request) seed() *delivery.Delivery[Message] {
	store, ok := seeding.Store(r.client).(Store)
	if !ok {
		return nil
	}
	return delivery.New(deliveryConfig(&r.m.cfg, queueOf(store), &r.m.errs))
}
