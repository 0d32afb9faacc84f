package flashgin

import (
	"context"
	"log/slog"
	"time"

	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/known"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/queue/foreign"
	redisqueue "github.com/flashgin/flashgin/internal/queue/redis"
	"github.com/flashgin/flashgin/internal/report"
)

// queueOf returns the queue behind a store. One of our stores has a queue; any other store is
// wrapped. A type that embeds one of our stores is wrapped, too, because its methods may replace
// ours.
func queueOf(store Store) queue.Store[Message] {
	switch store := store.(type) {
	case *MemoryStore:
		return store.queue()
	case *RedisStore:
		return store.queue
	}
	q := foreign.Queue[Message, Messages, Claim]{Store: store, Types: types}
	if embedded, ok := store.(interface {
		redisQueue() *redisqueue.Store[Message]
	}); ok {
		return foreign.Embedded[Message, Messages, Claim]{Queue: q, Ours: embedded.redisQueue()}
	}
	return q
}

// newKnown returns what remembers that nothing waits, or nil. Stores that are not ours do not say
// whether something is claimed, and our store in memory is asked as quickly.
func newKnown(cfg *Config, store queue.Store[Message]) *known.Sessions {
	if _, redis := store.(*redisqueue.Store[Message]); !redis || cfg.KnownFor == 0 {
		return nil
	}
	return known.New(cfg.KnownFor, cfg.KnownSessions)
}

// newDelivery returns the Delivery between pages and the queue.
func (m *Messenger) newDelivery() *delivery.Delivery[Message] {
	d := deliveryConfig(&m.cfg, m.queue, m.errs)
	if m.known != nil {
		d.Forget = func(session string) { m.known.Forget(m.wakeName(session)) }
	}
	return delivery.New(d)
}

// deliveryConfig is what a Delivery is made of. cfg has its defaults by now.
func deliveryConfig(
	cfg *Config, store queue.Store[Message], errs *report.Reporter,
) delivery.Config[Message] {
	d := delivery.Config[Message]{
		Store: store, Observed: store, Created: func(m Message) time.Time { return m.Created },
		Timeout: cfg.Timeout, AddTimeout: cfg.AddTimeout, Lease: cfg.Lease,
		Errors: errs,
		Added: func(ctx context.Context, items int) {
			cfg.observe(ctx, Event{Kind: EventAdded, Messages: items})
		},
		Breaker: func(ctx context.Context, node string, open bool) {
			kind := EventBreakerClosed
			if open {
				kind = EventBreakerOpened
			}
			cfg.observe(ctx, Event{Kind: kind, Node: node})
		},
	}
	if cfg.Observer != nil {
		d.Observed = observed(cfg, store)
	}
	if cfg.Logger != nil {
		d.Observed = &queue.Logged[Message]{
			Store: d.Observed, On: errs.Debugs,
			Status: func(m Message) string { return string(m.Status) },
			Write: func(ctx context.Context, l queue.Line) {
				// The log handler may call flashgin for the request that is locked now.
				whenUnlocked(ctx, func() {
					errs.Debug(ctx, l.What,
						slog.String("message", l.ID), slog.String("view", l.View),
						slog.String("status", l.Status), slog.String("session", l.Session))
				})
			},
		}
	}
	return d
}

// observed returns store, and tells the Observer of cfg of each call and its outcome.
func observed(cfg *Config, store queue.Store[Message]) queue.Store[Message] {
	tell := func(kind EventKind) func(context.Context, int) {
		return func(ctx context.Context, items int) {
			cfg.observe(ctx, Event{Kind: kind, Messages: items})
		}
	}
	return &queue.Observed[Message]{
		Store:     store,
		Confirmed: tell(EventShown),
		Released:  tell(EventReleased),
		Called: func(ctx context.Context, c queue.Call) {
			cfg.observe(ctx, Event{
				Kind: EventStoreCall, Call: c.Name, Duration: c.Duration, Err: c.Err, Node: c.Node,
			})
		},
	}
}

// types says what a message is in a queue.
var types = &foreign.Types[Message, Messages, Claim]{
	Item: queueItem, Message: messageOf,
}

// queueItem returns a message as an item of a queue.
func queueItem(m Message) queue.Item[Message] {
	return queue.Item[Message]{View: m.View, ID: m.ID, Key: m.Key, TTL: m.TTL, Value: m}
}

// messageOf returns the message of an item. Our queues keep View, ID and Key in the item alone.
func messageOf(it queue.Item[Message]) Message {
	m := it.Value
	m.View, m.ID, m.Key = it.View, it.ID, it.Key
	return m
}

func queueItems(msgs []Message) []queue.Item[Message] { return types.Items(msgs) }

func messagesOf(items []queue.Item[Message]) Messages { return types.Messages(items) }

// methods returns the methods of a store whose messages are in q.
func methods(q queue.Store[Message]) foreign.Methods[Message, Messages, Claim] {
	return foreign.Methods[Message, Messages, Claim]{Queue: q, Types: types}
}

// tellEvents returns a function for the events of a queue that calls tell. It returns nil if tell
// is nil.
func tellEvents(tell func(context.Context, Event)) func(context.Context, queue.Event, int) {
	if tell == nil {
		return nil
	}
	kinds := map[queue.Event]EventKind{
		queue.Dropped: EventDropped, queue.LeaseExpired: EventLeaseExpired,
	}
	return func(ctx context.Context, event queue.Event, items int) {
		tell(ctx, Event{Kind: kinds[event], Messages: items})
	}
}
