package flashgin

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
)

// Anywhere is the view of a message that is shown on the next page of the session, whichever it is.
const Anywhere = "*"

// Status says what kind of news a message is. Any word of your own will do; it becomes the data-status of the markup.
type Status string

// The statuses that the ready-made markup has words and colours for. The zero Status counts as StatusInfo.
const (
	StatusInfo    Status = "info"
	StatusSuccess Status = "success"
	StatusWarning Status = "warning"
	StatusError   Status = "error"
)

// A Message is a notice that is shown once. Make one with [Info], [Success], [Warning] or [Error], or as a literal where it needs
// more than a text. A message without Text, Title and HTML is empty: adding it does nothing.
//
// Message is a value: a copy shares only Link and Data, which flashgin copies when it takes a message over.
type Message struct {
	// View is where the message is shown: a route ("/problems/:id"), a path as in an href ("/problems/108"), [Anywhere], or a name
	// that Config.View returns. Empty means the page of this answer or, if it shows none, where the answer sends the user; see the package documentation.
	View string `json:"view,omitempty"`
	// Status is StatusInfo if empty.
	Status Status `json:"status,omitempty"`
	// Title is plain text, shown before the Text.
	Title string `json:"title,omitempty"`
	// Text is plain text. Templates escape it.
	Text string `json:"text,omitempty"`
	// HTML is shown by templates as it is, instead of Text. Its type says that you vouch for it.
	HTML template.HTML `json:"html,omitempty"`
	// AutoClose says that the message may leave the page by itself, after six seconds or more. It takes the script that [Messenger.Mount] serves, which
	// lets no warning, no error and no message with a Link go.
	AutoClose bool `json:"autoClose,omitempty"`
	// Link, if set, follows the text.
	Link *Link `json:"link,omitempty"`
	// Data is for your own templates. The ready-made markup does not show it.
	Data map[string]string `json:"data,omitempty"`
	// Key, if set, makes the message replace those with the same Key that wait at the same address: "50 %", then "done".
	Key string `json:"key,omitempty"`
	// ID tells messages apart. One is generated when the message is added ("f-" and 26 characters of A–Z and 2–7),
	// unless you give your own: an address takes a given ID once, also after it was shown, until the TTL ends, so a job that runs
	// again does not repeat itself. A message that was taken and is added again gets a new generated ID.
	ID string `json:"id,omitempty"`
	// TTL is how long the message waits at the most. Zero, and more than the store's TTL, mean the store's; a negative TTL is an error.
	// Its JSON form counts nanoseconds.
	TTL time.Duration `json:"ttl,omitempty"`
	// Created is set when the message is added: UTC, in whole microseconds.
	Created time.Time `json:"created,omitzero"`
}

// A Link is something to follow from a message, such as "View order". It is opened by GET, so it is never an action by itself.
type Link struct {
	Label string `json:"label"` // what it says
	URL   string `json:"url"`   // as in an href
}

// Info returns a message with StatusInfo.
func Info(text string) Message { return Message{Status: StatusInfo, Text: text} }

// Success returns a message with StatusSuccess.
func Success(text string) Message { return Message{Status: StatusSuccess, Text: text} }

// Warning returns a message with StatusWarning.
func Warning(text string) Message { return Message{Status: StatusWarning, Text: text} }

// Error returns a message with StatusError.
func Error(text string) Message { return Message{Status: StatusError, Text: text} }

// At returns a copy of m that is addressed to view; see [Message] for what a view is.
func (m Message) At(view string) Message {
	m.View = view
	return m
}

func (m Message) empty() bool { return m.Text == "" && m.Title == "" && m.HTML == "" }

// clone returns a copy that shares nothing with m.
func (m Message) clone() Message {
	m.Data = maps.Clone(m.Data)
	if m.Link != nil {
		link := *m.Link
		m.Link = &link
	}
	return m
}

// The errors that a caller can act on. Test for them with [errors.Is]: they come wrapped in what is wrong, and what to do about it.
var (
	// ErrNotInstalled means that the request did not pass through [Messenger.Install].
	ErrNotInstalled = errors.New("flashgin: not installed: pass Messenger.Install to gin.New, gin.Default or Engine.With before the routes are registered, and hand on the *gin.Context or a context of its request")
	// ErrNoSession means that there is no session to bind the message to.
	ErrNoSession = errors.New("flashgin: no session")
	// ErrNoView means that no page would show the message.
	ErrNoView = errors.New("flashgin: no page to show the message on")
	// ErrTooLarge means that the encoded message is larger than Config.MaxBytes.
	ErrTooLarge = errors.New("flashgin: message too large")
	// ErrTooLate means that the headers of the answer are sent, so the session can no longer be given a key.
	ErrTooLate = errors.New("flashgin: too late: the headers are sent and this session has no key yet: add the message before the answer, or make the key with Messenger.SessionKey")
)

// Config configures a [Messenger]. The zero value is ready for an application that is one process and uses gin-contrib/sessions.
// [New] copies it; durations and sizes that are zero mean their default, negative ones are an error.
type Config struct {
	// Store keeps the waiting messages. Nil means a new [MemoryStore], for one process.
	Store Store
	// SessionKey returns the key under which a request's messages are kept; "" means that the request has none. It is asked on
	// reads too, must be safe for concurrent use by multiple goroutines, and must not call flashgin for its request. Whoever knows a
	// key can read and write its messages, so a guessable one must not come from the client. Nil means the hash of a random secret
	// that is kept among the values of the gin-contrib session; [CookieKey] keeps it in a cookie of its own.
	SessionKey func(*gin.Context) (string, error)
	// SessionName says which session holds the secret where sessions.SessionsMany is in use. Elsewhere it is not needed.
	SessionName string
	// View names a place of the application's own, such as "dashboard": a message without a View waits there unless the answer is a redirect, and the
	// request reads it besides route, path and [Anywhere]. It must be safe for concurrent use by multiple goroutines, and must not call flashgin for its
	// request. Nil, or the result "", means the route.
	View func(*gin.Context) string
	// Prefix is what browsers see before the engine's paths, such as "/app", behind a proxy that strips it. Empty means that they see the engine's.
	Prefix string
	// MountPath is the path under which [Messenger.Mount] serves. Empty means "/_flash".
	MountPath string
	// Labels returns the words of the ready-made markup in the language of the page. It must be safe for concurrent use by multiple
	// goroutines. Nil means English.
	Labels func(*gin.Context) Labels
	// Look says whose classes the ready-made markup has: our own style sheet's by default.
	Look Look
	// HTMX makes answers to htmx, 2 and 4, take messages along: those of the request, and those that wait for the page on screen, which htmx names in
	// HX-Current-URL. They follow markup, out-of-band, and are an event in the header HX-Trigger of other answers, 4 KB at the most; see docs/answers.md. It needs
	// [Messenger.Mount], or a template of your own for the messages and a script that shows the event. False means that htmx gets what handlers and templates
	// show, and nothing else.
	HTMX bool
	// Turbo makes streams for Turbo 8 take messages along: those of the request, and those that wait for the page on screen, which the Referer names. It also
	// keeps Turbo's frames, which throw away what is around them, from taking any. It needs what HTMX needs. False means that Turbo gets what handlers and
	// templates show, in frames, too.
	Turbo bool
	// Timeout is how long a page waits for the store. Zero means 100 ms. A page that waited in vain is shown without messages,
	// and they wait for the next one.
	Timeout time.Duration
	// AddTimeout is how long a request waits for its own messages to be stored. Zero means 1 s.
	AddTimeout time.Duration
	// Lease is how long messages that were taken for a page stay out of sight when that page never reports back, because its process
	// died. Zero means 10 s.
	Lease time.Duration
	// MaxBytes bounds one encoded message. Zero means 8192.
	MaxBytes int
	// OnError is told of every failure that no caller is there to receive. It must be safe for concurrent use by multiple goroutines.
	// Nil means that such failures are only logged.
	OnError func(context.Context, error)
	// Logger logs those failures, repeated ones once a second at most. Nil means slog.Default().
	Logger *slog.Logger
	// Observer is told what becomes of the messages and how the store answers, for metrics. Nil means nobody, and then nothing is measured.
	Observer Observer
}

const (
	defaultMountPath  = "/_flash"
	defaultTimeout    = 100 * time.Millisecond
	defaultAddTimeout = time.Second
	defaultLease      = 10 * time.Second
	defaultMaxBytes   = 8 << 10
)

func (cfg Config) withDefaults() Config {
	if cfg.Store == nil {
		cfg.Store = new(MemoryStore)
	}
	if cfg.Prefix != "" {
		cfg.Prefix = strings.TrimSuffix(cleanEscaped(cfg.Prefix), "/")
	}
	cfg.MountPath = cmp.Or(cfg.MountPath, defaultMountPath)
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	cfg.AddTimeout = cmp.Or(cfg.AddTimeout, defaultAddTimeout)
	cfg.Lease = cmp.Or(cfg.Lease, defaultLease)
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, defaultMaxBytes)
	return cfg
}

func (cfg Config) validate() error {
	for _, d := range []struct {
		field string
		value time.Duration
		zero  time.Duration
	}{
		{"Timeout", cfg.Timeout, defaultTimeout},
		{"AddTimeout", cfg.AddTimeout, defaultAddTimeout},
		{"Lease", cfg.Lease, defaultLease},
	} {
		if d.value < 0 {
			return fmt.Errorf("flashgin: Config.%s is %v: want zero (%v) or more", d.field, d.value, d.zero)
		}
	}
	if cfg.MaxBytes < 0 {
		return fmt.Errorf("flashgin: Config.MaxBytes is %d: want zero (%d) or more", cfg.MaxBytes, defaultMaxBytes)
	}
	if cfg.Prefix != "" && !strings.HasPrefix(cfg.Prefix, "/") {
		return fmt.Errorf("flashgin: Config.Prefix is %q: want it to begin with a slash, or to be empty", cfg.Prefix)
	}
	if cfg.MountPath != "" && !strings.HasPrefix(cfg.MountPath, "/") {
		return fmt.Errorf("flashgin: Config.MountPath is %q: want it to begin with a slash, or to be empty (%s)", cfg.MountPath, defaultMountPath)
	}
	if strings.ContainsAny(cfg.MountPath, ":*") {
		return fmt.Errorf("flashgin: Config.MountPath is %q: want a path without parameters", cfg.MountPath)
	}
	if cfg.Look < 0 || int(cfg.Look) >= len(looks) {
		return fmt.Errorf("flashgin: Config.Look is %d: want LookPlain, LookBootstrap or LookTailwind", cfg.Look)
	}
	if store, ok := cfg.Store.(interface{ validate() error }); ok {
		return store.validate()
	}
	return nil
}

// A Messenger takes messages from handlers and jobs, and hands them to the pages that they are meant for. Make one with [New], install it
// with [Messenger.Install], and give it to the jobs that send messages.
//
// A Messenger is safe for concurrent use by multiple goroutines.
type Messenger struct {
	cfg   Config
	store *guard
	live  *live
	errs  reporter

	mounted   atomic.Pointer[string]                        // where Mount serves, in the engine
	unmounted sync.Once                                     // it was said that Mount is missing
	printed   atomic.Bool                                   // pages have the ready-made markup
	empties   atomic.Pointer[map[emptyMarkup]template.HTML] // which nobody changes

	secureCookie sync.Once // it was said that browsers do not bring the session's cookie back
	named        sync.Once // it was said that no page reads a name
}

// New returns a Messenger. Its errors name the field of cfg that cannot be used.
func New(cfg Config) (*Messenger, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	m := &Messenger{cfg: cfg, errs: reporter{onError: cfg.OnError, logger: cfg.Logger}}
	if store, ok := cfg.Store.(interface {
		OnError(func(context.Context, error))
	}); ok {
		store.OnError(func(ctx context.Context, err error) { m.errs.report(ctx, "store", err) })
	}
	if store, ok := cfg.Store.(interface {
		OnEvent(func(context.Context, Event))
	}); ok && cfg.Observer != nil {
		store.OnEvent(m.cfg.observe)
	}
	m.store = newGuard(cfg, &m.errs)
	m.live = newLive(m)
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
	return m.store.add(ctx, session, prepared)
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
	claim, err := m.store.take(ctx, session, views)
	return claim.Messages, err
}

// Peek returns the messages that wait for session at the views, in order of creation, and leaves them there. Messages that are on their way to
// a page are not among them. Its errors are those of [Messenger.Take].
func (m *Messenger) Peek(ctx context.Context, session string, views ...string) (Messages, error) {
	views, err := m.readable(session, views)
	if err != nil {
		return nil, err
	}
	return m.store.peek(ctx, session, views)
}

// Withdraw removes the messages with this Key that wait for session at view, such as a progress report that is out of date. One that is on
// its way to a page may still be shown there, but waits no more. An empty key withdraws nothing. Its errors are those of [Messenger.Take].
func (m *Messenger) Withdraw(ctx context.Context, session, view, key string) error {
	views, err := m.readable(session, []string{view})
	if err != nil {
		return err
	}
	return m.store.withdraw(ctx, session, views[0], validUTF8(key))
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
// store's client is closed; before or after http.Server.Shutdown, which ends the streams of its server by itself. A closed
// Messenger still works, but starts nothing in the background. Closing twice is not an error.
func (m *Messenger) Close(ctx context.Context) error {
	return errors.Join(m.live.close(ctx), m.store.close(ctx))
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
		if msg.ID == "" || generatedID(msg.ID) {
			msg.ID = newID()
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
	m.named.Do(func() {
		m.errs.warn("a handler has addressed a message to a name, and pages read names only if Config.View returns them: begin a path with a slash; if Take or a script " +
			"reads what waits by that name, all is well")
	})
}

const generatedIDPrefix = "f-"

func newID() string { return generatedIDPrefix + rand.Text() }
