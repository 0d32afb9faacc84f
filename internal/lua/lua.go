// Package lua runs scripts in Redis: each call once, several in one round trip, and by name, until
// a server does not know the name. It does not know what the scripts do.
package lua

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// A Script is what Redis runs.
type Script struct{ source, sha string }

var include = regexp.MustCompile(`(?m)^ *--include (.+)\n`)

// Load returns a script of files, which are part of the program. A line "--include FILE" stands for
// that file. replaced are pairs of words.
func Load(files fs.FS, name string, replaced ...string) *Script {
	source := strings.NewReplacer(replaced...).Replace(read(files, name))
	sum := sha1.Sum([]byte(source)) // the name by which EVALSHA knows it
	return &Script{source, hex.EncodeToString(sum[:])}
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
	Names  []string   // what its keys are called by whoever made it
	Cmd    *redis.Cmd // the reply, once it was sent
	args   []any      // of EVALSHA
}

// Call prepares a run with keys.
func (script *Script) Call(keys ...string) *Call {
	call := &Call{Script: script, args: make([]any, 0, 3+len(keys)+7)}
	call.Append("evalsha", script.sha, len(keys))
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

// Key returns the first key.
func (call *Call) Key() string { return call.args[3].(string) }

// Err returns the error of a call whose reply may be empty.
func (call *Call) Err() error {
	if err := call.Cmd.Err(); !errors.Is(err, redis.Nil) {
		return err
	}
	return nil
}

// command returns the command for the next attempt: the script by name, or in full.
func (call *Call) command(ctx context.Context, inFull bool) Once {
	args := call.args
	if inFull {
		args = append([]any{"eval", call.Script.source}, args[2:]...)
	}
	cmd := NewOnce(ctx, 3, args...)
	call.Cmd = cmd.Cmd
	return cmd
}

// Once is a command that go-redis does not send again when the reply is lost: it may have been
// executed. It does go where MOVED and ASK point, since these mean that it was not.
type Once struct{ *redis.Cmd }

// NoRetry is what go-redis asks.
func (Once) NoRetry() bool { return true }

// NewOnce returns a command, whose first key is the argument of that number.
func NewOnce(ctx context.Context, key int8, args ...any) Once {
	cmd := redis.NewCmd(ctx, args...)
	// Otherwise the client asks a server of the cluster for this, under a lock for all calls.
	cmd.SetFirstKeyPos(key)
	cmd.SetStepCount(1)
	return Once{cmd}
}

// An Order is how calls are sent together, in one round trip.
type Order int

const (
	// Apart is for a page, which waits: in a cluster each call goes by itself, since a pipeline
	// pauses before it follows ASK.
	Apart Order = iota
	// Together is one pipeline. Calls that are sent again come later than others.
	Together
	// InOrder is one pipeline in which no script can be unknown, so that nothing has to be sent
	// again.
	InOrder
)

// Send runs the calls, each once, and in a second round trip those whose script the server did not
// know: after a restart, a failover, or at a server to which the slot has moved. The error is that
// of a context that has ended before; then nothing was sent. All other errors are left in the calls.
func Send(ctx context.Context, client redis.UniversalClient, calls []*Call, order Order) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	attempt(ctx, client, calls, order, order == InOrder && len(calls) > 1)
	var unknown []*Call
	for _, call := range calls {
		if redis.HasErrorPrefix(call.Cmd.Err(), "NOSCRIPT") {
			unknown = append(unknown, call)
		}
	}
	attempt(ctx, client, unknown, order, true)
	return nil
}

func attempt(ctx context.Context, client redis.UniversalClient, calls []*Call, order Order, inFull bool) {
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
		_, _ = pipeline.Exec(ctx)
	}
}
