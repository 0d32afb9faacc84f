package flashgin

import (
	"context"
	"time"

	"github.com/flashgin/flashgin/internal/guard"
	"github.com/flashgin/flashgin/internal/held"
)

// An Observer is told what becomes of the messages and how the store answers: see Config.Observer.
// The module flashotel has one for OpenTelemetry.
//
// Several goroutines call Observe at once, but never while flashgin holds a lock. Often a page
// waits for it to return, so it must not block. The context has the values of the request or the
// call that the event belongs to, such as a trace, and may have ended. Middleware after
// [Messenger.Install] may put them there, but not into a context made of a *gin.Context, which Gin
// gives to another request. Background work, such as confirming what a page has shown, belongs to
// no request.
type Observer interface {
	// Observe is told of an event when it has happened.
	Observe(ctx context.Context, e Event)
}

// An Event is something that happened to messages or in the store. Which fields are set depends on
// its Kind; the others are zero. No field has a session key, or the text or ID of a message. View
// and Session are for a log or a trace: a metric cannot have a label of any number of values.
//
// Later versions may add kinds and fields: ignore kinds that you do not know.
type Event struct {
	// Kind says what has happened, and so which other fields are set.
	Kind EventKind
	// Messages is how many messages it happened to. If the kind sets it, it is never zero.
	Messages int
	// Direct is set with EventShown if the request that added the messages has also shown them: no
	// store ever had them.
	Direct bool
	// View is where the messages waited, and Session the [SessionHash] of whose they are, with
	// EventDropped and EventLeaseExpired of our stores.
	View, Session string
	// Call is what the store was asked to do: "add", "claim", "confirm", "release", "peek" or
	// "withdraw".
	Call string
	// Duration is how long the Call took.
	Duration time.Duration
	// Err is why the Call failed; nil if it did not. The errors of our stores quote neither a
	// session key nor a text.
	Err error
	// Node is the network address of a server, host and port, if the store is a cluster; otherwise
	// it is empty.
	Node string
}

// EventKind says what an [Event] tells.
type EventKind string

// The kinds of events.
//
// A message that waits usually causes EventAdded and then EventShown. They need not come in pairs:
// the TTL of a message may end, a message with its Key may replace it, and it may be withdrawn.
const (
	// EventAdded: the store has accepted Messages, of a request or of a job. They include messages
	// that the store did not add because it knew their ID.
	EventAdded EventKind = "added"
	// EventShown: Messages were shown for good. The store has removed them after the page that
	// showed them had left, a script had acknowledged them, or [Messenger.Take] had returned them;
	// or they are Direct. Messages that were shown but could not be confirmed do not count. After a
	// lost answer of the store, which is an EventStoreCall with an Err, a few more may not count.
	EventShown EventKind = "shown"
	// EventReleased: Messages that were claimed for a page wait again, because the page failed, its
	// client left, the claim came too late or the page did not show all of them.
	EventReleased EventKind = "released"
	// EventDropped: the store removed Messages that nobody has seen, because more than its Cap
	// waited for a session at one view, because the session had messages at more than its Views, or
	// because all together took more than [MemoryStore].MaxBytes. A store tells it.
	EventDropped EventKind = "dropped"
	// EventLeaseExpired: Messages were claimed again because an earlier claim was neither confirmed
	// nor released within Config.Lease: its process died, or the store could not be reached. If the
	// earlier page has shown them all the same, users see them twice, unless the same process has
	// made both claims. A store tells it.
	EventLeaseExpired EventKind = "lease_expired"
	// EventLost: Messages of a request may be lost, because they could not be stored or because no
	// page would show them. OnError, the log and the Errors of the gin.Context have the reason.
	// flashgin tries the store for some seconds more: messages that it then accepts cause an
	// EventAdded as well. Messages that [Messenger.Add] could not store do not count: its caller
	// has the error.
	EventLost EventKind = "lost"
	// EventStoreCall: a Call of a method of the store has ended after Duration, at Node, and failed
	// if there is an Err. Each attempt counts, even if it is made in the background or ends after
	// the page that wanted it has left. The probes of a store that failed do not count.
	EventStoreCall EventKind = "store_call"
	// EventSkipped: a page did not ask the store, because the process knew that nothing waits: see
	// Config.KnownFor. Those that ask cause an EventStoreCall with the Call "claim" or "peek".
	EventSkipped EventKind = "skipped"
	// EventBreakerOpened: after repeated failures, flashgin does not ask the store, or its Node,
	// for a page until a probe succeeds.
	EventBreakerOpened EventKind = "breaker_opened"
	// EventBreakerClosed: flashgin asks the store, or its Node, again. An EventBreakerClosed
	// follows every EventBreakerOpened, at the latest when the Messenger is closed.
	EventBreakerClosed EventKind = "breaker_closed"
)

// observe tells the Observer, if there is one.
func (m *Messenger) observe(ctx context.Context, e Event) {
	if m.cfg.Observer == nil {
		return
	}
	// Like held.WhenUnlocked, but without allocating a function if no calls are held.
	if c := held.Of(ctx); c == nil || !c.Hold(func() { m.tellObserver(ctx, e) }) {
		m.tellObserver(ctx, e)
	}
}

// tellObserver tells the Observer, and reports its panic.
func (m *Messenger) tellObserver(ctx context.Context, e Event) {
	err := guard.Caught("Config.Observer", func() error {
		m.cfg.Observer.Observe(ctx, e)
		return nil
	})
	if err != nil {
		m.errs.Report(ctx, "observe", err)
	}
}

// observing returns a function that observes how many messages an event has happened to.
func (m *Messenger) observing(kind EventKind) func(ctx context.Context, messages int) {
	return func(ctx context.Context, messages int) {
		m.observe(ctx, Event{Kind: kind, Messages: messages})
	}
}
