package flashgin

import (
	"fmt"

	"github.com/flashgin/flashgin/internal/live"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/sse"
)

// End ends the streams to the open pages of a session: call it at logout and when an account is
// locked, if Config.SessionKey returns something that lasts longer than a login, such as a user's
// ID. Each page then connects again, with the cookies that its browser has by then. So End alone
// locks nobody out: the result of Config.SessionKey for the next request decides. Messages that
// wait stay; [Messenger.Take] removes them. [Messenger.Forget] ends the streams of the key that it
// gives up, without a call of End.
//
// session is the key that [Messenger.SessionKey] or Config.SessionKey returns. With a [RedisStore]
// End ends the streams of all processes that use the same App and servers. With other stores, and
// with a client for a ring of servers, it ends those of this Messenger.
//
// The errors are [ErrNoSession] if session is empty, and an error of telling the other processes;
// then the streams of this process end all the same. End waits for the store two seconds at most.
// It is safe for concurrent use by multiple goroutines.
func (m *Messenger) End(session string) error {
	if session == "" {
		return fmt.Errorf("%w: End was given an empty session key", ErrNoSession)
	}
	m.live.End(m.store.WakeName(session), sse.ByeAgain)
	return m.store.TellEnd(session)
}

// endForgotten ends the streams of a key that a request gives up. The request does not wait until
// other processes know.
func (m *Messenger) endForgotten(session string) {
	m.live.End(m.store.WakeName(session), sse.ByeOver)
	m.store.TellEndLater(session)
}

// newHub returns the Hub that has the streams of m.
func (m *Messenger) newHub() *live.Hub {
	cfg := live.Config{
		Lease: m.cfg.Lease, Path: m.cfg.MountPath, Errors: m.errs, AtOnce: m.known != nil,
	}
	if store, ok := m.queue.(queue.Watcher); ok {
		cfg.Watch = m.known.Watching(store)
	}
	return live.New(cfg)
}
