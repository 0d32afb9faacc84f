// Package report tells the application of failures that no caller receives.
package report

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/flashgin/flashgin/internal/guard"
)

// logEvery is how often a repeated failure is logged.
const logEvery = time.Second

// A Reporter tells OnError of each failure, and logs each kind of failure once a second at most. It
// is safe for concurrent use by multiple goroutines.
type Reporter struct {
	// OnError is a function of the application. Nil means that failures are only logged.
	OnError func(context.Context, error)
	// Logger writes the log. Nil means slog.Default() at the time of the log line.
	Logger *slog.Logger

	unbound sync.Once // for TemplateUnbound

	mu    sync.Mutex
	kinds map[string]*logged // by the doing of Report, or the mistake of Warn
}

type logged struct {
	at         time.Time
	suppressed int // since then
}

// Report tells of an error. doing says what failed; it is one of a few constants. The caller must
// hold no lock that OnError or a log handler might want: both belong to the application.
func (r *Reporter) Report(ctx context.Context, doing string, err error) {
	if r.OnError != nil {
		r.tell(ctx, err)
	}
	r.logError(ctx, doing, err)
}

// tell calls OnError. If that panics, no page fails, nor does the process.
func (r *Reporter) tell(ctx context.Context, err error) {
	panicked := guard.Caught("Config.OnError", func() error {
		r.OnError(ctx, err)
		return nil
	})
	if panicked != nil {
		r.logError(ctx, "OnError", panicked)
	}
}

// logError logs an error, unless one like it was logged within the last second.
func (r *Reporter) logError(ctx context.Context, doing string, err error) {
	if suppressed, ok := r.admit(doing); ok {
		r.write(func(log *slog.Logger) {
			log.ErrorContext(ctx, "flashgin: "+doing, "error", err, "suppressed", suppressed)
		})
	}
}

// Debugs reports whether the application has given a log that wants lines at the level Debug.
func (r *Reporter) Debugs(ctx context.Context) bool {
	return r.Logger != nil && r.Logger.Enabled(ctx, slog.LevelDebug)
}

// Debug logs what has happened, with all that it is about.
func (r *Reporter) Debug(ctx context.Context, what string, about ...slog.Attr) {
	r.write(func(log *slog.Logger) {
		log.LogAttrs(ctx, slog.LevelDebug, "flashgin: "+what, about...)
	})
}

// Warn logs a mistake in the wiring of the application.
func (r *Reporter) Warn(mistake string) {
	if suppressed, ok := r.admit(mistake); ok {
		r.write(func(log *slog.Logger) { log.Warn("flashgin: "+mistake, "suppressed", suppressed) })
	}
}

// WarnOnce is Warn for the first call with this Once. It logs outside of Once.Do: the log handler
// may come back here, and would wait for itself.
func (r *Reporter) WarnOnce(once *sync.Once, mistake string) {
	first := false
	once.Do(func() { first = true })
	if first {
		r.Warn(mistake)
	}
}

// write writes a log line. The log handler belongs to the application. If it panics, nobody is left
// to be told.
func (r *Reporter) write(line func(*slog.Logger)) {
	_ = guard.Caught("the handler of the log", func() error {
		line(r.log())
		return nil
	})
}

func (r *Reporter) log() *slog.Logger {
	if r.Logger != nil {
		return r.Logger
	}
	return slog.Default() // not kept, because applications set it late
}

// admit reports whether a failure may be logged now, and how many of its kind were not logged since
// the last.
func (r *Reporter) admit(doing string) (suppressed int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kinds == nil {
		r.kinds = map[string]*logged{}
	}
	now := time.Now()
	last := r.kinds[doing]
	if last == nil {
		last = &logged{}
		r.kinds[doing] = last
	} else if now.Sub(last.at) < logEvery {
		last.suppressed++
		return 0, false
	}
	suppressed = last.suppressed
	last.at, last.suppressed = now, 0
	return suppressed, true
}
