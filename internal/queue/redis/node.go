package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/lua"
)

// nodesAtMost is how many masters a store remembers: more than a cluster has, even after all its
// servers have moved. At this number the store forgets all masters, and learns those in use again.
const nodesAtMost = 2000

// ended is a context that has ended. With it go-redis answers from memory, not from the network.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// Node implements queue.Nodes: it returns the network address of the master that keeps the items of
// session. It returns "" if there is one server, and until the client knows the cluster's slots.
func (s *Store[T]) Node(session string) string {
	if s.cluster == nil {
		return ""
	}
	master, err := s.cluster.MasterForKey(ended, s.Key(session, ""))
	if err != nil {
		return ""
	}
	name := master.Options().Addr
	if known, ok := s.nodes.Load(name); !ok || known != master {
		if s.stored.Add(1)%nodesAtMost == 0 {
			s.nodes.Clear()
		}
		s.nodes.Store(name, master)
	}
	return name
}

// PingNode implements queue.Nodes. A server that has left the cluster concerns no page any more, so
// another server may answer for it.
func (s *Store[T]) PingNode(ctx context.Context, name string) error {
	master, ok := s.nodes.Load(name)
	if !ok {
		return s.Ping(ctx)
	}
	err := s.ping(ctx, master.(*redis.Client))
	if errors.Is(err, redis.ErrClosed) { // go-redis closes it when a server has left the cluster
		s.nodes.Delete(name)
		return s.Ping(ctx)
	}
	return err
}

func (s *Store[T]) ping(ctx context.Context, client redis.UniversalClient) error {
	if err := ctx.Err(); err != nil {
		return s.failed("ping", err)
	}
	answer := make(chan error, 1)
	go func() { answer <- lua.Ping(ctx, client) }() // ends by the client's own time-outs
	select {
	case err := <-answer:
		return s.failed("ping", err)
	case <-ctx.Done():
		return s.failed("ping", fmt.Errorf("no answer: %w", ctx.Err()))
	}
}
