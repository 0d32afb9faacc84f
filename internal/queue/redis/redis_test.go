package redis

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/redistest"
)

func redisStoreFor(client redis.UniversalClient, app string) *Store[string] {
	return New(client, Config[string]{
		App:    app,
		Encode: func(value string) ([]byte, error) { return []byte(value), nil },
		Decode: func(data []byte) (string, error) { return string(data), nil },
	})
}

// addAt adds an item with a generated ID at each view.
func addAt(t *testing.T, store *Store[string], session string, views ...string) {
	t.Helper()
	for _, view := range views {
		item := queue.Item[string]{ID: queue.NewID(), View: view, Value: "text"}
		require.NoError(t, store.Add(t.Context(), session, []queue.Item[string]{item}, false))
	}
}

// Each view of each session has a Redis key of its own, and all views of a session are in one slot.
func TestRedisKey(t *testing.T) {
	client := redis.NewClient(&redis.Options{})
	t.Cleanup(func() { _ = client.Close() })
	for view, want := range map[string]string{
		"/problems/:id": "/problems/:id", "*": "*", "{a}%\x00é ": "%7Ba%7D%25%00%C3%A9%20",
	} {
		key := redisStoreFor(client, "shop").Key("abc", view)
		assert.Equal(t, "flash:shop:{ungWv48Bz-pBQUDeXa4iI7}:"+want, key)
	}

	// Parts that a plain a:b:c would confuse.
	parts := []string{
		"", ":", "a", "a:", ":a", "a:b", "b", "{", "}", "{}", "{a}", "}:{", "%", "%3A", "%7B", "*",
		"/", "é", "\xff", "a\x00",
	}
	seen := map[string]bool{}
	for _, app := range []string{"a", "b", "a.b", "a-b"} {
		store := redisStoreFor(client, app)
		for _, session := range parts {
			for _, view := range parts {
				key := store.Key(session, view)
				require.False(t, seen[key], "%q %q %q", app, session, view)
				seen[key] = true
				tag := key[strings.Index(key, "{")+1 : strings.Index(key, "}")]
				require.Len(t, tag, 22, "the part of a key that chooses the slot")
				mailbox := key[:len("flash::{}")+len(app)+22]
				require.Equal(t, mailbox, store.Key(session, "")[:len(mailbox)], "one tag")
			}
		}
	}
}

// An error says what failed and what an operator can do. It quotes no Redis key and no reply.
func TestRedisErrors(t *testing.T) {
	client := redis.NewClient(&redis.Options{})
	t.Cleanup(func() { _ = client.Close() })
	store := redisStoreFor(client, "shop")
	for _, test := range []struct {
		err  error
		want string
	}{
		{context.DeadlineExceeded, "context deadline exceeded"},
		{fmt.Errorf("wrapped: %w", context.Canceled), "wrapped: context canceled"},
		{io.EOF, "EOF"},
		{redis.ErrClosed, "redis: client is closed"},
		{redis.ErrPoolTimeout, "redis: connection pool timeout"},
		{&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("refused")}, "dial tcp: refused"},
		{x509.UnknownAuthorityError{}, "x509: certificate signed by unknown authority"},
		{fmt.Errorf("redis: can't parse reply=%.100q reading string", "secret"),
			"redis: can't parse reply="},
		{redisReplyError("ERR unknown command 'EVALSHA', with args beginning with: 'secret'"),
			"ERR unknown command (the server runs no Lua scripts, which the store needs)"},
		{redisReplyError("ERR something about flash:shop:{secret}:/a"),
			"ERR something about flash:shop"},
		{redisReplyError("OOM command not allowed when used memory > 'maxmemory'."),
			"OOM command not allowed when used memory > (the server's memory is full)"},
		{redisReplyError("READONLY You can't write against a read only replica. " +
			"script: 1234, on @user_script:3."),
			"READONLY You can't write against a read only replica " +
				"(the server is a replica, where messages can be neither added nor taken)"},
		{redisReplyError("ERR The user executing the script can't run this command or subcommand " +
			"script: 1234, on @user_script:3."),
			"ERR The user executing the script can't run this command or subcommand " +
				"(the ACL user lacks a right that docs/redis.md lists)"},
		// Redis 7.2 and later. The name of the command is what an operator needs.
		{redisReplyError("ERR ACL failure in script: User flash has no permissions to run the " +
			"'time' command script: 1234, on @user_script:3."),
			"ERR ACL failure in script: User flash has no permissions to run the 'time' command " +
				"(the ACL user lacks a right that docs/redis.md lists)"},
		{redisReplyError(
			"NOPERM User flash has no permissions to run the 'client|setinfo' command"),
			"NOPERM User flash has no permissions to run the 'client|setinfo' command " +
				"(the ACL user lacks a right that docs/redis.md lists)"},
		{redisReplyError("NOPERM User flash has no permissions to access the 'secret' key"),
			"NOPERM User flash has no permissions to access the " +
				"(the ACL user lacks a right that docs/redis.md lists)"},
		// Redis 6.2 and before.
		{redisReplyError("ERR Error running script (call to f_1234): @user_script:1: " +
			"@user_script: 1: -OOM command not allowed when used memory > 'maxmemory'."),
			"OOM command not allowed when used memory > (the server's memory is full)"},
		{redisReplyError("ERR Error running script (call to f_1234): @user_script:1: " +
			"@user_script: 1: -READONLY You can't write against a read only replica."),
			"READONLY You can't write against a read only replica " +
				"(the server is a replica, where messages can be neither added nor taken)"},
		{redisReplyError("MOVED 8000 127.0.0.1:7001"), "MOVED 8000 127.0.0.1:7001 " +
			"(the server is one of a cluster: make the store with redis.NewClusterClient)"},
		{redisReplyError("ERR unknown command `evalsha`, with args beginning with: `secret`"),
			"ERR unknown command (the server runs no Lua scripts, which the store needs)"},
	} {
		err := store.failed("claim", test.err)
		assert.EqualError(t, err, "flashgin: redis: claim: "+test.want)
		assert.ErrorIs(t, err, test.err)
		assert.NotContains(t, err.Error(), "secret")
	}
	assert.NoError(t, store.failed("claim", nil))
}

// Metrics get the kind of a server's error, whatever its words.
func TestRedisErrorType(t *testing.T) {
	client := redis.NewClient(&redis.Options{})
	t.Cleanup(func() { _ = client.Close() })
	store := redisStoreFor(client, "shop")
	typeOf := func(err error) string {
		var classified interface{ ErrorType() string }
		if !errors.As(store.failed("claim", err), &classified) {
			return ""
		}
		return classified.ErrorType()
	}
	assert.Equal(t, "OOM", typeOf(redisReplyError("ERR Error running script (call to f_1234): "+
		"@user_script:1: @user_script: 1: -OOM command not allowed")))
	assert.Equal(t, "NOPERM", typeOf(redisReplyError("ERR ACL failure in script: User flash has "+
		"no permissions to run the 'time' command script: 1234, on @user_script:3.")))
	assert.Equal(t, "ERR", typeOf(redisReplyError("ERR something else")))
	assert.Empty(t, typeOf(io.EOF), "no server said it")
}

type redisReplyError string

func (e redisReplyError) Error() string { return string(e) }
func (redisReplyError) RedisError()     {}

// The store knows which server keeps the items of a session, and can ping this server.
func TestRedisNode(t *testing.T) {
	t.Parallel()
	single := redistest.Start(t)
	store := redisStoreFor(single.Client(), "shop")
	assert.Empty(t, store.Node("session"))
	assert.NoError(t, store.PingNode(t.Context(), ""))

	cluster := redistest.StartCluster(t, 3)
	dials := make(chan struct{}, 1000)
	client := cluster.ClientWith(&redis.ClusterOptions{
		Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
			dials <- struct{}{}
			return new(net.Dialer).DialContext(ctx, network, addr)
		},
	})
	store = redisStoreFor(client, "shop")
	assert.Empty(t, store.Node("session"), "before the client has seen the cluster")
	assert.Empty(t, dials, "node asks no server")
	addAt(t, store, "session", "/a")

	sessionOf := map[string]string{} // by node
	for i := range 100 {
		session := fmt.Sprint(i)
		node := store.Node(session)
		owner := cluster.Servers[cluster.Owner(cluster.SlotOf(store.Key(session, "/any")))]
		require.Equal(t, owner.Addr(), node)
		sessionOf[node] = session
	}
	require.Len(t, sessionOf, 3)

	frozen := cluster.Servers[1]
	for _, server := range cluster.Servers {
		assert.NoError(t, store.PingNode(t.Context(), server.Addr()))
	}
	frozen.Pause()
	defer frozen.Resume()
	for _, i := range []int{0, 0, 1, 1, 2, 2, 1, 0, 2} { // a ping to any server goes in turn
		server := cluster.Servers[i]
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if server != frozen {
			ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
		}
		err := store.PingNode(ctx, server.Addr())
		cancel()
		if server == frozen {
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		} else {
			assert.NoError(t, err)
		}
	}
	frozen.Resume()
	assert.Eventually(t, func() bool {
		return store.PingNode(t.Context(), frozen.Addr()) == nil
	}, 10*time.Second, 10*time.Millisecond)
	stranger := store.PingNode(t.Context(), "127.0.0.1:1")
	assert.NoError(t, stranger, "a server that no session was ever at")

	// go-redis closes the client of a server that has left the cluster.
	gone, _ := store.nodes.Load(frozen.Addr())
	require.NoError(t, gone.(*redis.Client).Close())
	assert.NoError(t, store.PingNode(t.Context(), frozen.Addr()), "a server that has left")
	_, known := store.nodes.Load(frozen.Addr())
	assert.False(t, known)

	session := sessionOf[cluster.Servers[0].Addr()]
	for i := range 2 * nodesAtMost { // a cluster whose addresses change for years
		store.nodes.Delete(store.Node(session))
		store.nodes.Store(fmt.Sprint("127.0.0.1:", i), nil)
	}
	count := 0
	store.nodes.Range(func(any, any) bool { count++; return true })
	assert.LessOrEqual(t, count, nodesAtMost)
	node := store.Node(session)
	assert.NoError(t, store.PingNode(t.Context(), node), "it is known still")
	_, known = store.nodes.Load(node)
	assert.True(t, known)
}

// A quarter more than any number of views is a number, too.
func TestRedisViewsWithoutABound(t *testing.T) {
	store := New(redis.NewClient(&redis.Options{}), Config[string]{Views: math.MaxInt})
	assert.Greater(t, store.cfg.Views+store.cfg.Views/4, store.cfg.Views)
}
