package flashgin

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/markup"
	"github.com/flashgin/flashgin/internal/viewpath"
)

// Config configures a [Messenger]. The zero value is ready for an application that is one process
// and uses gin-contrib/sessions. [New] copies it; zero durations and sizes mean the default,
// negative ones are an error. If a function panics, or calls flashgin for the request that it was
// asked about, that counts as a failure, and OnError is told.
type Config struct {
	// Store keeps the waiting messages. Nil means a new [MemoryStore], for one process.
	Store Store
	// SessionKey returns the key under which a request's messages are kept; "" means that the
	// request has none. flashgin also calls it to read messages, and again when a message comes for
	// an open page: if it then returns another key or an error, the page gets nothing. It must be
	// safe for concurrent use by multiple goroutines, and must not call flashgin for its request.
	// Whoever knows a session key can read and write its messages, so never take a guessable one
	// from the client. Nil means the hash of a random secret that is kept among the values of the
	// gin-contrib session; [CookieKey] keeps it in a cookie of its own.
	SessionKey func(*gin.Context) (string, error)
	// SessionName says which session holds the secret if sessions.SessionsMany is in use. Otherwise
	// it is not needed.
	SessionName string
	// View returns a view that the application names, such as "dashboard": a message without a View
	// waits there unless the answer is a redirect, and the page reads it besides route, path and
	// [Anywhere]. It must be safe for concurrent use by multiple goroutines, and must not call
	// flashgin for its request. Nil, or the result "", means that there is none.
	View func(*gin.Context) string
	// Prefix is what browsers see before the engine's paths, such as "/app", if a proxy strips it.
	// Empty means that browsers see the engine's paths.
	Prefix string
	// MountPath is the path under which [Messenger.Mount] serves. Empty means "/_flash".
	MountPath string
	// Labels returns the words of the ready-made markup in the language of the page. It must be
	// safe for concurrent use by multiple goroutines. Nil means English.
	Labels func(*gin.Context) Labels
	// Translate returns a message in the language of the request's user, who is about to be shown
	// it: on a page, in JSON, by an answer to htmx or Turbo, on an open page. So a job need not
	// know the language: give its messages a Text that all can read, and keys and arguments in
	// Data. Peeking pages get translated messages, too, those of [Messenger.Take] and
	// [Messenger.Peek] are as they were added. Each time a message is asked for, Translate is
	// called. Changes of View, ID, Key and Created count for nothing; do not change what Data and
	// Link refer to. If it panics, the message is shown as it was added. It must be safe for
	// concurrent use by multiple goroutines, and must not call flashgin for its request. Nil means
	// that messages are shown as they were added.
	Translate func(*gin.Context, Message) Message
	// Look says which CSS classes the ready-made markup has. Zero means LookPlain, for our own
	// style sheet.
	Look Look
	// HideStatus hides the word for the status, such as "Success", from the eye in the ready-made
	// markup. Screen readers still say it, and the icon shows it. False means that the word is to
	// be seen.
	HideStatus bool
	// AgeAfter makes the ready-made markup say how long ago a message was made, such as "3 hours
	// ago", if that is as long as AgeAfter, and at least two minutes. Messages that arrive on an
	// open page do not say it. Zero means that no message says it.
	AgeAfter time.Duration
	// HTMX makes answers to htmx, 2 and 4, bring messages along: those of the request, and those
	// that wait for the page on screen, which htmx names in HX-Current-URL. If the answer is
	// markup, they follow it as an out-of-band swap. In other answers they are an event in the
	// header HX-Trigger, if all headers fit into 3.5 KB; see docs/answers.md. It needs
	// [Messenger.Mount], or a template of your own for the messages and a script that shows the
	// event. False means that htmx gets what handlers and templates show, and nothing else.
	HTMX bool
	// Turbo makes streams for Turbo 8 bring messages along: those of the request, and those that
	// wait for the page on screen, which the Referer names. It needs what HTMX needs. False means
	// that streams have no messages but those that handlers and templates show. Answers to Turbo's
	// frames never show messages, because a frame throws away what is around it.
	Turbo bool
	// Timeout is how long a page waits for the store. Zero means 100 ms; more than two seconds
	// count as two. If the store does not answer in time, the page is shown without messages, and
	// they wait for the next page.
	Timeout time.Duration
	// AddTimeout is how long a request waits for its own messages to be stored. Zero means 1 s;
	// more than two seconds count as two. Then its answer leaves, and OnError is told. In the
	// background, flashgin tries again until eight seconds after the first attempt, except for
	// messages with a Key or a shorter TTL.
	AddTimeout time.Duration
	// Lease is how long the messages that a page has claimed stay hidden from other pages if the
	// process dies before it confirms or releases them. Zero means 10 s.
	Lease time.Duration
	// KnownFor lets a page do without asking the store if this process has asked it for the same
	// session and the same page within that time, and nothing was there: a minute, say. The browser
	// gets a small cookie, flash-mark, with each answer that stores a message or whose handler has
	// asked for the session key: its next page then asks, in whichever process. What a job or
	// another browser adds is on the pages of other processes when the store has told them, which
	// takes milliseconds. If it cannot tell, pages ask again within two seconds; KnownFor bounds
	// how late a message may be in any case. Zero means that each page asks. Set KnownFor in all
	// processes, or in none. It counts for a [RedisStore] alone, not for a type that embeds one,
	// and not with a client for a ring of servers. The process then listens to Redis from [New]
	// until [Messenger.Close]. See docs/redis.md.
	KnownFor time.Duration
	// KnownSessions bounds how many sessions KnownFor remembers. A session takes less than 200
	// bytes. Zero means 100,000, if KnownFor is set.
	KnownSessions int
	// MaxBytes is how many bytes one encoded message may have. Zero means 8192.
	MaxBytes int
	// OnError is told of every failure that no caller receives, and of the errors that [AddFlash]
	// and [RedirectFlash] return, except ErrNotInstalled and those of calls that may not use their
	// request, because it has ended or they are made in another goroutine. Pages that do not ask
	// the store, because its breaker is open, are no failures: an [EventBreakerOpened] says so
	// once. It must be safe for concurrent use by multiple goroutines; if it panics, that is
	// logged. Nil means that failures are only logged.
	OnError func(context.Context, error)
	// Logger logs the same failures, repeated ones once a second at most. Nil means slog.Default().
	// If Logger is set and wants lines at the level Debug, each message that is added to the store,
	// claimed, shown, released, dropped, expired or withdrawn has one, with its ID, view and status
	// and the [SessionHash] of its session, but neither its text nor the session key. The line of a
	// message that was shown has the path of the page.
	Logger *slog.Logger
	// Observer is told what becomes of the messages and how the store answers, for metrics. It must
	// be safe for concurrent use by multiple goroutines. Nil means nobody, and then nothing is
	// measured.
	Observer Observer
}

const (
	defaultMountPath  = "/_flash"
	defaultTimeout    = 100 * time.Millisecond
	defaultAddTimeout = time.Second
	defaultLease      = 10 * time.Second
	defaultMaxBytes   = 8 << 10

	defaultKnownSessions = 100_000
)

func (cfg Config) withDefaults() Config {
	if cfg.Store == nil {
		cfg.Store = new(MemoryStore)
	}
	cfg.Prefix = viewpath.Prefix(cfg.Prefix)
	cfg.MountPath = cmp.Or(cfg.MountPath, defaultMountPath)
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	cfg.AddTimeout = cmp.Or(cfg.AddTimeout, defaultAddTimeout)
	cfg.Lease = cmp.Or(cfg.Lease, defaultLease)
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, defaultMaxBytes)
	cfg.KnownSessions = cmp.Or(cfg.KnownSessions, defaultKnownSessions)
	return cfg
}

func (cfg Config) validate() error {
	err := refuseNegative("Config",
		number{"Timeout", cfg.Timeout < 0, cfg.Timeout, defaultTimeout},
		number{"AddTimeout", cfg.AddTimeout < 0, cfg.AddTimeout, defaultAddTimeout},
		number{"Lease", cfg.Lease < 0, cfg.Lease, defaultLease},
		number{"KnownFor", cfg.KnownFor < 0, cfg.KnownFor, "each page asks the store"},
		number{"KnownSessions", cfg.KnownSessions < 0, cfg.KnownSessions, defaultKnownSessions},
		number{"AgeAfter", cfg.AgeAfter < 0, cfg.AgeAfter, "no message says its age"},
		number{"MaxBytes", cfg.MaxBytes < 0, cfg.MaxBytes, defaultMaxBytes})
	if err != nil {
		return err
	}
	if cfg.Prefix != "" && !strings.HasPrefix(cfg.Prefix, "/") {
		return fmt.Errorf("flashgin: Config.Prefix is %q: "+
			"want it to begin with a slash, or to be empty", cfg.Prefix)
	}
	if cfg.MountPath != "" && !strings.HasPrefix(cfg.MountPath, "/") {
		return fmt.Errorf("flashgin: Config.MountPath is %q: "+
			"want it to begin with a slash, or to be empty (%s)", cfg.MountPath, defaultMountPath)
	}
	if strings.ContainsAny(cfg.MountPath, ":*") {
		return fmt.Errorf("flashgin: Config.MountPath is %q: want a path without parameters",
			cfg.MountPath)
	}
	if !markup.Look(cfg.Look).Valid() {
		return fmt.Errorf("flashgin: Config.Look is %d: want LookPlain, LookBootstrap or LookTailwind",
			cfg.Look)
	}
	if v := reflect.ValueOf(cfg.Store); v.Kind() == reflect.Pointer && v.IsNil() {
		return fmt.Errorf("flashgin: Config.Store is a nil %T: want a store, such as "+
			"new(MemoryStore) or what NewRedisStore returns", cfg.Store)
	}
	if store, ok := cfg.Store.(interface{ validate() error }); ok {
		return store.validate()
	}
	return nil
}
