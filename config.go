package flashgin

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/markup"
	"github.com/flashgin/flashgin/internal/viewpath"
)

// Config configures a [Messenger]. The zero value is ready for an application that is one process
// and uses gin-contrib/sessions. [New] copies it; durations and sizes that are zero mean their
// default, negative ones are an error. A function that panics, or calls flashgin for the request
// that it was asked about, counts as one that failed: OnError is told.
type Config struct {
	// Store keeps the waiting messages. Nil means a new [MemoryStore], for one process.
	Store Store
	// SessionKey returns the key under which a request's messages are kept; "" means that the
	// request has none. It is asked on reads too, and again when a message comes for a page that is
	// open: if the key is another one by then, or there is an error, the page gets nothing. It must
	// be safe for concurrent use by multiple goroutines, and must not call flashgin for its
	// request. Whoever knows a key can read and write its messages, so a guessable one must not
	// come from the client. Nil means the hash of a random secret that is kept among the values of
	// the gin-contrib session; [CookieKey] keeps it in a cookie of its own.
	SessionKey func(*gin.Context) (string, error)
	// SessionName says which session holds the secret where sessions.SessionsMany is in use.
	// Elsewhere it is not needed.
	SessionName string
	// View names a place of the application's own, such as "dashboard": a message without a View
	// waits there unless the answer is a redirect, and the request reads it besides route, path and
	// [Anywhere]. It must be safe for concurrent use by multiple goroutines, and must not call
	// flashgin for its request. Nil, or the result "", means the route.
	View func(*gin.Context) string
	// Prefix is what browsers see before the engine's paths, such as "/app", behind a proxy that
	// strips it. Empty means that they see the engine's.
	Prefix string
	// MountPath is the path under which [Messenger.Mount] serves. Empty means "/_flash".
	MountPath string
	// Labels returns the words of the ready-made markup in the language of the page. It must be
	// safe for concurrent use by multiple goroutines. Nil means English.
	Labels func(*gin.Context) Labels
	// Look says whose classes the ready-made markup has: our own style sheet's by default.
	Look Look
	// HTMX makes answers to htmx, 2 and 4, take messages along: those of the request, and those
	// that wait for the page on screen, which htmx names in HX-Current-URL. They follow markup,
	// out-of-band, and are an event in the header HX-Trigger of other answers, 4 KB at the most;
	// see docs/answers.md. It needs [Messenger.Mount], or a template of your own for the messages
	// and a script that shows the event. False means that htmx gets what handlers and templates
	// show, and nothing else.
	HTMX bool
	// Turbo makes streams for Turbo 8 take messages along: those of the request, and those that
	// wait for the page on screen, which the Referer names. It also keeps Turbo's frames, which
	// throw away what is around them, from taking any. It needs what HTMX needs. False means that
	// Turbo gets what handlers and templates show, in frames, too.
	Turbo bool
	// Timeout is how long a page waits for the store. Zero means 100 ms. A page that waited in vain
	// is shown without messages, and they wait for the next one.
	Timeout time.Duration
	// AddTimeout is how long a request waits for its own messages to be stored. Zero means 1 s.
	// Then its answer leaves, OnError is told, and the store is still tried in the background until
	// eight seconds after the first attempt, but for messages with a Key or a TTL below that.
	AddTimeout time.Duration
	// Lease is how long messages that were taken for a page stay out of sight when that page never
	// reports back, because its process died. Zero means 10 s.
	Lease time.Duration
	// MaxBytes bounds one encoded message. Zero means 8192.
	MaxBytes int
	// OnError is told of every failure that no caller is there to receive. It must be safe for
	// concurrent use by multiple goroutines; if it panics, that is logged. Nil means that such
	// failures are only logged.
	OnError func(context.Context, error)
	// Logger logs those failures, repeated ones once a second at most. Nil means slog.Default().
	Logger *slog.Logger
	// Observer is told what becomes of the messages and how the store answers, for metrics. Nil
	// means nobody, and then nothing is measured.
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
	cfg.Prefix = viewpath.Prefix(cfg.Prefix)
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
	if !markup.Look(cfg.Look).Valid() {
		return fmt.Errorf("flashgin: Config.Look is %d: want LookPlain, LookBootstrap or LookTailwind", cfg.Look)
	}
	if store, ok := cfg.Store.(interface{ validate() error }); ok {
		return store.validate()
	}
	return nil
}
