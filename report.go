package flashgin

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/flashgin/flashgin/internal/guard"
)

// logEvery is how often a repeated failure is logged.
const logEvery = time.Second

// reporter tells of failures that no caller is there to receive: each to Config.OnError, and to the log once a second of a kind.
type reporter struct {
	onError func(context.Context, error)
	logger  *slog.Logger

	mu    sync.Mutex
	kinds map[string]*logged // by what was being done; a fixed few
}

type logged struct {
	at         time.Time
	suppressed int // since then
}

// report must not be called with a lock held that OnError or a log handler might want: both are the application's.
func (r *reporter) report(ctx context.Context, doing string, err error) {
	if r.onError != nil {
		r.tell(ctx, err)
	}
	r.logError(ctx, doing, err)
}

// tell calls OnError. No page fails because that panics, nor does the process, where nobody else would recover.
func (r *reporter) tell(ctx context.Context, err error) {
	panicked := guard.Caught("Config.OnError", func() error {
		r.onError(ctx, err)
		return nil
	})
	if panicked != nil {
		r.logError(ctx, "OnError", panicked)
	}
}

// logError logs an error, unless one like it was logged within the last second.
func (r *reporter) logError(ctx context.Context, doing string, err error) {
	if suppressed, ok := r.admit(doing); ok {
		r.write(func(log *slog.Logger) {
			log.ErrorContext(ctx, "flashgin: "+doing, "error", err, "suppressed", suppressed)
		})
	}
}

// warn logs a mistake in the wiring of the application.
func (r *reporter) warn(mistake string) {
	if suppressed, ok := r.admit(mistake); ok {
		r.write(func(log *slog.Logger) { log.Warn("flashgin: "+mistake, "suppressed", suppressed) })
	}
}

// firstOf reports whether it is called with this Once for the first time. What is then said to the log is said
// outside of Once.Do: a handler of the log that comes back here would wait for itself.
func firstOf(once *sync.Once) (first bool) {
	once.Do(func() { first = true })
	return first
}

// write calls the log, whose handler is the application's. If that panics, nobody is left to be told.
func (r *reporter) write(line func(*slog.Logger)) {
	_ = guard.Caught("the handler of the log", func() error {
		line(r.log())
		return nil
	})
}

func (r *reporter) log() *slog.Logger {
	if r.logger != nil {
		return r.logger
	}
	return slog.Default() // asked for late: applications set it late
}

// admit says whether a failure may be logged now, and how many like it were not.
func (r *reporter) admit(doing string) (suppressed int, ok bool) {
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
