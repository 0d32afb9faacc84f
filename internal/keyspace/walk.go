package keyspace

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Walk calls step with the Redis keys that match pattern, some at a time: those of the server, or
// of every master of a cluster or shard of a ring, each in a goroutine of its own. Each step of a
// server looks at about atOnce Redis keys, and between steps the server serves other clients. Step
// is also called without Redis keys, if none of those that were looked at match.
//
// A Redis key that exists all the time is found. While slots move, it may be found twice.
func Walk(
	ctx context.Context, client redis.UniversalClient, pattern string, atOnce int64,
	step func(ctx context.Context, keys []string) error,
) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return Each(ctx, client, func(ctx context.Context, server redis.UniversalClient) error {
		for cursor := uint64(0); ; {
			keys, next, err := server.Scan(ctx, cursor, pattern, atOnce).Result()
			if err != nil {
				return err
			}
			if err := step(ctx, keys); err != nil || next == 0 {
				return err
			}
			cursor = next
		}
	})
}

// Each calls do with each server that has Redis keys of its own: with the client, if it has one.
func Each(
	ctx context.Context, client redis.UniversalClient,
	do func(context.Context, redis.UniversalClient) error,
) error {
	one := func(ctx context.Context, server *redis.Client) error { return do(ctx, server) }
	switch client := client.(type) {
	case *redis.ClusterClient:
		return client.ForEachMaster(ctx, one)
	case *redis.Ring:
		return client.ForEachShard(ctx, one)
	}
	return do(ctx, client)
}
