package flashgin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
	"weak"

	"github.com/flashgin/flashgin/internal/answer"
	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/held"
	"github.com/flashgin/flashgin/internal/known"
	"github.com/flashgin/flashgin/internal/live"
	"github.com/flashgin/flashgin/internal/markup"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/routes"
	"github.com/flashgin/flashgin/internal/seeding"
	"github.com/flashgin/flashgin/internal/sessionkey"
	"github.com/flashgin/flashgin/internal/shown"
	"github.com/flashgin/flashgin/internal/trail"
	"github.com/flashgin/flashgin/internal/viewpath"
	"github.com/flashgin/flashgin/internal/views"
)

// A Messenger gets messages from handlers and jobs, and gives them to the pages that they are meant
// for. Make one with [New], install it with [Messenger.Install], and give it to the jobs that send
// messages.
//
// A Messenger is safe for concurrent use by multiple goroutines.
type Messenger struct {
	cfg   Config
	queue queue.Store[Message] // behind Config.Store
	store *delivery.Delivery[Message]
	live  *live.Hub
	known *known.Sessions // nil if pages always ask the store
	errs  *report.Reporter
	trail trail.Trail
	lines *queue.Logged[Message] // nil if nobody follows messages

	keeper  *sessionkey.Keeper
	answers answer.Config[Message]
	routes  routes.Routes[Message]

	unmounted sync.Once   // for the warning that Mount is missing
	printed   atomic.Bool // pages have the ready-made markup
	printer   markup.Printer

	strays  views.Strays
	strayed sync.Once // for the warning that a *gin.Context is used outside of the handlers
}

// New returns a Messenger. An error names the field of cfg that is wrong.
func New(cfg Config) (*Messenger, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	m := &Messenger{errs: report.New(cfg.OnError, cfg.Logger)}
	m.wrapFunctions(&cfg)
	m.cfg = cfg
	m.printer.Look, m.printer.HideStatus = markup.Look(cfg.Look), cfg.HideStatus
	if store, ok := cfg.Store.(interface {
		OnError(func(context.Context, error))
	}); ok {
		store.OnError(func(ctx context.Context, err error) {
			held.WhenUnlocked(ctx, func() { m.errs.Report(ctx, "store", err) })
		})
	}
	if store, ok := cfg.Store.(interface {
		OnEvent(func(context.Context, Event))
	}); ok && cfg.Observer != nil {
		store.OnEvent(m.observe)
	}
	m.queue = queueOf(cfg.Store)
	m.trail.Errors = m.errs
	m.lines = trail.Lines(&m.trail, func(msg Message) string { return string(msg.Status) })
	m.lines.Listen(m.queue)
	m.known = newKnown(&m.cfg, m.queue)
	d := m.deliveryOn(m.queue)
	if m.known != nil {
		d.Forget = m.known.Forget
	}
	m.store = delivery.New(d)
	m.strays.Errors, m.strays.Owner = m.errs, weak.Make(m)
	m.keeper = &sessionkey.Keeper{
		Own: m.cfg.SessionKey, SessionName: m.cfg.SessionName, Prefix: m.cfg.Prefix,
		Marks: m.known != nil, Errors: m.errs,
		ErrNotInstalled: ErrNotInstalled, ErrNoSession: ErrNoSession, ErrTooLate: ErrTooLate,
	}
	m.configureAnswers()
	m.live = m.newHub()
	m.routes.Answers, m.routes.Hub = &m.answers, m.live
	m.routes.Path, m.routes.Prefix = m.cfg.MountPath, m.cfg.Prefix
	m.routes.Trail, m.routes.Describe = &m.trail, describe
	m.routes.Messages, m.routes.Item = messagesForScripts, namedItem
	return m, nil
}

// configureAnswers says what the answers to requests need of m.
func (m *Messenger) configureAnswers() {
	a := &m.answers
	a.Messenger, a.Keeper, a.Store, a.Errors = m, m.keeper, m.store, m.errs
	a.Turbo, a.Timeout, a.Lease = m.cfg.Turbo, m.cfg.Timeout, m.cfg.Lease
	a.ErrTooLarge = ErrTooLarge
	a.IsMounted, a.URL = m.routes.AreMounted, m.routes.URL
	a.Probe, a.HasText, a.ForScripts = probeOf, (*Message).hasText, messagesForHeader
	a.Distinct, a.Additions = m.distinct, m.additions
	if m.cfg.Translate != nil {
		a.Translate = m.translate
	}
	a.Seed = func(ctx context.Context) *delivery.Delivery[Message] {
		store, ok := seeding.Store(ctx).(Store)
		if !ok {
			return nil
		}
		return delivery.New(m.deliveryOn(queueOf(store)))
	}
	a.Known, a.Lines = m.known, m.lines
	a.Skipped = func(ctx context.Context) { m.observe(ctx, Event{Kind: EventSkipped}) }
	a.Lost = m.observing(EventLost)
	a.Shown = func(ctx context.Context, messages int) {
		m.observe(ctx, Event{Kind: EventShown, Messages: messages, Direct: true})
	}
}

// probeOf returns the part of a message's text by which the body of a page is known to have it.
func probeOf(m *Message) string {
	return shown.ProbeOf(cmp.Or(m.Text, m.Title, string(m.HTML)))
}

// Add stores messages for session at once. It is for jobs, and for handlers that must know whether
// the messages are stored. Each message needs a View. The session is the key that
// [Messenger.SessionKey] or Config.SessionKey returns. Empty messages are left out.
//
// Open pages show the messages at once, with one exception: if ctx belongs to a request by which
// the browser leaves its page, and session is the key of that request, the next page shows them. A
// page that stays all the same looks for them within half a minute. A handler that reports its
// progress to the page that is open gives context.Background().
//
// The errors are [ErrNoSession], [ErrNoView], [ErrTooLarge], an error for a negative TTL, the error
// of ctx, and errors of the store. After the first four, nothing is stored. After an error of ctx
// or the store, the messages may have been stored or not: to be sure, call again with messages that
// have an ID of yours. Add waits for the store two seconds at most.
func (m *Messenger) Add(ctx context.Context, session string, msgs ...Message) error {
	if session == "" {
		return fmt.Errorf("%w: Add was given an empty session key; "+
			"Messenger.SessionKey makes one", ErrNoSession)
	}
	prepared, err := m.prepare(msgs)
	if err != nil {
		return err
	}
	for _, msg := range prepared {
		if msg.View == "" {
			return fmt.Errorf("%w: outside a request a message needs a view: address it with At", ErrNoView)
		}
	}
	if len(prepared) == 0 {
		return nil
	}
	quietly := false
	if r := requestOf(ctx); r.IsOf(&m.answers) {
		told := r.TellNews()
		quietly = r.LeavesPage(session) && told
	}
	return m.store.AddForJob(ctx, session, queueItems(prepared), quietly)
}

// Take returns the messages that wait for session at the views, in order of creation, and removes
// them: they count as shown. It waits for the store two seconds at most. Pages use the template
// function or [Flashes] instead, which release the messages that could not be shown.
//
// The errors are [ErrNoSession], [ErrNoView] if there is no view, the error of ctx, and errors of
// the store; then Take returns no messages.
func (m *Messenger) Take(ctx context.Context, session string, views ...string) (Messages, error) {
	views, err := m.readable(session, views)
	if err != nil {
		return nil, err
	}
	since := time.Now()
	claim, err := m.store.Claim(ctx, session, views, delivery.ForJob)
	if err == nil {
		m.store.Confirm(claim, since)
	}
	return messagesOf(claim.Items), err
}

// Peek returns the messages that wait for session at the views, in order of creation, and leaves
// them there. Claimed messages, which are on their way to a page, are not among them. Its errors
// are those of [Messenger.Take].
func (m *Messenger) Peek(ctx context.Context, session string, views ...string) (Messages, error) {
	views, err := m.readable(session, views)
	if err != nil {
		return nil, err
	}
	items, err := m.store.Peek(ctx, session, views, delivery.ForJob)
	return messagesOf(items), err
}

// Waiting returns all messages that wait for session, at whichever views, in order of creation, and
// leaves them there. It is for operators who look for a message: as claimed messages, which are on
// their way to a page, are not among them, call it again after Config.Lease. No page should call
// it: a [RedisStore] walks all Redis keys for it, as [RedisStore.ViewsOf] says, and Waiting takes
// as long as ctx allows.
//
// The errors are [ErrNoSession], the error of ctx, errors of the store and, if the store has no
// ViewsOf, an error that wraps [errors.ErrUnsupported].
func (m *Messenger) Waiting(ctx context.Context, session string) (Messages, error) {
	if _, err := m.readable(session, []string{Anywhere}); err != nil {
		return nil, err
	}
	items, err := m.store.Waiting(ctx, session)
	return messagesOf(items), err
}

// Withdraw removes the messages with this Key that wait for session at view, such as a progress
// report that is out of date. A message that is on its way to a page may still be shown there, but
// never waits again. An empty key withdraws nothing. Its errors are those of [Messenger.Take].
func (m *Messenger) Withdraw(ctx context.Context, session, view, key string) error {
	views, err := m.readable(session, []string{view})
	if err != nil {
		return err
	}
	return m.store.Withdraw(ctx, session, views[0], validUTF8(key))
}

// readable checks what Take, Peek and Withdraw are given and cleans the views.
func (m *Messenger) readable(session string, views []string) ([]string, error) {
	if session == "" {
		return nil, fmt.Errorf("%w: the session key is empty; "+
			"Messenger.SessionKey makes one", ErrNoSession)
	}
	if len(views) == 0 {
		return nil, fmt.Errorf("%w: no view was given", ErrNoView)
	}
	cleaned := make([]string, len(views))
	for i, view := range views {
		if cleaned[i] = m.cleanView(view); cleaned[i] == "" {
			return nil, fmt.Errorf("%w: a view is empty", ErrNoView)
		}
	}
	return cleaned, nil
}

// Close ends the streams to open pages, which takes less than a second, and waits until the work in
// the background has ended: confirmations for pages that were sent, the subscription to the store,
// and the probe of a store that failed. It returns the error of ctx if ctx ends first. Call it
// before you close the store's client. Call it before or after http.Server.Shutdown, which ends the
// streams of its server by itself.
//
// A closed Messenger still works, but waits for its background work, and tries no late adds again.
// Pages wait no longer for the store than before: a call that hangs goes on without its page, and a
// second Close waits for it. Closing twice is not an error.
func (m *Messenger) Close(ctx context.Context) error {
	return errors.Join(m.live.Close(ctx), m.store.Close(ctx))
}

// prepare checks messages and sets their missing fields, except View. It leaves out empty ones. If
// it returns an error, the caller adds none.
func (m *Messenger) prepare(msgs []Message) ([]Message, error) {
	prepared := make([]Message, 0, len(msgs))
	for _, msg := range msgs {
		if msg.empty() {
			continue
		}
		if msg.TTL < 0 {
			return nil, fmt.Errorf("flashgin: Message.TTL is %v: want zero (the store's) or more", msg.TTL)
		}
		msg = msg.valid()
		msg.View = m.cleanView(msg.View)
		msg.Status = msg.Status.orInfo()
		msg.Created = time.Now().UTC().Truncate(time.Microsecond)
		// A message that was taken and is added again is a new one, although it has the ID that was
		// made for it.
		if msg.ID == "" || queue.Generated(msg.ID) {
			msg.ID = queue.NewID()
		}
		if encodedAtMost(msg) > m.cfg.MaxBytes { // for few messages
			encoded, err := encodeMessage(msg)
			if err != nil {
				return nil, err
			}
			if len(encoded) > m.cfg.MaxBytes {
				return nil, fmt.Errorf("%w: %d bytes encoded; Config.MaxBytes is %d",
					ErrTooLarge, len(encoded), m.cfg.MaxBytes)
			}
		}
		prepared = append(prepared, msg)
	}
	return prepared, nil
}

// cleanView returns the one spelling of a view that the application or a script gives.
func (m *Messenger) cleanView(view string) string { return viewpath.Clean(view, m.cfg.Prefix) }
