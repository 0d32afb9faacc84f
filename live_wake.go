package flashgin

import (
	"context"
	"strings"
	"time"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/sse"
)

// watcher is what a store has that tells when messages are added; see [Store].
type watcher interface {
	Watch(ctx context.Context, wake func(session string)) error
}

const (
	rewatchAfter  = time.Second // doubled as long as it fails
	rewatchAtMost = 5 * time.Second
)

// watch starts to watch the store, with the first stream. The lock is held.
func (l *live) watch() {
	if l.watching {
		return
	}
	l.watching = true
	store, ok := l.m.cfg.Store.(watcher)
	if !ok {
		close(l.ended)
		return
	}
	go func() {
		defer close(l.ended)
		for pause := rewatchAfter; ; pause = min(2*pause, rewatchAtMost) {
			err := guard.Caught("a call of the store", func() error { return store.Watch(l.ctx, l.heard) })
			if l.listening.Swap(false) {
				pause = rewatchAfter
			}
			if l.ctx.Err() != nil || err == nil { // nil: the store cannot tell, after all
				return
			}
			l.m.errs.Report(l.ctx, "watch the store for open pages", err)
			if !guard.Sleep(l.ctx, spread(pause, 0.2)) {
				return
			}
		}
	}()
}

// heard is told by the store that something was added for a session, or that its streams are to end.
func (l *live) heard(name string) {
	_, hashed := l.m.cfg.Store.(interface{ wakeKey(string) string })
	if key, ends := strings.CutPrefix(name, endMark); ends && hashed {
		l.endSession(key, sse.ByeAgain)
		return
	}
	l.wake(name)
}

// key returns the name by which the store's wake-ups call a session.
func (l *live) key(session string) string {
	if store, ok := l.m.cfg.Store.(interface{ wakeKey(session string) string }); ok {
		return store.wakeKey(session)
	}
	return session
}
