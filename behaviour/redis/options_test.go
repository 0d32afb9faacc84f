package redis_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
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

// A store uses the client as the application has made it.
func TestRedisClientOptions(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	secure, roots := startTLS(t, server.Addr())
	for name, opt := range map[string]*redis.Options{
		"Protocol 2":                  {Protocol: 2},
		"Protocol 3":                  {Protocol: 3},
		"DisableIdentity":             {DisableIdentity: true},
		"its own time-outs":           {ContextTimeoutEnabled: true, ReadTimeout: 30 * time.Second},
		"a pool of one":               {PoolSize: 1},
		"a pool that is last in":      {PoolFIFO: true, MaxIdleConns: 1},
		"another database":            {DB: 3},
		"TLS":                         {Addr: secure, TLSConfig: &tls.Config{RootCAs: roots}},
		"tracking by the server":      {Protocol: 3, OnConnect: track},
		"an old library, as it seems": {Protocol: 2, DisableIdentity: true},
	} {
		t.Run(name, func(t *testing.T) {
			if opt.Addr == "" {
				opt.Addr = server.Addr()
			}
			client := redis.NewClient(opt)
			t.Cleanup(func() { _ = client.Close() })
			if err := client.Ping(t.Context()).Err(); opt.OnConnect != nil && err != nil {
				t.Skip("the server tracks no keys: Redis 5") // nor does it speak RESP3
			}
			worksWith(t, client)
		})
	}
}

// track asks the server to tell this connection of each key that it has read, as clients do that
// keep copies of what they have read.
func track(ctx context.Context, conn *redis.Conn) error {
	return conn.Do(ctx, "client", "tracking", "on", "noloop").Err()
}

// A hook that logs sees all commands. It changes nothing, and learns no session key.
func TestRedisHooksSeeNoSessionKey(t *testing.T) {
	t.Parallel()
	log := &logCommands{}
	client := redistest.Start(t).Client()
	client.AddHook(log)
	worksWith(t, client)
	p := newRedisProbe(t, client)
	require.NoError(t, everyRedisCommand(t, p))
	log.mu.Lock()
	defer log.mu.Unlock()
	assert.Contains(t, log.lines.String(), "evalsha")
	assert.Contains(t, log.lines.String(), "first", "the text of a message")
	assert.NotContains(t, log.lines.String(), p.session)
}

// logCommands writes down each command with its result, and each new connection.
type logCommands struct {
	mu    sync.Mutex
	lines strings.Builder
}

func (l *logCommands) log(what ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(&l.lines, what...)
}

func (l *logCommands) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := next(ctx, network, addr)
		l.log(network, addr, err)
		return conn, err
	}
}

func (l *logCommands) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		l.log(cmd, err)
		return err
	}
}

func (l *logCommands) ProcessPipelineHook(
	next redis.ProcessPipelineHook,
) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			l.log(cmd, err)
		}
		return err
	}
}

// worksWith fails unless messages of the client's store are added, claimed, released and confirmed,
// and pages hear of them.
func worksWith(t *testing.T, client redis.UniversalClient) {
	t.Helper()
	p := newRedisProbe(t, client)
	w := watch(t, p.store)
	w.until(t, 1)
	p.add("/a", "first")
	w.until(t, 2)
	p.add("/b", "second")
	views := []string{"/a", "/b", flashgin.Anywhere}
	for range 3 { // what a client keeps of the first time would be wrong
		assert.Equal(t, []string{"first", "second"}, p.peek(views...))
		claim := p.claim(views...)
		assert.Equal(t, []string{"first", "second"}, apptest.Texts(claim.Messages))
		assert.Empty(t, p.peek(views...))
		p.release(claim)
	}
	p.confirm(p.claim("/a"))
	assert.Equal(t, []string{"second"}, p.peek(views...))
	removed, err := p.store.Purge(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, 1, removed)
	assert.Empty(t, p.reported())
}

// A client may read from replicas. A page claims at the master nevertheless: a replica may not have
// heard of its messages.
func TestRedisClientThatReadsFromReplicas(t *testing.T) {
	t.Parallel()
	// Clients are not told of a replica before it has heard from its master.
	cluster := redistest.StartCluster(t, 1, "repl-ping-replica-period 1")
	master := cluster.Servers[0]
	replica := redistest.Start(t, "cluster-enabled yes", "cluster-node-timeout 2000")
	host, port, err := net.SplitHostPort(replica.Addr())
	require.NoError(t, err)
	ctx := t.Context()
	masterItself, replicaItself := master.Client(), replica.Client()
	require.NoError(t, masterItself.ClusterMeet(ctx, host, port).Err())
	id, err := masterItself.Do(ctx, "cluster", "myid").Text()
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return replicaItself.ClusterReplicate(ctx, id).Err() == nil
	}, 30*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool {
		slots, err := masterItself.ClusterSlots(ctx).Result()
		return err == nil && len(slots) == 1 && len(slots[0].Nodes) == 2
	}, 30*time.Second, 10*time.Millisecond)

	for name, opt := range map[string]*redis.ClusterOptions{
		"ReadOnly":       {ReadOnly: true},
		"RouteByLatency": {RouteByLatency: true},
		"RouteRandomly":  {RouteRandomly: true},
	} {
		t.Run(name, func(t *testing.T) {
			client := cluster.ClientWith(opt)
			worksWith(t, client)
			p := newRedisProbe(t, client)
			require.NoError(t, everyRedisCommand(t, p))
			asked := redisCommands(t, replica)
			// others come from the master
			for _, command := range []string{"eval", "evalsha", "zcount"} {
				assert.Zero(t, asked[command], "%s at the replica", command)
			}
		})
	}

	// A client for the replica alone is told that it is one.
	p := newRedisProbe(t, replica.Client())
	_, err = p.store.Claim(ctx, p.session, []string{"/a"}, time.Minute)
	kind := refusal.Of(err)
	assert.True(t, kind == refusal.ReadOnly || kind == refusal.Moved, "%v", err)
}

// With a ring each session is at one of its servers. While a server is away, the sessions of the
// others go on.
func TestRedisRingWithAServerThatIsAway(t *testing.T) {
	t.Parallel()
	servers := map[string]*redistest.Server{"a": redistest.Start(t), "b": redistest.Start(t)}
	addrs := map[string]string{}
	for name, server := range servers {
		addrs[name] = server.Addr()
	}
	ring := redis.NewRing(&redis.RingOptions{Addrs: addrs, HeartbeatFrequency: time.Hour})
	t.Cleanup(func() { _ = ring.Close() })
	p := newRedisProbe(t, ring)
	servers["b"].Kill()
	var worked, failed int
	for i := range 20 {
		p.session = strings.Repeat("s", i+1)
		if p.store.Add(t.Context(), p.session, redisMessage("/a", "text")) != nil {
			failed++
			continue
		}
		worked++
		assert.Equal(t, []string{"text"}, apptest.Texts(p.claim("/a").Messages))
	}
	assert.Positive(t, worked)
	assert.Positive(t, failed)
}

// startTLS starts a server that hands on to the one at target what comes by TLS. It returns its
// address and the certificates to trust.
func startTLS(t *testing.T, target string) (addr string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots = x509.NewCertPool()
	roots.AddCert(certificate)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	})
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				client.Close()
				continue
			}
			go func() { _, _ = io.Copy(server, client); server.Close() }()
			go func() { _, _ = io.Copy(client, server); client.Close() }()
		}
	}()
	return listener.Addr().String(), roots
}
