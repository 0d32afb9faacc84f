package lua

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/queue"
)

// Ping pings the server until a connection is open. go-redis sees by itself that an idle connection
// was closed, but not with TLS: after a restart of the server its pool is full of them.
func Ping(ctx context.Context, client redis.UniversalClient) (err error) {
	for range client.PoolStats().IdleConns + 1 {
		if err = client.Process(ctx, NewOnce(ctx, 0, "ping")); !queue.IsClosed(err) {
			return err
		}
	}
	return err
}

// drain takes closed connections out of the pool of the server that has a Redis key. A call fails
// with one of them, because what was sent may have been executed; the next calls should not. Who
// would miss it: users of a Redis behind TLS, each time it restarts or ends idle connections.
func drain(ctx context.Context, client redis.UniversalClient, key string) {
	if cluster, ok := client.(*redis.ClusterClient); ok {
		master, err := cluster.MasterForKey(ctx, key)
		if err != nil {
			return
		}
		client = master
	}
	_ = Ping(ctx, client)
}
