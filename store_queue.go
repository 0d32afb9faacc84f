package flashgin

import (
	"context"
	"time"

	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/known"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/queue/foreign"
	redisqueue "github.com/flashgin/flashgin/internal/queue/redis"
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
	redis, ok := store.(*redisqueue.Store[Message])
	if !ok || cfg.KnownFor == 0 {
		return nil
	}
	redis.TellAll()
	return known.New(cfg.KnownFor, cfg.KnownSessions)
}

// deliveryOn returns what a Delivery on a store is made of. m.cfg has its defaults by now.
func (m *Messenger) deliveryOn(store queue.Store[Message]) delivery.Config[Message] {
	d := delivery.Config[Message]{
		Store: store, Observed: store, Created: func(m Message) time.Time { return m.Created },
		Timeout: m.cfg.Timeout, AddTimeout: m.cfg.AddTimeout, Lease: m.cfg.Lease,
		Errors: m.errs,
		Added:  m.observing(EventAdded),
		Breaker: func(ctx context.Context, node string, open bool) {
			kind := EventBreakerClosed
			if open {
				kind = EventBreakerOpened
			}
			m.observe(ctx, Event{Kind: kind, Node: node})
		},
	}
	if m.cfg.Observer != nil {
		d.Observed = &queue.Observed[Message]{
			Store:     store,
			Confirmed: m.observing(EventShown),
			Released:  m.observing(EventReleased),
			Called: func(ctx context.Context, c queue.Call) {
				m.observe(ctx, Event{
					Kind: EventStoreCall,
					Call: c.Name, Duration: c.Duration, Err: c.Err, Node: c.Node,
				})
			},
		}
	}
	d.Observed = m.lines.Around(d.Observed)
	return d
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

// tellEvents returns a function for the events of a queue that calls tell, once for each view. It
// returns nil if tell is nil.
func tellEvents(tell func(context.Context, Event)) queue.Tell[Message] {
	if tell == nil {
		return nil
	}
	return func(
		ctx context.Context, event queue.Event, session string, items []queue.Item[Message],
	) {
		var e Event
		switch event {
		case queue.Dropped:
			e.Kind = EventDropped
		case queue.LeaseExpired:
			e.Kind = EventLeaseExpired
		default:
			return
		}
		e.Session = SessionHash(session)
		queue.EachView(items, func(view string, messages int) {
			e.View, e.Messages = view, messages
			tell(ctx, e)
		})
	}
}
