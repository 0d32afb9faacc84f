package redis

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/lua"
	"github.com/flashgin/flashgin/internal/queue"
)

// Each add publishes its address, which is the name of a key, on one channel of the App: add.lua does, so it happens when the message is there and
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
func (s *Store[T]) channel() string { return s.prefix[:len(s.prefix)-len("{")] + "wake" }

// Name returns the hash that stands for the session in keys.
func (s *Store[T]) Name(session string) string {
	return s.key(session, "")[len(s.prefix):][:22]
}

// Watch tells open pages when messages are added, by any process, as [Store] describes it; it names sessions by the hash that their keys have, with a "}" before it if their open pages
// are to ask again whose they are. It holds one
// connection, which it gives up when the server falls silent. With a client for a ring of servers it returns nil at once.
func (s *Store[T]) Watch(ctx context.Context, wake func(queue.Wake)) error {
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
			wake(queue.Wake{})
		case *redis.Message:
			hash, view, ok := strings.Cut(strings.TrimPrefix(reply.Payload, s.prefix), "}")
			if ok { // the key of an address goes on; see TellEnd
				wake(queue.Wake{Name: hash, Ends: view == ""})
			}
		}
	}
}

// TellEnd has all processes end the streams of a session.
func (s *Store[T]) TellEnd(ctx context.Context, session string) error {
	if _, ring := s.client.(*redis.Ring); ring {
		return nil
	}
	told := lua.NewOnce(ctx, 1, "publish", s.channel(), s.prefix+s.Name(session)+"}")
	if err := s.client.Process(ctx, told); err != nil {
		return s.failed("publish", err)
	}
	return nil
}

// anyServer returns a client to subscribe at. In a cluster any server will do, and another one each time, since the last one may be frozen.
func (s *Store[T]) anyServer() redis.UniversalClient {
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
func (s *Store[T]) mayPublish(ctx context.Context) {
	if err := s.client.Process(ctx, lua.NewOnce(ctx, 1, "publish", s.channel(), "")); redis.HasErrorPrefix(err, "NOPERM") {
		s.Report(ctx, s.failed("publish", err))
	}
}
