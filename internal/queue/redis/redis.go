// Package redis is a queue.Store in Redis. The items of a session at a view are a sorted set, which
// member.lua describes. The Lua scripts beside this file do the work. Each call of the store is one
// round trip, and sends each command once.
package redis

import (
	"cmp"
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/keyspace"
	"github.com/flashgin/flashgin/internal/lua"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/sketch"
)

// Config is what a [Store] is made of. Zero is the default of each bound.
type Config[T any] struct {
	App   string        // the first part of every Redis key after "flash:"
	TTL   time.Duration // of a Redis key after the last add
	Cap   int           // items that wait for a session at a view
	Views int           // of a session

	Encode func(T) ([]byte, error)
	Decode func([]byte) (T, error) // whose errors do not quote what it was given
}

// A Store is a queue.Store in Redis. It is safe for concurrent use by multiple goroutines.
type Store[T any] struct {
	queue.Listener[T]
	client  redis.UniversalClient
	cluster *redis.ClusterClient // the client, if it is one
	cfg     Config[T]
	names   keyspace.Names
	created sketch.Counts // Redis keys, by mailbox, within the TTL
	numbers atomic.Uint64 // see place
	oneKey  atomic.Bool   // the server refuses calls with several keys
	tells   atomic.Bool   // of quiet adds, too: see TellAll
	nodes   sync.Map      // network address of a master of the cluster → *redis.Client
	stored  atomic.Int64  // how many were put into nodes
}

// The longest times that a score has room for.
const (
	longestTTL   = 100 * 365 * 24 * time.Hour
	longestLease = 365 * 24 * time.Hour
)

// New returns a Store on the server or servers of client. No bound may be below zero. It sends
// nothing.
func New[T any](client redis.UniversalClient, cfg Config[T]) *Store[T] {
	cfg.TTL = min(cmp.Or(cfg.TTL, queue.DefaultTTL), longestTTL)
	cfg.Cap = cmp.Or(cfg.Cap, queue.DefaultCap)
	cfg.Views = min(cmp.Or(cfg.Views, queue.DefaultViews), 1<<30) // a quarter more is a number too
	s := &Store[T]{client: client, cfg: cfg}
	s.names = keyspace.Of(cfg.App)
	s.cluster, _ = client.(*redis.ClusterClient)
	s.numbers.Store(rand.Uint64N(numberLimit / 2))
	return s
}

// Add implements queue.Store. If items have several views and an error is returned, those of some
// views may have been added.
func (s *Store[T]) Add(
	ctx context.Context, session string, items []queue.Item[T], quietly bool,
) error {
	channel := s.channel(quietly)
	mailbox := s.names.Mailbox(session)
	batches, alternate := queue.ByView(items)
	first := s.place(len(items))
	order, stamp := lua.InOrder, ""
	// Up to four scripts run in order, and the server's clock orders the messages over all views. A
	// script is sent in full for that, so more of them are given one time, which costs a round
	// trip.
	if alternate || len(batches) > 4 {
		now := timeScript.Call(mailbox + keyspace.Escape(batches[0].View))
		if err := lua.Send(ctx, s.client, []*lua.Call{now}, lua.Apart); err != nil {
			return s.failed("add", err)
		}
		var err error
		if stamp, err = now.Cmd.Text(); err != nil {
			return s.failed("add", err)
		}
		order = lua.Together
	}
	calls := make([]*lua.Call, len(batches), len(batches)+1)
	for i := range batches {
		var err error
		calls[i], err = s.addCall(mailbox, items, batches[i], first, channel, stamp)
		if err != nil {
			return err
		}
	}
	adds := calls
	index := s.indexCall(mailbox, adds)
	if index != nil {
		calls = append(calls, index)
		if len(adds) == 1 {
			order = lua.Together
		}
	}
	if err := lua.Send(ctx, s.client, calls, order); err != nil {
		return s.failed("add", err)
	}
	var dropped, expired []queue.Item[T]
	var created int
	var failed error
	for i, call := range adds {
		n, gone, ended, err := s.added(call, batches[i].View)
		dropped, expired = append(dropped, gone...), append(expired, ended...)
		created += n
		failed = cmp.Or(failed, err)
	}
	if len(dropped) > 0 {
		s.Report(ctx, queue.CapError(session, dropped, s.cfg.Cap))
		s.Tell(ctx, queue.Dropped, session, dropped)
	}
	s.Tell(ctx, queue.Expired, session, expired)
	if created > 0 {
		s.created.Add(mailbox, created, s.cfg.TTL)
	}
	if index != nil && failed == nil {
		s.boundViews(ctx, session, mailbox, index)
	}
	return s.failed("add", failed)
}

// added reads the reply of add.lua: how many Redis keys are new, and which items are gone.
func (s *Store[T]) added(
	call *lua.Call, view string,
) (created int, dropped, expired []queue.Item[T], err error) {
	if _, gone := call.Cmd.Val().([]any); !gone { // as nearly always
		created, err = call.Cmd.Int()
		return created, nil, nil, err
	}
	reply, err := call.Cmd.Slice()
	if err != nil || len(reply) < 2 {
		return 0, nil, nil, cmp.Or(err, errReply)
	}
	isNew, _ := reply[0].(int64)
	n, _ := reply[1].(int64)
	reply = reply[2:]
	if n < 0 || int(n) > len(reply) {
		return 0, nil, nil, errReply
	}
	return int(isNew), s.itemsGone(reply[:n], view), s.itemsGone(reply[n:], view), nil
}

// addCall returns the call that adds a batch of items, the first of which has that number. stamp is
// the time when the batch was added, "" the time when the call runs.
func (s *Store[T]) addCall(
	mailbox string, items []queue.Item[T], b queue.Batch, first uint64, channel, stamp string,
) (*lua.Call, error) {
	entries := make([]any, len(b.Places))
	var life int64 // of the Redis key, for all of them
	for i, place := range b.Places {
		ttl, needs := s.ownTTL(items[place].TTL)
		entry, err := s.encode((first+uint64(place))%numberLimit, ttl, &items[place])
		if err != nil {
			return nil, err
		}
		entries[i], life = entry, max(life, needs)
	}
	call := addScript.Call(mailbox + keyspace.Escape(b.View))
	call.Append(s.ttlMilliseconds(), life, s.cfg.Cap, channel, stamp)
	return call.Append(entries...), nil
}

// Claim implements queue.Store. If the items of some views could be claimed and those of others
// not, it returns the former and reports why; without any item, it returns the error. The claimed
// items of a lost reply wait again when the lease ends.
func (s *Store[T]) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (queue.Claim[T], error) {
	// The end of the lease marks the claim. The spread makes the marks of two claims differ, even
	// if the clock stands still.
	spread := s.numbers.Add(1) % 100 * 10
	lease = min(max(lease, 0), longestLease)
	length := microseconds(lease) + int64(spread)
	class := leaseClass(lease)
	found, nothing, err := s.read(ctx, "claim", session, views, claimScript, length, class)
	if len(found) == 0 {
		return queue.Claim[T]{Nothing: nothing}, err
	}
	claim := queue.Claim[T]{Session: session, Items: itemsOf(found), Tickets: map[string]string{}}
	for i := range found {
		claim.Tickets[found[i].item.View] = found[i].ticket
	}
	return claim, nil
}

// leaseClass returns a digit: the lease is no longer than 15 s times 6 to the power of it. Such a
// digit ends the mark of a claim. So a claim that was made before the server's clock was set back
// can be told from one with a long lease.
func leaseClass(lease time.Duration) (class int) {
	for most := 15 * time.Second; lease > most; most *= 6 {
		class++
	}
	return class
}

// Peek implements queue.Store. Like Claim it prefers what it could read over an error.
func (s *Store[T]) Peek(
	ctx context.Context, session string, views []string,
) ([]queue.Item[T], error) {
	found, _, err := s.read(ctx, "peek", session, views, peekScript)
	if len(found) == 0 {
		return nil, err
	}
	return itemsOf(found), nil
}

func itemsOf[T any](found []entry[T]) []queue.Item[T] {
	items := make([]queue.Item[T], len(found))
	for i := range found {
		items[i] = found[i].item
	}
	return items
}

// Confirm implements queue.Store.
func (s *Store[T]) Confirm(ctx context.Context, claim queue.Claim[T]) (int, error) {
	return s.run(ctx, "confirm", s.settleCalls(&claim, confirmScript))
}

// ConfirmAll implements queue.Groups.
func (s *Store[T]) ConfirmAll(ctx context.Context, claims []queue.Claim[T]) []queue.Settled {
	var all []*lua.Call
	of := make([][]*lua.Call, len(claims))
	for i := range claims {
		of[i] = s.settleCalls(&claims[i], confirmScript)
		all = append(all, of[i]...)
	}
	notSent := lua.Send(ctx, s.client, all, lua.Together)
	settled := make([]queue.Settled, len(claims))
	for i, calls := range of {
		if notSent != nil {
			settled[i].Err = s.failed("confirm", notSent)
			continue
		}
		settled[i].Items, settled[i].Err = s.sum("confirm", calls)
	}
	return settled
}

// Release implements queue.Store.
func (s *Store[T]) Release(ctx context.Context, claim queue.Claim[T]) (int, error) {
	return s.run(ctx, "release", s.settleCalls(&claim, releaseScript))
}

// settleCalls returns the calls that settle a claim by the script, one for each of its views. A
// claim of another store needs none.
func (s *Store[T]) settleCalls(claim *queue.Claim[T], script *lua.Script) (calls []*lua.Call) {
	of := map[string]*lua.Call{} // by view
	mailbox, now := s.names.Mailbox(claim.Session), time.Now().UnixMicro()
	for i := range claim.Items {
		item := &claim.Items[i]
		end, only, ok := cutTicket(claim.Tickets[item.View])
		if !ok {
			continue // no claim of ours
		}
		call := of[item.View]
		switch {
		case call != nil:
		case script == confirmScript && only != "" && only == item.ID && end > now:
			one := confirmOneScript.Call(mailbox + keyspace.Escape(item.View))
			calls = append(calls, one.Append(end, only))
			continue
		default:
			call = script.Call(mailbox + keyspace.Escape(item.View))
			call.Append(s.ttlMilliseconds(), end)
			of[item.View] = call
			calls = append(calls, call)
		}
		call.Append(item.ID)
	}
	return calls
}

// Withdraw implements queue.Store.
func (s *Store[T]) Withdraw(ctx context.Context, session, view, key string) error {
	var calls []*lua.Call
	if key != "" {
		call := withdrawScript.Call(s.Key(session, view))
		calls = append(calls, call.Append(s.ttlMilliseconds(), key))
	}
	_, err := s.run(ctx, "withdraw", calls)
	return err
}

// run sends calls that reply a number or nothing, and returns their sum.
func (s *Store[T]) run(ctx context.Context, doing string, calls []*lua.Call) (sum int, err error) {
	if err := lua.Send(ctx, s.client, calls, lua.Apart); err != nil {
		return 0, s.failed(doing, err)
	}
	return s.sum(doing, calls)
}

// sum adds up the replies of calls. Calls that failed count as zero.
func (s *Store[T]) sum(doing string, calls []*lua.Call) (sum int, err error) {
	for _, call := range calls {
		n, _ := call.Cmd.Int()
		sum += n
		err = cmp.Or(err, call.Err())
	}
	return sum, s.failed(doing, err)
}

// Ping reports whether the server answers; in a cluster, whether one of the masters does. It
// returns when ctx ends, even if the client waits longer.
func (s *Store[T]) Ping(ctx context.Context) error { return s.ping(ctx, s.client) }

// ttlMilliseconds is the TTL as EXPIRE wants it.
func (s *Store[T]) ttlMilliseconds() int64 { return milliseconds(s.cfg.TTL) }

// ownTTL returns the TTL of an item in microseconds, or 0 if the item waits as long as its Redis
// key, and how many milliseconds the item needs the key: until its TTL and any retry of its add
// end.
func (s *Store[T]) ownTTL(of time.Duration) (ttl, life int64) {
	if of <= 0 || of >= s.cfg.TTL {
		return 0, s.ttlMilliseconds()
	}
	return microseconds(of), milliseconds(min(of+queue.RememberFor, s.cfg.TTL))
}

// A fraction counts as a whole: zero would mean something else.
func microseconds(d time.Duration) int64 { return roundUp(d, time.Microsecond) }
func milliseconds(d time.Duration) int64 { return roundUp(d, time.Millisecond) }

func roundUp(d, unit time.Duration) int64 { return int64((d + unit - 1) / unit) }
