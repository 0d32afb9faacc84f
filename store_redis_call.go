package flashgin

import (
	"context"
	"crypto/sha1"
	_ "embed"
	"encoding/hex"
	"errors"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// A redisScript runs at one address, a sorted set. Scripts of several keys fail while a cluster moves their slot, so the two that can run at several addresses,
// claim.lua and peek.lua, get one in a cluster; at a single server they get all of a page, which is several times cheaper than a script for each.
type redisScript struct{ source, sha string }

//go:embed redis/member.lua
var memberSource string

//go:embed redis/remember.lua
var rememberSource string

//go:embed redis/add.lua
var addSource string

//go:embed redis/claim.lua
var claimSource string

//go:embed redis/confirm.lua
var confirmSource string

//go:embed redis/release.lua
var releaseSource string

//go:embed redis/peek.lua
var peekSource string

//go:embed redis/withdraw.lua
var withdrawSource string

//go:embed redis/purge.lua
var purgeSource string

var (
	addScript      = newRedisScript(addSource)
	claimScript    = newRedisScript(claimSource)
	confirmScript  = newRedisScript(confirmSource)
	releaseScript  = newRedisScript(releaseSource)
	peekScript     = newRedisScript(peekSource)
	withdrawScript = newRedisScript(withdrawSource)
	purgeScript    = newRedisScript(purgeSource)
)

func newRedisScript(source string) *redisScript {
	source = strings.NewReplacer("--include member.lua\n", memberSource, "--include remember.lua\n", rememberSource).Replace(source)
	sum := sha1.Sum([]byte(source)) // the name by which EVALSHA knows it
	return &redisScript{source, hex.EncodeToString(sum[:])}
}

// A redisCall is one run of a script.
type redisCall struct {
	args []any // of the command: EVALSHA, the script's name, the number of keys, the keys, the arguments
	*redisScript
	cmd *redis.Cmd
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
	call.cmd = redis.NewCmd(ctx, args...)
	// What the client would otherwise ask a server of the cluster for, under a lock for all calls.
	call.cmd.SetFirstKeyPos(3)
	call.cmd.SetStepCount(1)
	return once{call.cmd}
}

// err returns the error of a call whose reply may be empty.
func (call *redisCall) err() error {
	if err := call.cmd.Err(); !errors.Is(err, redis.Nil) {
		return err
	}
	return nil
}

// How calls are sent together, in one round trip.
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

// redisFound is what claim.lua and peek.lua return of one address.
type redisFound struct {
	index      int // of the address among those asked for
	ticket     string
	unreadable int64 // how many more entries there are, or notSortedSet
	entries    []any
	again      int64 // how many of them an earlier claim has let go by its lease
}

const notSortedSet = -1

var errReply = errors.New("redis: a script of flashgin returned something else than it does")

// found returns what the call found at its n addresses.
func (call *redisCall) found(n int) ([]redisFound, error) {
	reply, err := call.cmd.Slice()
	if err != nil {
		return nil, err
	}
	found := make([]redisFound, len(reply))
	for i := range reply {
		at, _ := reply[i].([]any)
		if len(at) != 4 && len(at) != 5 {
			return nil, errReply
		}
		index, ok0 := at[0].(int64)
		ticket, ok1 := at[1].(string)
		unreadable, ok2 := at[2].(int64)
		entries, ok3 := at[3].([]any)
		if !ok0 || !ok1 || !ok2 || !ok3 || index < 1 || index > int64(n) {
			return nil, errReply
		}
		found[i] = redisFound{index: int(index) - 1, ticket: ticket, unreadable: unreadable, entries: entries}
		if len(at) == 5 {
			found[i].again, _ = at[4].(int64)
		}
	}
	return found, nil
}

// messages decodes the entries, which waited at view, and counts those that are not messages.
func (f redisFound) messages(view string) (found []redisEntry, unreadable int64) {
	unreadable = f.unreadable
	for _, data := range f.entries {
		text, _ := data.(string)
		entry, err := decodeRedisEntry(text)
		if err != nil {
			unreadable++
			continue
		}
		entry.ticket, entry.message.View = f.ticket, view
		found = append(found, entry)
	}
	return found, unreadable
}
