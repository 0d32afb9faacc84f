package live

import (
	"time"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/sse"
)

const (
	rewatchAfter  = time.Second // doubled with each failure in a row
	rewatchAtMost = 5 * time.Second
)

// watch starts to watch the store, in New or with the first stream. The lock is held.
func (h *Hub) watch() {
	if h.watching {
		return
	}
	h.watching = true
	if h.cfg.Watch == nil {
		close(h.ended)
		return
	}
	go func() {
		defer close(h.ended)
		for pause := rewatchAfter; ; pause = min(2*pause, rewatchAtMost) {
			err := guard.Caught(guard.StoreCall, func() error { return h.cfg.Watch(h.ctx, h.hear) })
			if h.listening.Swap(false) {
				pause = rewatchAfter
			}
			if h.ctx.Err() != nil || err == nil {
				return
			}
			h.cfg.Errors.Report(h.ctx, "watch the store for open pages", err)
			if !guard.Sleep(h.ctx, spread(pause, 0.2)) {
				return
			}
		}
	}()
}

// hear is told that something was added for a session, or that its streams are to end.
func (h *Hub) hear(session string, ends bool) {
	if ends {
		h.End(session, sse.ByeAgain)
		return
	}
	h.wake(session)
}

// wake makes the streams of a session ask for messages; with the session "", all streams.
func (h *Hub) wake(session string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if session != "" {
		h.crowd.heard.note(session)
		for _, s := range h.sessions[session] {
			s.added.Store(true)
			s.lookAgain()
		}
		return
	}
	h.listening.Store(true)
	for s := range h.streams {
		s.lookAgain()
	}
}
