package operator_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/operator"
	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/secret"
	"github.com/flashgin/flashgin/internal/testrun"
)

func TestMain(m *testing.M) {
	testrun.Waiting(16)
	os.Exit(m.Run())
}

// A console is what an operator types at, and reads.
type console struct {
	t   *testing.T
	url string
}

// run returns the exit code, and what was written.
func (c console) run(args ...string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	getenv := func(name string) string { return map[string]string{"FLASHGIN_REDIS": c.url}[name] }
	code = operator.Main(c.t.Context(), args, getenv, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// ok is run for a command that succeeds.
func (c console) ok(args ...string) (out string) {
	c.t.Helper()
	code, out, errs := c.run(args...)
	require.Equal(c.t, operator.Done, code, errs)
	return out
}

func objects[T any](t *testing.T, out string) (all []T) {
	t.Helper()
	for line := range strings.Lines(out) {
		var v T
		require.NoError(t, json.Unmarshal([]byte(line), &v), line)
		all = append(all, v)
	}
	return all
}

type row struct{ Session, View, ID, Status, State, Text, Event string }

// An install is an application with a Redis, as it is tried with each kind of server.
type install struct {
	console
	store  *flashgin.RedisStore
	client redis.UniversalClient
}

func onEachKind(t *testing.T, f func(t *testing.T, in install)) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T) (redis.UniversalClient, string){
		"one server": func(t *testing.T) (redis.UniversalClient, string) {
			server := redistest.Start(t)
			return server.Client(), server.Addr()
		},
		"a cluster": func(t *testing.T) (redis.UniversalClient, string) {
			cluster := redistest.StartCluster(t, 3)
			return cluster.Client(), cluster.Addrs()[2]
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, addr := start(t)
			store, err := flashgin.NewRedisStore(client, flashgin.RedisConfig{App: "shop"})
			require.NoError(t, err)
			f(t, install{console{t, "redis://" + addr}, store, client})
		})
	}
}

func (in install) add(session, id, view string, status flashgin.Status) {
	in.t.Helper()
	require.NoError(in.t, in.store.Add(in.t.Context(), session, flashgin.Message{
		View: view, ID: id, Status: status, Text: "a secret text",
	}))
}

func (in install) claim(session, view string) flashgin.Claim {
	in.t.Helper()
	claim, err := in.store.Claim(in.t.Context(), session, []string{view}, time.Minute)
	require.NoError(in.t, err)
	return claim
}

// An operator sees what waits, by the name that the log has for a session, and no text unless he
// asks for it. Looking takes nothing.
func TestWaitingListsWithoutTakingOrTelling(t *testing.T) {
	onEachKind(t, func(t *testing.T, in install) {
		alice := flashgin.SessionHash("alice's key")
		for i := range 20 {
			in.add(fmt.Sprint("session ", i), "other", "/", flashgin.StatusInfo)
		}
		in.add("alice's key", "order-7", "/order/é\x1b[2J", flashgin.StatusError)
		in.add("alice's key", "order-8", "/orders/8", flashgin.StatusSuccess)
		in.claim("alice's key", "/orders/8")

		for _, session := range []string{alice, "alice's key"} {
			found := objects[row](t, in.ok("waiting", "-app", "shop", "-session", session, "-json"))
			assert.ElementsMatch(t, []row{
				{alice, "/order/é\x1b[2J", "order-7", "error", "waits", "", ""},
				{alice, "/orders/8", "order-8", "success", "claimed", "", ""},
			}, found)
			out := in.ok("waiting", "-app", "shop", "-session", session)
			assert.Contains(t, out, alice)
			assert.Contains(t, out, `"/order/é\x1b[2J"`, "it cannot move the cursor")
			assert.NotContains(t, out, "\x1b")
			assert.NotContains(t, out, "secret")
			assert.NotContains(t, out, "alice")
		}
		assert.Len(t, objects[row](t, in.ok("waiting", "-app", "shop", "-json")), 22)
		assert.Len(t, objects[row](t, in.ok("waiting", "-app", "shop", "-json", "-view", "/")), 20)
		assert.Contains(t, in.ok("waiting", "-app", "shop", "-session", alice, "-text"),
			"a secret text")

		waiting, err := in.store.Peek(t.Context(), "alice's key", []string{"/order/é\x1b[2J"})
		require.NoError(t, err)
		assert.Len(t, waiting, 1)

		code, out, errs := in.run("waiting", "-app", "shop", "-session", "nobody")
		assert.Equal(t, operator.Nothing, code)
		assert.Empty(t, out)
		assert.Equal(t, "flashgin: nothing waits in the app \"shop\" for this session\n", errs)
	})
}

// What an operator has of a user may be the cookie of CookieKey.
func TestWaitingTakesTheCookieOfAUser(t *testing.T) {
	onEachKind(t, func(t *testing.T, in install) {
		cookie := rand.Text()
		in.add(secret.Key(cookie), "order-7", "/orders/7", flashgin.StatusInfo)
		in.add("another key", "order-8", "/orders/8", flashgin.StatusInfo)

		found := objects[row](t, in.ok("waiting", "-app", "shop", "-session", cookie, "-json"))
		require.Len(t, found, 1)
		assert.Equal(t, "order-7", found[0].ID)
	})
}

func TestStatsCountsByView(t *testing.T) {
	onEachKind(t, func(t *testing.T, in install) {
		for i := range 5 {
			session := fmt.Sprint("session ", i)
			in.add(session, "1", "/orders/:id", flashgin.StatusInfo)
			in.add(session, "2", "/orders/:id", flashgin.StatusInfo)
		}
		in.add("session 0", "3", "/other", flashgin.StatusInfo)
		in.claim("session 0", "/other")
		in.claim("session 1", "/orders/:id") // and shown: it does not count any more
		require.NoError(t, in.store.Confirm(t.Context(), in.claim("session 2", "/orders/:id")))
		require.NoError(t, in.client.Set(t.Context(), "flash:shop:{x}:/", "no set", 0).Err())

		type stats struct {
			Sessions, Messages, Claimed int
			Bytes                       int64
			Views                       []struct {
				View               string
				Messages, Sessions int
			}
		}
		_, out, errs := in.run("stats", "-app", "shop", "-json")
		got := objects[stats](t, out)[0]
		assert.Equal(t, []int{4, 9, 3}, []int{got.Sessions, got.Messages, got.Claimed})
		assert.Greater(t, got.Bytes, int64(500))
		require.Len(t, got.Views, 2)
		assert.Equal(t, "/orders/:id", got.Views[0].View)
		assert.Equal(t, []int{8, 4}, []int{got.Views[0].Messages, got.Views[0].Sessions})
		assert.Contains(t, errs, "somebody else writes")

		out = in.ok("stats", "-app", "shop", "-top", "1")
		assert.Contains(t, out, "9, of which 3 are on their way to a page")
		assert.Contains(t, out, "and 1 more views")
		assert.Contains(t, in.ok("stats", "-app", "empty"), "messages  0")
		assert.Contains(t, in.ok("stats", "-app", "empty", "-json"), `"views":[]`)
	})
}

// Without -yes, purge removes nothing. With it, it removes what waits, and not what a page has.
func TestPurgeAsksFirst(t *testing.T) {
	onEachKind(t, func(t *testing.T, in install) {
		for i := range 8 {
			in.add(fmt.Sprint("session ", i), "1", "/", flashgin.StatusInfo)
		}
		in.claim("session 0", "/")
		code, out, _ := in.run("purge", "-app", "shop")
		assert.Equal(t, operator.Nothing, code)
		assert.Equal(t, "would remove 7 messages; with -yes it removes them\n", out)
		code, out, _ = in.run("purge", "-app", "shop", "-older", "1h", "-json")
		assert.Equal(t, operator.Nothing, code)
		assert.JSONEq(t, `{"messages":0,"removed":false}`, out)

		one := in.ok("purge", "-app", "shop", "-session", flashgin.SessionHash("session 1"), "-yes")
		assert.Equal(t, "removed 1 messages\n", one)
		assert.Equal(t, "removed 0 messages\n",
			in.ok("purge", "-app", "shop", "-older", "1h", "-yes"))
		assert.Equal(t, "removed 6 messages\n", in.ok("purge", "-app", "shop", "-yes"))
		assert.Len(t, objects[row](t, in.ok("waiting", "-app", "shop", "-json")), 1)
	})
}

// watch tells what is added, claimed, released and shown, also of messages that wait for a moment
// only, as after a redirect.
func TestWatchTellsWhatHappens(t *testing.T) {
	onEachKind(t, func(t *testing.T, in install) {
		in.add("alice", "before", "/", flashgin.StatusInfo)
		var out, errs lockedBuffer
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan int)
		go func() {
			args := []string{"watch", "-app", "shop", "-every", "20ms", "-redis", in.url, "-json"}
			ended <- operator.Main(ctx, args, func(string) string { return "" }, &out, &errs)
		}()
		until := func(id string, want ...string) {
			t.Helper()
			var got []string
			require.Eventually(t, func() bool {
				got = nil
				for _, e := range objects[row](t, out.String()) {
					if e.ID == id {
						got = append(got, e.Event)
						assert.Equal(t, flashgin.SessionHash("alice"), e.Session)
					}
				}
				return len(got) >= len(want)
			}, 30*time.Second, 20*time.Millisecond, "%v", want)
			assert.Equal(t, want, got)
		}
		require.Eventually(t, func() bool { return strings.Contains(errs.String(), "1 messages") },
			30*time.Second, 10*time.Millisecond)

		in.add("alice", "long", "/a", flashgin.StatusError)
		until("long", "added")
		claim := in.claim("alice", "/a")
		until("long", "added", "claimed")
		require.NoError(t, in.store.Release(ctx, claim))
		until("long", "added", "claimed", "released")
		claim = in.claim("alice", "/a")
		until("long", "added", "claimed", "released", "claimed")
		require.NoError(t, in.store.Confirm(ctx, claim))
		until("long", "added", "claimed", "released", "claimed", "shown")

		messages, err := flashgin.New(flashgin.Config{Store: in.store})
		require.NoError(t, err)
		require.NoError(t, messages.Add(ctx, "alice", flashgin.Success("x").At("/b")))
		taken, err := messages.Take(ctx, "alice", "/b")
		require.NoError(t, err)
		require.NoError(t, messages.Close(ctx))
		require.Eventually(t, func() bool {
			return strings.Contains(out.String(), `"shown","session":"`+
				flashgin.SessionHash("alice")+`","view":"/b","id":"`+taken[0].ID)
		}, 30*time.Second, 20*time.Millisecond, "the moment between two looks")

		require.NoError(t, in.client.Del(ctx, in.store.RedisKey("alice", "/")).Err())
		until("before", "gone")
		assert.NotContains(t, out.String(), "secret")
		stop()
		assert.Equal(t, operator.Done, <-ended)
	})
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// Wrong arguments and a server that is away have exit codes of their own, and no error has a
// password in it.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	away := console{t, "redis://user:secret@127.0.0.1:1"}
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{nil, operator.Misused, "flashgin waiting -app NAME"},
		{[]string{"help"}, operator.Done, ""},
		{[]string{"stats", "-h"}, operator.Done, ""},
		{[]string{"look"}, operator.Misused, `there is no command "look"`},
		{[]string{"waiting"}, operator.Misused, "-app is missing"},
		{[]string{"waiting", "-app", "a b"}, operator.Misused, "want letters"},
		{[]string{"waiting", "-app", "shop", "more"}, operator.Misused, "more than flags"},
		{[]string{"purge", "-app", "shop", "-yes", "-session", ""}, operator.Misused,
			"-session is empty: leave it out to mean all"},
		{[]string{"stats", "-app", "shop", "-view="}, operator.Misused, "-view is empty"},
		{[]string{"waiting", "-app", "shop", "-yes"}, operator.Misused, "not defined: -yes"},
		{[]string{"purge", "-app", "shop", "-older", "-1s"}, operator.Misused, "negative"},
		{[]string{"waiting", "-app", "shop"}, operator.Failed, "connection refused"},
		{[]string{"waiting", "-app", "shop", "-redis", "http://secret@x"}, operator.Misused,
			"no URL"},
		{[]string{"watch", "-app", "shop", "-redis", "redis://secret:%"}, operator.Misused,
			"no URL"},
	} {
		code, out, errs := away.run(test.args...)
		assert.Equal(t, test.code, code, "%q: %s", test.args, errs)
		assert.Contains(t, errs, test.says)
		assert.NotContains(t, out+errs, "secret")
	}
}

// A user with the rights that the application has can look, though not at the memory.
func TestRightsOfTheApplicationWillDo(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	admin := server.Client()
	rights := []any{
		"acl", "setuser", "flash", "on", ">password", "resetkeys", "~flash:shop:*", "-@all",
	}
	for _, command := range strings.Fields("+evalsha +eval +time +zcard +zrem +zadd +exists " +
		"+zrangebyscore +zremrangebyscore +zremrangebyrank +pexpire +pttl +zscore +ping +scan") {
		rights = append(rights, command)
	}
	if err := admin.Do(t.Context(), rights...).Err(); err != nil {
		t.Skip("this server has no ACL:", err)
	}
	store, err := flashgin.NewRedisStore(admin, flashgin.RedisConfig{App: "shop"})
	require.NoError(t, err)
	in := install{console{t, "redis://flash:password@" + server.Addr()}, store, admin}
	in.add("alice", "1", "/", flashgin.StatusInfo)
	assert.Len(t, objects[row](t, in.ok("waiting", "-app", "shop", "-json")), 1)
	assert.Contains(t, in.ok("stats", "-app", "shop"), "the server refuses MEMORY USAGE")
	assert.Equal(t, "removed 1 messages\n", in.ok("purge", "-app", "shop", "-yes"))
	code, _, errs := in.run("waiting", "-app", "other")
	assert.NotEqual(t, operator.Misused, code, errs)
}

// A long walk says how far it has come, unless it is told to be quiet.
func TestLongWalkTellsItsProgress(t *testing.T) { // not parallel: it makes each walk a long one
	defer operator.SetTellEvery(0)()
	server := redistest.Start(t)
	client := server.Client()
	pipe := client.Pipeline()
	for i := range 2000 {
		pipe.Set(t.Context(), fmt.Sprint("other:", i), "x", 0)
	}
	_, err := pipe.Exec(t.Context())
	require.NoError(t, err)
	in := console{t, "redis://" + server.Addr()}
	_, _, errs := in.run("waiting", "-app", "shop")
	assert.Contains(t, errs, "looked at about 500 of 2000 Redis keys, 0 are of this application")
	assert.Contains(t, errs, "looked at about 1000 of 2000 Redis keys")
	_, _, errs = in.run("waiting", "-app", "shop", "-quiet")
	assert.Equal(t, "flashgin: nothing waits in the app \"shop\"\n", errs)
}

// A disk may be full, or a reader gone. Then the numbers are not there, and the exit code says so.
func TestOutputThatCannotBeWritten(t *testing.T) {
	server := redistest.Start(t)
	for _, args := range [][]string{
		{"waiting"}, {"waiting", "-json"}, {"stats"}, {"stats", "-json"}, {"purge"},
		{"purge", "-json"}, {"purge", "-yes"}, {"purge", "-yes", "-json"},
	} {
		store, err := flashgin.NewRedisStore(server.Client(), flashgin.RedisConfig{App: "shop"})
		require.NoError(t, err)
		require.NoError(t, store.Add(t.Context(), "session", flashgin.Info("text").At("/a")))
		var errs bytes.Buffer
		args = append(args, "-app", "shop", "-redis", "redis://"+server.Addr())
		code := operator.Main(t.Context(), args, func(string) string { return "" }, full{}, &errs)
		assert.Equal(t, operator.Failed, code, args)
		assert.Contains(t, errs.String(), "no space left", args)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }
