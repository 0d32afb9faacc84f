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
	"github.com/flashgin/flashgin/internal/refusal"
)

// add.lua publishes the Redis key of each add on one channel of the App, in one step with the add.
// The servers of a cluster tell each other. With a channel for each session, each open page would
// need a subscription, and each reconnection would subscribe all of them again.

const (
	// After listenFor without a word, Watch pings the server. After silentAtMost pings without an
	// answer, the connection counts as dead.
	listenFor    = time.Second
	silentAtMost = 3
	// subscribeWithin bounds opening the connection, as far as the client lets it.
	subscribeWithin = 3 * time.Second
)

var errSilent = errors.New("the subscription's connection is dead: no answer to a ping")

// Name implements queue.Watcher: it returns the hash of session that is in the Redis keys.
func (s *Store[T]) Name(session string) string { return queue.Hash(session) }

// TellAll makes Add publish quiet adds, too, on a channel of their own, and Watch hear of them.
// Call it before Watch.
func (s *Store[T]) TellAll() { s.tells.Store(true) }

// channel returns where an add is published, or "".
func (s *Store[T]) channel(quietly bool) string {
	switch {
	case !quietly:
		return s.names.Channel()
	case s.tells.Load():
		return s.names.Quiet()
	}
	return ""
}

// Watch implements queue.Watcher. It holds one connection, and gives it up when the server falls
// silent. With a client for a ring of servers it returns nil at once.
func (s *Store[T]) Watch(ctx context.Context, wake func(queue.Wake)) error {
	if _, ring := s.client.(*redis.Ring); ring {
		return nil // its servers do not tell each other
	}
	subscription := s.anyServer().Subscribe(ctx) // to nothing yet, so nothing is sent
	defer subscription.Close()
	defer context.AfterFunc(ctx, func() { subscription.Close() })()

	opening, cancel := context.WithTimeout(ctx, subscribeWithin)
	defer cancel()
	channels := []string{s.names.Channel(), s.channel(true)}
	if channels[1] == "" {
		channels = channels[:1]
	}
	if err := subscription.Subscribe(opening, channels...); err != nil {
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
			if reply.Count == len(channels) {
				s.mayPublish(ctx)
				wake(queue.Wake{})
			}
		case *redis.Message:
			// A hook of the client may give Redis keys a prefix of its own.
			_, name, _ := strings.Cut(reply.Payload, s.names.Prefix())
			hash, view, ok := strings.Cut(name, "}")
			if ok { // a Redis key goes on, but not what TellEnd publishes
				quiet := reply.Channel != channels[0]
				wake(queue.Wake{Name: hash, Ends: view == "", Quiet: quiet})
			}
		}
	}
}

// TellEnd implements queue.Ender.
func (s *Store[T]) TellEnd(ctx context.Context, session string) error {
	if _, ring := s.client.(*redis.Ring); ring {
		return nil
	}
	told := lua.NewOnce(ctx, 1, "publish", s.names.Channel(), s.names.Prefix()+s.Name(session)+"}")
	if err := s.client.Process(ctx, told); err != nil {
		return s.failed("publish", err)
	}
	return nil
}

// anyServer returns a client for a subscription. In a cluster any server will do. Watch gets
// another one each time, because the last one may be frozen.
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

// mayPublish reports if add.lua has no right to publish. The script itself ignores that error.
func (s *Store[T]) mayPublish(ctx context.Context) {
	told := lua.NewOnce(ctx, 1, "publish", s.names.Channel(), "")
	if err := s.client.Process(ctx, told); refusal.Of(err) == refusal.NotPermitted {
		s.Report(ctx, s.failed("publish", err))
	}
}
