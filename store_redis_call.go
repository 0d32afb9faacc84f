package flashgin

import (
	"context"
	"crypto/sha1"
	"embed"
	"encoding/hex"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// A redisScript runs at one address, a sorted set. Scripts of several keys fail while a cluster moves their slot, so the two that can run at several addresses,
// claim.lua and peek.lua, get one in a cluster. At a single server they get all three of a page: that costs it 1.3 times what three ZPOPMIN cost, and a
// pipeline of scripts for one key each 1.7 times (bench -part redis).
type redisScript struct{ source, sha string }

//go:embed redis
var redisSources embed.FS

var (
	addScript        = newRedisScript("add.lua")
	claimScript      = newRedisScript("claim.lua")
	confirmScript    = newRedisScript("confirm.lua")
	confirmOneScript = newRedisScript("confirm_one.lua")
	releaseScript    = newRedisScript("release.lua")
	peekScript       = newRedisScript("peek.lua")
	withdrawScript   = newRedisScript("withdraw.lua")
	purgeScript      = newRedisScript("purge.lua")
	viewsScript      = newRedisScript("views.lua")
	dropScript       = newRedisScript("drop.lua")
)

func newRedisScript(name string) *redisScript {
	source := strings.ReplaceAll(redisSource(name), "$VERSION", strconv.Itoa(encodingVersion))
	sum := sha1.Sum([]byte(source)) // the name by which EVALSHA knows it
	return &redisScript{source, hex.EncodeToString(sum[:])}
}

var redisInclude = regexp.MustCompile(`(?m)^ *--include (.+)\n`)

// redisSource returns the file with those that it includes.
func redisSource(name string) string {
	text, err := redisSources.ReadFile("redis/" + name)
	if err != nil {
		panic(err)
	}
	return redisInclude.ReplaceAllStringFunc(string(text), func(line string) string {
		return redisSource(redisInclude.FindStringSubmatch(line)[1])
	})
}

// A redisCall is one run of a script.
type redisCall struct {
	args []any // of the command: EVALSHA, the script's name, the number of keys, the keys, the arguments
	*redisScript
	views []string // whose addresses the keys are, of a call that reads
	cmd   *redis.Cmd
}

// call prepares a run at an address, or at several.
func (script *redisScript) call(keys ...string) *redisCall {
	call := &redisCall{redisScript: script, args: make([]any, 0, 3+len(keys)+7)}
	call.append("evalsha", script.sha, len(keys))
	for _, key := range keys {
		call.append(key)
	}
	return call
}

func (call *redisCall) append(args ...any) *redisCall {
	call.args = append(call.args, args...)
	return call
}

// key is the first of its keys.
func (call *redisCall) key() string { return call.args[3].(string) }

// view is the last part of its key, as it is escaped there.
func (call *redisCall) view(mailbox string) string { return strings.TrimPrefix(call.key(), mailbox) }

// once is a command that go-redis does not send again when the reply is lost: it may have been executed. It does go where MOVED and ASK point,
// since these mean that it was not.
type once struct{ *redis.Cmd }

func (once) NoRetry() bool { return true }

// command returns the command for the next attempt: the script by name, or in full.
func (call *redisCall) command(ctx context.Context, inFull bool) once {
	args := call.args
	if inFull {
		args = append([]any{"eval", call.source}, args[2:]...)
	}
	cmd := newOnce(ctx, 3, args...)
	call.cmd = cmd.Cmd
	return cmd
}

// newOnce returns any command, whose first key is the argument of that number.
func newOnce(ctx context.Context, key int8, args ...any) once {
	cmd := redis.NewCmd(ctx, args...)
	// Otherwise the client asks a server of the cluster for this, under a lock for all calls.
	cmd.SetFirstKeyPos(key)
	cmd.SetStepCount(1)
	return once{cmd}
}

// err returns the error of a call whose reply may be empty.
func (call *redisCall) err() error {
	if err := call.cmd.Err(); !errors.Is(err, redis.Nil) {
		return err
	}
	return nil
}

// A redisOrder is how calls are sent together, in one round trip.
type redisOrder int

const (
	// apart is for a page, which waits: in a cluster each call goes by itself, since a pipeline pauses before it follows ASK.
	apart redisOrder = iota
	// together is one pipeline. Calls that are sent again come later than others.
	together
	// inOrder is one pipeline in which no script can be unknown, so that nothing has to be sent again.
	inOrder
)

// send runs the calls, each once, and in a second round trip those whose script the server did not know: after a restart, a failover, or at a server
// to which the slot has moved. The error is that of a context that has ended before; then nothing was sent. All other errors are left in
// the calls.
func (s *RedisStore) send(ctx context.Context, calls []*redisCall, order redisOrder) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.attempt(ctx, calls, order, order == inOrder && len(calls) > 1)
	var unknown []*redisCall
	for _, call := range calls {
		if redis.HasErrorPrefix(call.cmd.Err(), "NOSCRIPT") {
			unknown = append(unknown, call)
		}
	}
	s.attempt(ctx, unknown, order, true)
	return nil
}

func (s *RedisStore) attempt(ctx context.Context, calls []*redisCall, order redisOrder, inFull bool) {
	switch {
	case len(calls) == 0:
	case len(calls) == 1:
		_ = s.client.Process(ctx, calls[0].command(ctx, inFull))
	case s.cluster != nil && order == apart:
		var group sync.WaitGroup
		for _, call := range calls {
			cmd := call.command(ctx, inFull)
			group.Go(func() { _ = s.client.Process(ctx, cmd) })
		}
		group.Wait()
	default:
		pipeline := s.client.Pipeline()
		for _, call := range calls {
			_ = pipeline.Process(ctx, call.command(ctx, inFull))
		}
		_, _ = pipeline.Exec(ctx)
	}
}
