package flashgin

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/inprocess"
	"github.com/flashgin/flashgin/internal/known"
	"github.com/flashgin/flashgin/internal/queue"
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
	case interface {
		redisQueue() *redisqueue.Store[Message]
	}:
		return embeddedRedis{foreignQueue{store.(Store)}, store.redisQueue()}
	}
	return foreignQueue{store}
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
	d := deliveryConfig(&m.cfg, m.queue, &m.errs)
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
			Store: d.Observed, On: errs.Debugs, Status: func(m Message) string { return string(m.Status) },
			Write: func(ctx context.Context, l queue.Line) {
				// What logs may call flashgin for the request that is locked now.
				whenUnlocked(ctx, func() {
					errs.Debug(ctx, l.What, slog.String("message", l.ID), slog.String("view", l.View),
						slog.String("status", l.Status), slog.String("session", l.Session))
				})
			},
		}
	}
	return d
}

// queueItem returns a message as an item of a queue.
func queueItem(m Message) queue.Item[Message] {
	return queue.Item[Message]{View: m.View, ID: m.ID, Key: m.Key, TTL: m.TTL, Value: m}
}

// observed returns store, whose calls and what they settle the Observer of cfg is told of.
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

// queueItems returns messages as items of a queue.
func queueItems(msgs []Message) []queue.Item[Message] {
	items := make([]queue.Item[Message], len(msgs))
	for i, m := range msgs {
		items[i] = queueItem(m)
	}
	return items
}

// messageOf returns the message of an item. Our queues keep View, ID and Key in the item alone.
func messageOf(it queue.Item[Message]) Message {
	m := it.Value
	m.View, m.ID, m.Key = it.View, it.ID, it.Key
	return m
}

// messagesOf returns the messages of items.
func messagesOf(items []queue.Item[Message]) Messages {
	if len(items) == 0 {
		return nil
	}
	msgs := make(Messages, len(items))
	for i, it := range items {
		msgs[i] = messageOf(it)
	}
	return msgs
}

func (c Claim) inQueue() queue.Claim[Message] {
	items := queueItems(c.Messages)
	return queue.Claim[Message]{Session: c.Session, Items: items, Tickets: c.Tickets}
}

func messageClaim(c queue.Claim[Message]) Claim {
	return Claim{Session: c.Session, Messages: messagesOf(c.Items), Tickets: c.Tickets}
}

// A messageQueue is a queue whose methods take messages.
type messageQueue struct{ queue.Store[Message] }

// add makes the IDs that are missing: an application that calls the store itself may give none.
func (q messageQueue) add(ctx context.Context, session string, msgs []Message, quietly bool) error {
	items := queueItems(msgs)
	for i := range items {
		if items[i].ID == "" {
			items[i].ID = queue.NewID()
		}
	}
	return q.Store.Add(ctx, session, items, quietly)
}

func (q messageQueue) claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (Claim, error) {
	claim, err := q.Store.Claim(ctx, session, views, lease)
	return messageClaim(claim), err
}

func (q messageQueue) confirm(ctx context.Context, claim Claim) error {
	_, err := q.Store.Confirm(ctx, claim.inQueue())
	return err
}

func (q messageQueue) release(ctx context.Context, claim Claim) error {
	_, err := q.Store.Release(ctx, claim.inQueue())
	return err
}

func (q messageQueue) peek(ctx context.Context, session string, views []string) (Messages, error) {
	items, err := q.Store.Peek(ctx, session, views)
	return messagesOf(items), err
}

// A foreignQueue is a queue on a store that is not one of ours.
type foreignQueue struct{ store Store }

func (q foreignQueue) Add(
	ctx context.Context, session string, items []queue.Item[Message], _ bool,
) error {
	return q.store.Add(ctx, session, messagesOf(items)...)
}

func (q foreignQueue) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (queue.Claim[Message], error) {
	claim, err := q.store.Claim(ctx, session, views, lease)
	return claim.inQueue(), err
}

// Confirm assumes that a call without an error has settled the whole claim.
func (q foreignQueue) Confirm(ctx context.Context, claim queue.Claim[Message]) (int, error) {
	if err := q.store.Confirm(ctx, messageClaim(claim)); err != nil {
		return 0, err
	}
	return len(claim.Items), nil
}

// Release is like Confirm.
func (q foreignQueue) Release(ctx context.Context, claim queue.Claim[Message]) (int, error) {
	if err := q.store.Release(ctx, messageClaim(claim)); err != nil {
		return 0, err
	}
	return len(claim.Items), nil
}

func (q foreignQueue) Peek(
	ctx context.Context, session string, views []string,
) ([]queue.Item[Message], error) {
	msgs, err := q.store.Peek(ctx, session, views)
	return queueItems(msgs), err
}

func (q foreignQueue) Withdraw(ctx context.Context, session, view, key string) error {
	return q.store.Withdraw(ctx, session, view, key)
}

// InProcess reports whether no call can hang. It asks the store of flashtest, which returns true
// until a test makes the store fail or wait.
func (q foreignQueue) InProcess() bool {
	store, ok := q.store.(inprocess.Store)
	return ok && bool(store.InProcess())
}

// Node implements queue.Nodes: a store that is not ours counts as one server.
func (q foreignQueue) Node(string) string { return "" }

func (q foreignQueue) PingNode(ctx context.Context, _ string) error {
	if store, ok := q.store.(interface{ Ping(context.Context) error }); ok {
		return store.Ping(ctx)
	}
	_, err := q.store.Peek(ctx, "flashgin", []string{"/"}) // any read will do
	return err
}

func (q foreignQueue) Watch(ctx context.Context, wake func(queue.Wake)) error {
	return q.watch(ctx, func(name string) { wake(queue.Wake{Name: name}) })
}

// watch returns nil if the store cannot tell when messages are added.
func (q foreignQueue) watch(ctx context.Context, wake func(name string)) error {
	store, ok := q.store.(interface {
		Watch(ctx context.Context, wake func(session string)) error
	})
	if !ok {
		return nil
	}
	return store.Watch(ctx, wake)
}

func (q foreignQueue) Name(session string) string { return session }

// An embeddedRedis is a queue on a store that embeds a RedisStore. For methods that a Store need
// not have, it calls the RedisStore.
type embeddedRedis struct {
	foreignQueue
	redis *redisqueue.Store[Message]
}

func (q embeddedRedis) Node(session string) string { return q.redis.Node(session) }

func (q embeddedRedis) PingNode(ctx context.Context, node string) error {
	if node == "" { // one server; the store may have a Ping of its own
		return q.foreignQueue.PingNode(ctx, node)
	}
	return q.redis.PingNode(ctx, node)
}

func (q embeddedRedis) Watch(ctx context.Context, wake func(queue.Wake)) error {
	return q.watch(ctx, func(name string) {
		name, ends := strings.CutPrefix(name, endMark)
		wake(queue.Wake{Name: name, Ends: ends})
	})
}

func (q embeddedRedis) Name(session string) string { return q.redis.Name(session) }

func (q embeddedRedis) TellEnd(ctx context.Context, session string) error {
	return q.redis.TellEnd(ctx, session)
}

// endMark stands before the name of a session if RedisStore.Watch says that its streams are to end.
// A name is a hash, which never begins like that.
const endMark = "}"

// wakeWords returns a function for queue.Watcher that calls wake with strings.
func wakeWords(wake func(session string)) func(queue.Wake) {
	return func(w queue.Wake) {
		if w.Ends {
			w.Name = endMark + w.Name
		}
		wake(w.Name)
	}
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
