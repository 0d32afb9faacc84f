package redis

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/lua"
)

// nodesAtMost bounds the addresses of masters that are known: more than a cluster has, even if all
// its servers have changed theirs. Then all are forgotten, and those still in use come again.
const nodesAtMost = 2000

// ended is a context that has ended. With it go-redis answers from what it knows and never from the network.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// Node returns the address of the master that keeps the messages of session, so that the guard can tell which pages a server that hangs
// concerns: the empty string where there is one server, or as long as the client has not yet seen the slots of the cluster. It does not wait.
func (s *Store[T]) Node(session string) string {
	if s.cluster == nil {
		return ""
	}
	master, err := s.cluster.MasterForKey(ended, s.key(session, ""))
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

// PingNode reports whether the server that Node named answers. One that has left the cluster concerns no page any more, and counts as well.
func (s *Store[T]) PingNode(ctx context.Context, name string) error {
	master, ok := s.nodes.Load(name)
	if !ok {
		return s.Ping(ctx)
	}
	err := s.ping(ctx, master.(*redis.Client))
	if errors.Is(err, redis.ErrClosed) { // go-redis closes the clients of servers that are not in the cluster
		s.nodes.Delete(name)
		return s.Ping(ctx)
	}
	return err
}

func (s *Store[T]) ping(ctx context.Context, client redis.UniversalClient) error {
	if err := ctx.Err(); err != nil {
		return s.failed("ping", err)
	}
	cmd := lua.NewOnce(ctx, 0, "ping")
	answer := make(chan error, 1)
	go func() { answer <- client.Process(ctx, cmd) }() // ends by the client's own time-outs
	select {
	case err := <-answer:
		return s.failed("ping", err)
	case <-ctx.Done():
		return s.failed("ping", fmt.Errorf("no answer: %w", ctx.Err()))
	}
}
