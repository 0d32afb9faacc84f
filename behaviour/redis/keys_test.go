package redis_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/refusal"
)

// A client for one server may be given a server of a cluster. While the slot moves, that server
// refuses the script for all keys of a page; what it still has is shown nevertheless.
func TestRedisTryAgain(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3)
	p := newRedisProbe(t, cluster.Client())
	p.add("/a", "stayed", "stayed as well")
	p.add("/b", "moved")
	var home int
	var moves string
	for i, server := range cluster.Servers {
		for _, key := range apptest.KeysAt(t, server.Client()) {
			if strings.HasSuffix(key, ":/b") {
				home, moves = i, key
			}
		}
	}
	plain := newRedisProbe(t, cluster.Servers[home].Client())
	plain.session = p.session
	migration := cluster.Migrate(cluster.SlotOf(moves), home, (home+1)%3)
	migration.Import()
	migration.Begin()
	migration.Move(moves)
	refused := cluster.Servers[home].Client().Eval(t.Context(), "return 1",
		[]string{moves, strings.TrimSuffix(moves, "b") + "a"}).Err()
	require.True(t, refusal.Of(refused).RefusesSeveralKeys(), "what this test is about: %v",
		refused)

	views := []string{"/a", "/b", flashgin.Anywhere}
	assert.Equal(t, []string{"stayed", "stayed as well"}, plain.peek(views...))
	claim := plain.claim(views...)
	assert.Equal(t, []string{"stayed", "stayed as well"}, apptest.Texts(claim.Messages))
	plain.confirm(claim)
	reported := strings.Join(plain.reported(), "\n")
	assert.Contains(t, reported, "claim of some views: ASK")
	assert.Contains(t, reported, "peek of some views: ASK")

	// the IDs that are remembered there
	migration.Move(apptest.KeysAt(t, cluster.Servers[home].Client())[0])
	migration.End()
	there := newRedisProbe(t, cluster.Servers[(home+1)%3].Client())
	there.session = p.session
	assert.Equal(t, []string{"moved"}, apptest.Texts(there.claim(views...).Messages))
	assert.Empty(t, there.reported())
}

// Proxies in front of a cluster refuse scripts of several keys altogether. After the first time,
// none is sent any more.
func TestRedisRefusesSeveralKeys(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	for _, refusal := range []string{
		"CROSSSLOT Keys in request don't hash to the same slot",
		"ERR CROSSSLOT Keys in request don't hash to the same slot",
		"ERR eval/evalsha command keys must be in same slot",
	} {
		t.Run(refusal, func(t *testing.T) {
			client := server.Client()
			writes := &countWrites{}
			client.AddHook(writes)
			client.AddHook(refuseSeveralKeys{redisRefusal(refusal)})
			p := newRedisProbe(t, client)
			views := []string{"/a", "/b", flashgin.Anywhere}
			p.add("/b", "second")
			p.add("/a", "third")
			assert.Equal(t, []string{"second", "third"}, p.peek(views...))
			writes.n = 0
			claim := p.claim(views...)
			assert.Equal(t, []string{"second", "third"}, apptest.Texts(claim.Messages))
			p.release(claim)
			writes.n = 0
			assert.Len(t, p.claim(views...).Messages, 2)
			assert.Equal(t, 1, writes.n, "round trips, once it is known")
			assert.Empty(t, p.reported())
		})
	}
	t.Run("another error", func(t *testing.T) {
		client := server.Client()
		client.AddHook(refuseSeveralKeys{
			redisRefusal("OOM command not allowed when used memory > 'maxmemory'"),
		})
		p := newRedisProbe(t, client)
		_, err := p.store.Claim(t.Context(), p.session, []string{"/a", "/b"}, time.Minute)
		requireRefused(t, refusal.OutOfMemory, err, "what is no refusal of keys is not sent again")
	})
}

// A server of Redis 6.2 or before says ASK for several keys of a slot that moves, where later ones
// say TRYAGAIN. A plain client then reads what this server still has, too.
func TestRedisAskForSeveralKeys(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client()
	client.AddHook(refuseSeveralKeys{"ASK 8000 127.0.0.1:1"})
	p := newRedisProbe(t, client)
	p.add("/a", "stayed")
	views := []string{"/a", "/b", flashgin.Anywhere}
	assert.Equal(t, []string{"stayed"}, p.peek(views...))
	assert.Equal(t, []string{"stayed"}, apptest.Texts(p.claim(views...).Messages))
}

// rewordErrors gives errors with the code the words of another server.
type rewordErrors struct {
	code string
	said redisRefusal
}

func (rewordErrors) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r rewordErrors) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if err != nil && strings.Contains(err.Error(), r.code) {
			cmd.SetErr(r.said)
			return r.said
		}
		return err
	}
}

func (r rewordErrors) ProcessPipelineHook(
	next redis.ProcessPipelineHook,
) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			if err := cmd.Err(); err != nil && strings.Contains(err.Error(), r.code) {
				cmd.SetErr(r.said)
			}
		}
		return err
	}
}

// redisRefusal is an error as a server sends it.
type redisRefusal string

func (e redisRefusal) Error() string { return string(e) }
func (redisRefusal) RedisError()     {}

// refuseSeveralKeys is a proxy that answers scripts of several keys itself.
type refuseSeveralKeys struct{ err redisRefusal }

func (refuseSeveralKeys) DialHook(next redis.DialHook) redis.DialHook { return next }

func (r refuseSeveralKeys) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if args := cmd.Args(); strings.HasPrefix(cmd.Name(), "eval") && args[2] != 1 {
			cmd.SetErr(r.err)
			return r.err
		}
		return next(ctx, cmd)
	}
}

func (r refuseSeveralKeys) ProcessPipelineHook(
	next redis.ProcessPipelineHook,
) redis.ProcessPipelineHook {
	return next
}
