// Package lua runs scripts in Redis. It sends each call once, and several in one round trip. It
// calls a script by its hash, and sends the source to a server that does not know the hash. It does
// not know what the scripts do.
package lua

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/refusal"
)

// A Script is what Redis runs. It is read when it is first called: programs that never do, because
// they keep messages elsewhere, need not read it when they start.
type Script struct{ text func() text }

type text struct{ source, sha string }

var include = regexp.MustCompile(`(?m)^ *--include (.+)\n`)

// Load returns a script from files, which are part of the program. A line "--include FILE" stands
// for that file. Load replaces the first word of each pair in replaced by the second.
func Load(files fs.FS, name string, replaced ...string) *Script {
	return &Script{sync.OnceValue(func() text {
		source := strings.NewReplacer(replaced...).Replace(read(files, name))
		sum := sha1.Sum([]byte(source)) // the name by which EVALSHA knows it
		return text{source, hex.EncodeToString(sum[:])}
	})}
}

func read(files fs.FS, name string) string {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		panic(err)
	}
	return include.ReplaceAllStringFunc(string(text), func(line string) string {
		return read(files, include.FindStringSubmatch(line)[1])
	})
}

// A Call is one run of a script.
type Call struct {
	Script *Script
	Names  []string   // for the caller: its names of the Redis keys
	Cmd    *redis.Cmd // with the reply, after Send
	args   []any      // of EVALSHA
}

// Call prepares a run of the script with Redis keys.
func (script *Script) Call(keys ...string) *Call {
	call := &Call{Script: script, args: make([]any, 0, 3+len(keys)+7)}
	call.Append("evalsha", script.text().sha, len(keys))
	for _, key := range keys {
		call.Append(key)
	}
	return call
}

// Append adds arguments, and returns the call.
func (call *Call) Append(args ...any) *Call {
	call.args = append(call.args, args...)
	return call
}

// Key returns the first Redis key.
func (call *Call) Key() string { return call.args[3].(string) }

// Err returns the error of the call. An empty reply is no error.
func (call *Call) Err() error {
	if err := call.Cmd.Err(); !errors.Is(err, redis.Nil) {
		return err
	}
	return nil
}

// command returns the command for the next attempt: the script by its hash, or in full.
func (call *Call) command(ctx context.Context, inFull bool) Once {
	args := slices.Clone(call.args) // a hook of the client may change them
	if inFull {
		args = append([]any{"eval", call.Script.text().source}, args[2:]...)
	}
	cmd := NewOnce(ctx, 3, args...)
	call.Cmd = cmd.Cmd
	return cmd
}

// Once is a command that go-redis does not send again if the reply is lost, because the server may
// have executed it. go-redis still follows MOVED and ASK: then the server has executed nothing.
type Once struct{ *redis.Cmd }

// NoRetry tells go-redis not to send the command again.
func (Once) NoRetry() bool { return true }

// NewOnce returns a command. Its first Redis key is the argument with that number.
func NewOnce(ctx context.Context, key int8, args ...any) Once {
	cmd := redis.NewCmd(ctx, args...)
	// Without this the client asks a server of the cluster, under a lock for all calls.
	cmd.SetFirstKeyPos(key)
	cmd.SetStepCount(1)
	return Once{cmd}
}

// An Order is how calls are sent together, in one round trip.
type Order int

const (
	// Apart is for a page, which waits. In a cluster each call goes by itself, because a pipeline
	// pauses before it follows ASK.
	Apart Order = iota
	// Together is one pipeline. Calls of scripts that are unknown run later than the others.
	Together
	// InOrder is one pipeline with the sources of the scripts, so the calls run in order.
	InOrder
)

// Send runs the calls, each once. Then it sends the sources of the scripts that a server did not
// know: after a restart, a failover, or if a slot has moved. If ctx has ended before, Send sends
// nothing and returns the error of ctx. All other errors are in the calls.
func Send(ctx context.Context, client redis.UniversalClient, calls []*Call, order Order) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	attempt(ctx, client, calls, order, order == InOrder && len(calls) > 1)
	for _, call := range calls {
		if queue.IsClosed(call.Cmd.Err()) {
			drain(ctx, client, call.Key())
			break
		}
	}
	var unknown []*Call
	for _, call := range calls {
		if refusal.Of(call.Cmd.Err()) == refusal.UnknownScript {
			unknown = append(unknown, call)
		}
	}
	attempt(ctx, client, unknown, order, true)
	return nil
}

func attempt(
	ctx context.Context, client redis.UniversalClient, calls []*Call, order Order, inFull bool,
) {
	_, cluster := client.(*redis.ClusterClient)
	switch {
	case len(calls) == 0:
	case len(calls) == 1:
		_ = client.Process(ctx, calls[0].command(ctx, inFull))
	case cluster && order == Apart:
		var group sync.WaitGroup
		for _, call := range calls {
			cmd := call.command(ctx, inFull)
			group.Go(func() { _ = client.Process(ctx, cmd) })
		}
		group.Wait()
	default:
		pipeline := client.Pipeline()
		for _, call := range calls {
			_ = pipeline.Process(ctx, call.command(ctx, inFull))
		}
		_, err := pipeline.Exec(ctx)
		if err == nil {
			return
		}
		for _, call := range calls {
			if call.Cmd.Err() == nil && call.Cmd.Val() == nil {
				call.Cmd.SetErr(err) // a hook of the client has not sent it
			}
		}
	}
}
