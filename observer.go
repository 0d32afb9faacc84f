package flashgin

import (
	"context"
	"time"

	"github.com/flashgin/flashgin/internal/held"
)

// An Observer is told what becomes of the messages and how the store answers: see Config.Observer. The module flashotel has one for OpenTelemetry.
//
// Observe is called by several goroutines at once, and never while flashgin holds a lock. Often a page waits for it to return, so it must not block. The context
// carries the values of the request or the call that the event belongs to, such as a trace, and may have ended; what is done in the background, such as
// confirming what a page has shown, belongs to none.
type Observer interface {
	// Observe is told of an event when it has happened.
	Observe(ctx context.Context, e Event)
}

// An Event is something that happened to messages or in the store. Which fields it sets depends on its Kind; the others are zero. None ever holds the key of
// a session, a view, or anything of a message: what there may be any number of is no label for a metric, and these are private.
//
// Later versions may add kinds and fields: pass over kinds that you do not know.
type Event struct {
	// Kind says what has happened, and which of the other fields tell more.
	Kind EventKind
	// Messages is how many messages it happened to, never zero where the kind says that it is set.
	Messages int
	// Direct is set with EventShown, for messages that were shown by the very request that added them: no store ever had them.
	Direct bool
	// Call is what the store was asked to do: "add", "claim", "confirm", "release", "peek" or "withdraw".
	Call string
	// Duration is how long it took.
	Duration time.Duration
	// Err is why it failed; nil if it did not. The errors of our stores quote neither a session nor a text.
	Err error
	// Node is the address of a server, host and port, where the store is a cluster of several; else it is empty.
	Node string
}

// EventKind says what an [Event] tells.
type EventKind string

// The kinds of events.
//
// Of a message that waits, the usual ones are EventAdded and then EventShown. They need not come in pairs: messages wait in vain until their TTL ends,
// are replaced by their Key, and withdrawn.
const (
	// EventAdded: the store has accepted Messages, of a request or of a job. Those count as well that it passed over because it knew their ID.
	EventAdded EventKind = "added"
	// EventShown: Messages were shown, and will not be again. Either the store has confirmed that they are gone: after the page that showed them had left, a
	// script had acknowledged them, or [Messenger.Take] had returned them. Or they are Direct. What was shown and could not
	// be confirmed does not count, and after a lost answer of the store, which is an EventStoreCall with an Err, a few more may not.
	EventShown EventKind = "shown"
	// EventReleased: Messages that were taken for a page wait again, because it failed, was left, came too late or did not want all of them.
	EventReleased EventKind = "released"
	// EventDropped: Messages were removed unseen, because more than the store's Cap waited at one
	// address, because their session had messages at more than its Views, or because all together
	// took more than [MemoryStore].MaxBytes. A store tells it.
	EventDropped EventKind = "dropped"
	// EventLeaseExpired: Messages were given out again that an earlier page had taken, and of which it had said nothing until Config.Lease ended: its process
	// died, or the store could not be reached. If a page had shown them all the same, users see them twice, unless they are given to the very process
	// that has shown them. A store tells it.
	EventLeaseExpired EventKind = "lease_expired"
	// EventLost: Messages of a request may never be seen, because they could not be stored or because no page would show them. OnError, the log and the Errors of
	// the gin.Context have the reason. The store is tried for some seconds more: those that it takes after all are EventAdded as well. What [Messenger.Add] could
	// not store is not among them: its caller knows.
	EventLost EventKind = "lost"
	// EventStoreCall: a Call of a method of the store has ended, after Duration, and failed if there is an Err; Node is where. Each attempt counts, also one that
	// is made in the background or goes on when the page that wanted it has left. The probes of a store that failed do not.
	EventStoreCall EventKind = "store_call"
	// EventBreakerOpened: after repeated failures, the store, or its Node, is not asked for a page before a probe of it succeeds.
	EventBreakerOpened EventKind = "breaker_opened"
	// EventBreakerClosed: it is asked again. Every EventBreakerOpened is followed by one of these, at the latest when the Messenger is closed.
	EventBreakerClosed EventKind = "breaker_closed"
)

// observe tells the Observer, if there is one.
func (cfg *Config) observe(ctx context.Context, e Event) {
	if cfg.Observer == nil {
		return
	}
	// As whenUnlocked does, but without making a function if nothing is held.
	if c := held.Of(ctx); c == nil || !c.Hold(func() { cfg.Observer.Observe(ctx, e) }) {
		cfg.Observer.Observe(ctx, e)
	}
}

// whenUnlocked calls now, or when the request is unlocked that ctx says is locked.
func whenUnlocked(ctx context.Context, call func()) {
	if c := held.Of(ctx); c == nil || !c.Hold(call) {
		call()
	}
}

// lose tells that messages of the request may never be seen.
func (r *request) lose(messages int) {
	if messages > 0 {
		r.outside(func() { r.m.cfg.observe(r.client, Event{Kind: EventLost, Messages: messages}) })
	}
}
