// Package trail follows messages for people: each thing that happens to one is a line of the log at
// the level Debug and, in Gin's debug mode, of the debug page.
package trail

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/held"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/report"
)

// A Trail takes the lines of a Messenger. It is safe for concurrent use by multiple goroutines.
type Trail struct {
	Errors *report.Reporter

	ring atomic.Pointer[ring] // nil until Keep
}

// On reports whether anybody reads lines.
func (t *Trail) On(ctx context.Context) bool { return t.Keeps() || t.Errors.Debugs(ctx) }

// Write writes a line.
func (t *Trail) Write(ctx context.Context, line queue.Line) {
	t.Visit(Entry{Line: line})
	if !t.Errors.Debugs(ctx) {
		return
	}
	// The log handler may call flashgin for the request that is locked now.
	held.WhenUnlocked(ctx, func() { t.log(ctx, line) })
}

// Lines returns what writes lines of messages to t, or nil if nobody can read them: the application
// has given no log, and there is no debug page.
func Lines[T any](t *Trail, status func(T) string) *queue.Logged[T] {
	if t.Errors.Logger == nil && !gin.IsDebugging() {
		return nil
	}
	return &queue.Logged[T]{On: t.On, Write: t.Write, Status: status}
}

func (t *Trail) log(ctx context.Context, l queue.Line) {
	about := append(make([]slog.Attr, 0, 5),
		slog.String("message", l.ID), slog.String("view", l.View),
		slog.String("status", l.Status), slog.String("session", l.Session))
	if l.Page != "" {
		about = append(about, slog.String("page", l.Page))
	}
	t.Errors.Debug(ctx, l.What, about...)
}
