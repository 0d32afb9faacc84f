package flashgin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/live"
	"github.com/flashgin/flashgin/internal/markup"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/secret"
)

// A Messenger takes messages from handlers and jobs, and hands them to the pages that they are meant for. Make one with [New], install it
// with [Messenger.Install], and give it to the jobs that send messages.
//
// A Messenger is safe for concurrent use by multiple goroutines.
type Messenger struct {
	cfg   Config
	queue queue.Store[Message] // behind Config.Store
	store *delivery.Delivery[Message]
	live  *live.Hub
	errs  report.Reporter

	mounted   atomic.Pointer[string] // where Mount serves, in the engine
	unmounted sync.Once              // it was said that Mount is missing
	printed   atomic.Bool            // pages have the ready-made markup
	printer   markup.Printer

	pageCache    sync.Once // it was said that a page cache keeps pages with messages
	earlyHeaders sync.Once // it was said that headers left before messages were asked for
	sessions     secret.InUse

	secureCookie sync.Once // it was said that browsers do not bring the session's cookie back
	named        sync.Once // it was said that no page reads a name
	strayed      sync.Once // it was said that a *gin.Context is used outside of its handler
	planted      sync.Once // it was said that a cookie was planted
}

// New returns a Messenger. Its errors name the field of cfg that cannot be used.
func New(cfg Config) (*Messenger, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	m := &Messenger{errs: report.Reporter{OnError: cfg.OnError, Logger: cfg.Logger}}
	m.wrapFunctions(&cfg)
	m.cfg = cfg
	m.printer.Look = markup.Look(cfg.Look)
	if store, ok := cfg.Store.(interface {
		OnError(func(context.Context, error))
	}); ok {
		store.OnError(func(ctx context.Context, err error) {
			whenUnlocked(ctx, func() { m.errs.Report(ctx, "store", err) })
		})
	}
	if store, ok := cfg.Store.(interface {
		OnEvent(func(context.Context, Event))
	}); ok && cfg.Observer != nil {
		store.OnEvent(m.cfg.observe)
	}
	m.queue = queueOf(cfg.Store)
	m.store = newDelivery(&m.cfg, m.queue, &m.errs)
	m.live = m.newHub()
	return m, nil
}

// Add stores messages for session at once: the call for jobs, and for handlers that must know. Each message needs a View. The session is
// what [Messenger.SessionKey] returned, or Config.SessionKey returns. Empty messages are dropped.
//
// The errors are [ErrNoSession], [ErrNoView], [ErrTooLarge], that of a negative TTL, that of ctx, and those of the store. Nothing
// is stored after the first four. An error of the store means that the messages may have been stored or not: to be sure, call again with
// messages that have an ID of yours. It waits for the store two seconds at the most.
func (m *Messenger) Add(ctx context.Context, session string, msgs ...Message) error {
	if session == "" {
		return fmt.Errorf("%w: Add was given an empty session key; Messenger.SessionKey makes one", ErrNoSession)
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
	return m.store.AddForJob(ctx, session, queueItems(prepared))
}

// Take returns the messages that wait for session at the views, in order of creation, and removes them: they count as shown. It waits
// for the store two seconds at the most. Pages take theirs by the template function or by [Flashes] instead, which release what could not be shown.
//
// The errors are [ErrNoSession], [ErrNoView] if there is no view, that of ctx, and those of the store; nothing is taken then.
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

// Peek returns the messages that wait for session at the views, in order of creation, and leaves them there. Messages that are on their way to
// a page are not among them. Its errors are those of [Messenger.Take].
func (m *Messenger) Peek(ctx context.Context, session string, views ...string) (Messages, error) {
	views, err := m.readable(session, views)
	if err != nil {
		return nil, err
	}
	items, err := m.store.Peek(ctx, session, views, delivery.ForJob)
	return messagesOf(items), err
}

// Withdraw removes the messages with this Key that wait for session at view, such as a progress report that is out of date. One that is on
// its way to a page may still be shown there, but waits no more. An empty key withdraws nothing. Its errors are those of [Messenger.Take].
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
		return nil, fmt.Errorf("%w: the session key is empty; Messenger.SessionKey makes one", ErrNoSession)
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

// Close ends the streams to open pages, which takes less than a second, and waits until what runs in the background has ended: confirmations of pages
// that were sent, the subscription to the store, and the probe of a store that failed. It returns the error of ctx if that ends first. Call it before the
// store's client is closed; before or after http.Server.Shutdown, which ends the streams of its server by itself.
//
// A closed Messenger still works. It puts nothing off, and pages wait no longer for a store than
// before: a call that hangs runs on without its page, and a second Close waits for it. Closing
// twice is not an error.
func (m *Messenger) Close(ctx context.Context) error {
	return errors.Join(m.live.Close(ctx), m.store.Close(ctx))
}

// prepare checks messages and makes them complete, but for the view of those that have none. Empty ones are left out. When it returns an
// error, none is to be added.
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
		// A message that was taken and is added again is a new one, though it brings the ID that was made for it.
		if msg.ID == "" || queue.Generated(msg.ID) {
			msg.ID = queue.NewID()
		}
		if encodedAtMost(msg) > m.cfg.MaxBytes { // which only few messages might exceed
			encoded, err := encodeMessage(msg)
			if err != nil {
				return nil, err
			}
			if len(encoded) > m.cfg.MaxBytes {
				return nil, fmt.Errorf("%w: %d bytes encoded; Config.MaxBytes is %d", ErrTooLarge, len(encoded), m.cfg.MaxBytes)
			}
		}
		prepared = append(prepared, msg)
	}
	return prepared, nil
}

// warnOfName says of a handler's message that no page reads its view: a path easily loses its slash.
func (m *Messenger) warnOfName(view string) {
	if m.cfg.View != nil || view == "" || view == Anywhere || strings.HasPrefix(view, "/") {
		return
	}
	m.errs.WarnOnce(&m.named, "a handler has addressed a message to a name, and pages read names only "+
		"if Config.View returns them: begin a path with a slash; if Take or a script reads what waits "+
		"by that name, all is well")
}
