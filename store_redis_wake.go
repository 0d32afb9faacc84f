package flashgin

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Each add publishes its address, which is the name of a key, on one channel of the App: redis/add.lua does, so it happens when the message is there and
// with it, and in a cluster at the server that has it, which tells all others. A channel for each session would cost every page that is opened a subscription,
// and each reconnection all of them.

const (
	// listenFor is how long a silent subscription is listened to before the server is asked for a sign of life, and silentAtMost how often that is in
	// vain before the connection counts as dead.
	listenFor    = time.Second
	silentAtMost = 3
	// subscribeWithin bounds opening the connection, as far as the client lets it.
	subscribeWithin = 3 * time.Second
)

var errSilent = errors.New("the subscription's connection is dead: no answer to a ping")

// channel is where adds are told.
func (s *RedisStore) channel() string { return s.prefix[:len(s.prefix)-len("{")] + "wake" }

// wakeKey returns the hash that stands for the session in keys.
func (s *RedisStore) wakeKey(session string) string {
	return s.key(session, "")[len(s.prefix):][:22]
}

// Watch tells open pages when messages are added, by any process, as [Store] describes it; it names sessions by the hash that their keys have, with a "}" before it if their open pages
// are to ask again whose they are. It holds one
// connection, which it gives up when the server falls silent. With a client for a ring of servers it returns nil at once.
func (s *RedisStore) Watch(ctx context.Context, wake func(session string)) error {
	if _, ring := s.client.(*redis.Ring); ring {
		return nil // its servers do not tell each other
	}
	subscription := s.anyServer().Subscribe(ctx) // to nothing yet, so nothing is sent
	defer subscription.Close()
	defer context.AfterFunc(ctx, func() { subscription.Close() })()

	opening, cancel := context.WithTimeout(ctx, subscribeWithin)
	defer cancel()
	if err := subscription.Subscribe(opening, s.channel()); err != nil {
		return s.failed("watch", err)
	}
	for silent := 0; ; {
		reply, err := subscription.ReceiveTimeout(ctx, listenFor)
		if ctx.Err() != nil {
			return s.failed("watch", ctx.Err())
		}
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			if silent++; silent > silentAtMost {
				return s.failed("watch", errSilent)
			}
			err = subscription.Ping(ctx)
		case err == nil:
			silent = 0
		}
		if err != nil {
			return s.failed("watch", err)
		}
		switch reply := reply.(type) {
		case *redis.Subscription:
			s.mayPublish(ctx)
			wake("")
		case *redis.Message:
			hash, view, ok := strings.Cut(strings.TrimPrefix(reply.Payload, s.prefix), "}")
			if ok && view == "" { // no key ends like that
				hash = endMark + hash
			}
			if ok {
				wake(hash)
			}
		}
	}
}

// tellEnd has all processes end the streams of a session.
func (s *RedisStore) tellEnd(ctx context.Context, session string) error {
	if _, ring := s.client.(*redis.Ring); ring {
		return nil
	}
	told := newOnce(ctx, 1, "publish", s.channel(), s.prefix+s.wakeKey(session)+"}")
	if err := s.client.Process(ctx, told); err != nil {
		return s.failed("publish", err)
	}
	return nil
}

// anyServer returns a client to subscribe at. In a cluster any server will do, and another one each time, since the last one may be frozen.
func (s *RedisStore) anyServer() redis.UniversalClient {
	if s.cluster == nil {
		return s.client
	}
	server, err := s.cluster.MasterForKey(ended, strconv.Itoa(rand.IntN(1<<20)))
	if err != nil { // the client has not yet seen the slots
		return s.client
	}
	return server
}

// mayPublish reports where the rights do not suffice for what add.lua does in passing, and passes over.
func (s *RedisStore) mayPublish(ctx context.Context) {
	if err := s.client.Process(ctx, newOnce(ctx, 1, "publish", s.channel(), "")); redis.HasErrorPrefix(err, "NOPERM") {
		s.report(ctx, s.failed("publish", err))
	}
}
