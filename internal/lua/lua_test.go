package lua

import (
	"context"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLoadReplacesIncludesAndWords(t *testing.T) {
	files := fstest.MapFS{
		"main.lua":  {Data: []byte("local a = $ONE\n  --include inner.lua\nreturn a\n")},
		"inner.lua": {Data: []byte("a = a + $TWO\n")},
	}
	script := Load(files, "main.lua", "$ONE", "1", "$TWO", "2")
	assert.Equal(t, "local a = 1\na = a + 2\nreturn a\n", script.text().source)
	assert.Panics(t, func() { Load(files, "missing.lua").text() })
}

// sent notes the names of the commands of each round trip.
type sent struct{ trips [][]string }

func (s *sent) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *sent) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s.trips = append(s.trips, []string{cmd.Name()})
		return next(ctx, cmd)
	}
}

func (s *sent) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		var names []string
		for _, cmd := range cmds {
			names = append(names, cmd.Name())
		}
		s.trips = append(s.trips, names)
		return next(ctx, cmds)
	}
}

// take returns the round trips since the last call.
func (s *sent) take() [][]string {
	trips := s.trips
	s.trips = nil
	return trips
}

// A script goes by its hash, and in full to a server that does not know the hash.
func TestSend(t *testing.T) {
	push := Load(fstest.MapFS{
		"push.lua": {Data: []byte("redis.call('RPUSH', KEYS[1], ARGV[1])\nreturn ARGV[1]\n")},
	}, "push.lua")
	nothing := Load(fstest.MapFS{"nothing.lua": {Data: []byte("return\n")}}, "nothing.lua")
	var (
		byHash, inFull = []string{"evalsha"}, []string{"eval"}
		twoByHash      = []string{"evalsha", "evalsha"}
		twoInFull      = []string{"eval", "eval"}
	)
	for _, test := range []struct {
		name  string
		calls int
		order Order
		// What is sent to a server that does not know the script; and later.
		unknown, then [][]string
	}{
		{"one", 1, Apart, [][]string{byHash, inFull}, [][]string{byHash}},
		{"one, in order", 1, InOrder, [][]string{byHash, inFull}, [][]string{byHash}},
		{"two", 2, Apart, [][]string{twoByHash, twoInFull}, [][]string{twoByHash}},
		{"two, together", 2, Together, [][]string{twoByHash, twoInFull}, [][]string{twoByHash}},
		{"two, in order", 2, InOrder, [][]string{twoInFull}, [][]string{twoInFull}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, commands := miniredis.RunT(t), new(sent)
			client := redis.NewClient(&redis.Options{Addr: server.Addr()})
			t.Cleanup(func() { _ = client.Close() })
			require.NoError(t, client.Ping(t.Context()).Err()) // opens the connection
			client.AddHook(commands)
			send := func() {
				var calls []*Call
				for i := range test.calls {
					calls = append(calls, push.Call("list").Append(i))
				}
				require.NoError(t, Send(t.Context(), client, calls, test.order))
				for i, call := range calls {
					n, err := call.Cmd.Int()
					require.NoError(t, err)
					assert.Equal(t, i, n)
					assert.Equal(t, "list", call.Key())
				}
			}
			send()
			assert.Equal(t, test.unknown, commands.take())
			send()
			assert.Equal(t, test.then, commands.take())
			got, err := server.List("list")
			require.NoError(t, err)
			assert.Equal(t, slices.Repeat([]string{"0", "1"}[:test.calls], 2), got)

			empty := nothing.Call("list")
			require.NoError(t, Send(t.Context(), client, []*Call{empty}, Apart))
			assert.ErrorIs(t, empty.Cmd.Err(), redis.Nil)
			assert.NoError(t, empty.Err())
			commands.take()

			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err = Send(ctx, client, []*Call{push.Call("list").Append("x")}, test.order)
			assert.ErrorIs(t, err, context.Canceled)
			assert.Empty(t, commands.take(), "nothing is sent when the context has ended")
		})
	}
}

func TestReply(t *testing.T) {
	r := NewReply("1 word 3 a bnext ")
	assert.Equal(t, 1, r.Number())
	assert.Equal(t, "word", r.Word())
	assert.Equal(t, "a b", r.Bytes(r.Number()))
	assert.Equal(t, "next", r.Word())
	assert.False(t, r.Left())
	assert.False(t, r.Failed())
	for name, read := range map[string]func(r *Reply){
		"a word without an end": func(r *Reply) { r.Word() },
		"no number":             func(r *Reply) { r.Number() },
		"too many bytes":        func(r *Reply) { r.Bytes(6) },
		"a negative length":     func(r *Reply) { r.Bytes(-1) },
	} {
		r := NewReply("word")
		read(&r)
		assert.True(t, r.Failed(), name)
	}
}
