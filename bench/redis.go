package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/redistest"
)

var ctx = context.Background()

type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

// standstill is how long a run goes on while the machine stands still.
const standstill = time.Minute

// patientClient returns a client of the server that waits that long. By default one gives up after
// three seconds.
func patientClient(server *redistest.Server) *redis.Client {
	return server.ClientWith(&redis.Options{ReadTimeout: standstill})
}

// pageViews is what the page /orders/5 of the route /orders/:id reads.
var pageViews = []string{"/orders/5", "/orders/:id", flashgin.Anywhere}

// message returns one as a Messenger prepares it.
func message(view string) flashgin.Message {
	m := flashgin.Success("Your settings have been changed successfully.").At(view)
	m.ID, m.Created = "f-"+rand.Text(), time.Now().UTC().Truncate(time.Microsecond)
	return m
}

// keyOf is the key of an address, as docs/redis.md describes it.
func keyOf(session, view string) string {
	sum := sha256.Sum256([]byte(session))
	return "flash:shop:{" + base64.RawURLEncoding.EncodeToString(sum[:])[:22] + "}:" + view
}

func (b *bench) info(client *redis.Client, section, field string) float64 {
	text, err := client.Info(ctx, section).Result()
	b.must(err)
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			b.must(err)
			return number
		}
	}
	b.Fatalf("INFO %s has no %s", section, field)
	return 0
}

// processorTime returns what the server has used so far, in µs.
func (b *bench) processorTime(client *redis.Client) float64 {
	return (b.info(client, "cpu", "used_cpu_user") + b.info(client, "cpu", "used_cpu_sys")) * 1e6
}

// perCall returns the server's processor time for one call of do, of which it makes n by 8
// goroutines.
func (b *bench) perCall(admin *redis.Client, n int, do func(i int) error) float64 {
	before := b.processorTime(admin)
	b.parallel(8, n, do)
	return (b.processorTime(admin) - before) / float64(n)
}

func (b *bench) parallel(goroutines, n int, do func(i int) error) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				b.must(do(i))
			}
		})
	}
	group.Wait()
}

// wire counts round trips on connections: each time that something is sent after something was
// received.
type wire struct{ trips atomic.Int64 }

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, addr)
	return &countedConn{Conn: conn, wire: w}, err
}

type countedConn struct {
	net.Conn
	wire *wire
	sent atomic.Bool
}

func (c *countedConn) Write(p []byte) (int, error) {
	if !c.sent.Swap(true) {
		c.wire.trips.Add(1)
	}
	return c.Conn.Write(p)
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.sent.Store(false)
	return n, err
}

// roundTrips counts what whole requests send.
func roundTrips(b *bench) {
	b.scope(func() {
		wire := new(wire)
		client := redistest.Start(b).ClientWith(&redis.Options{Dialer: wire.dial})
		app := newApp(flashgin.Config{Store: redisStore(client), Timeout: 10 * time.Second})
		defer app.messenger.Close(ctx)
		cookie, _ := app.login()

		whole := func(method, path, cookie string) (inTime, all int) {
			before := wire.trips.Load()
			recorder := &firstWrite{ResponseRecorder: httptest.NewRecorder()}
			recorder.at = func() { inTime = int(wire.trips.Load() - before) }
			request := httptest.NewRequest(method, path, nil)
			if cookie != "" {
				request.Header.Set("Cookie", cookie)
			}
			app.ServeHTTP(recorder, request)
			for last := int64(-1); last != wire.trips.Load(); time.Sleep(100 * time.Millisecond) {
				last = wire.trips.Load()
			}
			return inTime, int(wire.trips.Load() - before)
		}
		for range 3 { // the connections are open, and the server knows the scripts
			// one message and several are confirmed by different ones
			for _, n := range []int{1, 20} {
				whole(http.MethodPost, fmt.Sprintf("/orders/5?n=%d", n), cookie)
				whole(http.MethodGet, "/orders/5", cookie)
			}
			whole(http.MethodGet, "/orders/5", cookie)
		}
		for _, n := range []int{1, 20} {
			inTime, _ := whole(http.MethodPost, fmt.Sprintf("/orders/5?n=%d", n), cookie)
			b.count(fmt.Sprintf("round trips: a request adds %d messages", n), inTime, 1)
			inTime, all := whole(http.MethodGet, "/orders/5", cookie)
			b.count(fmt.Sprintf("round trips: a page shows %d messages", n), inTime, 1)
			b.count(fmt.Sprintf("round trips: confirming them, after the page of %d", n),
				all-inTime, 1)
		}
		_, all := whole(http.MethodGet, "/orders/5", cookie)
		b.count("round trips: a page with nothing waiting", all, 1)
		_, all = whole(http.MethodGet, "/orders/5", "")
		b.count("round trips: a page without a session key", all, 0)
	})
}

// firstWrite calls at when the answer leaves.
type firstWrite struct {
	*httptest.ResponseRecorder
	at func()
}

func (w *firstWrite) WriteHeader(code int) {
	w.at()
	w.ResponseRecorder.WriteHeader(code)
}

// redisTime compares the processor time of Redis.
func redisTime(b *bench) {
	b.scope(func() {
		// A server each: what expires later is paid for by whoever left it.
		ourServer, theirServer := redistest.Start(b), redistest.Start(b)
		store, client := redisStore(patientClient(ourServer)), patientClient(theirServer)
		ourAdmin, theirAdmin := patientClient(ourServer), patientClient(theirServer)
		rounds, calls := pick(b.short, 3, 21), pick(b.short, 500, 4000)
		sessions := make([]string, calls)
		// New ones each round: an address that showed a message in the last ten seconds remembers
		// it, which few users see.
		newSessions := func() {
			for i := range sessions {
				sessions[i] = rand.Text()
			}
		}

		claim := func(i int) (flashgin.Claim, error) {
			return store.Claim(ctx, sessions[i], pageViews, time.Minute)
		}
		emptyClaim := func(i int) error { _, err := claim(i); return err }
		emptyPop := func(i int) error {
			_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
				for _, view := range pageViews {
					p.ZPopMin(ctx, keyOf(sessions[i], view), 50)
				}
				return nil
			})
			return err
		}
		shown := func(i int) error {
			if err := store.Add(ctx, sessions[i], message("/orders/5")); err != nil {
				return err
			}
			claim, err := claim(i)
			if err == nil && len(claim.Messages) != 1 {
				err = fmt.Errorf("claimed %d messages", len(claim.Messages))
			}
			if err != nil {
				return err
			}
			return store.Confirm(ctx, claim)
		}
		popped := func(i int) error {
			m := message("/orders/5")
			text, err := json.Marshal(m)
			if err != nil {
				return err
			}
			key := keyOf(sessions[i], m.View)
			if _, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
				p.ZAdd(ctx, key, redis.Z{Score: float64(m.Created.UnixMicro()), Member: text})
				p.Expire(ctx, key, 24*time.Hour)
				return nil
			}); err != nil {
				return err
			}
			_, err = client.TxPipelined(ctx, func(p redis.Pipeliner) error {
				for _, view := range pageViews {
					p.ZRange(ctx, keyOf(sessions[i], view), 0, -1)
					p.Del(ctx, keyOf(sessions[i], view))
				}
				return nil
			})
			return err
		}
		var claims, pops, ours, theirs []float64
		newSessions()
		for range rounds {
			claims = append(claims, b.perCall(ourAdmin, calls, emptyClaim))
			pops = append(pops, b.perCall(theirAdmin, calls, emptyPop))
		}
		for range rounds {
			newSessions()
			ours = append(ours, b.perCall(ourAdmin, calls, shown))
			theirs = append(theirs, b.perCall(theirAdmin, calls, popped))
		}
		b.ratio("Redis time, page with nothing waiting (3 addresses), against 3 ZPOPMIN", "µs",
			claims, pops, 1.5)
		b.ratio(
			"Redis time, message shown (add, claim at 3 addresses, confirm), against ZADD EXPIRE, MULTI 3 × (ZRANGE DEL)",
			"µs", ours, theirs, 3)
	})
}

// manySessions measures memory, and whether a claim takes longer where more wait.
func manySessions(b *bench) {
	b.scope(func() {
		few, many := max(b.messages/10, 1), b.messages
		fill := func(server *redistest.Server, n int) (sessions []string, perMessage float64) {
			admin := patientClient(server)
			store := redisStore(patientClient(server))
			before := b.info(admin, "memory", "used_memory")
			sessions = make([]string, n)
			b.parallel(16, n, func(i int) error {
				sessions[i] = rand.Text()
				return store.Add(ctx, sessions[i], message("/orders/5"))
			})
			return sessions, (b.info(admin, "memory", "used_memory") - before) / float64(n)
		}
		small, large := redistest.Start(b), redistest.Start(b)
		sessionsOfSmall, _ := fill(small, few)
		sessionsOfLarge, perMessage := fill(large, many)
		b.row(fmt.Sprintf("memory, %d messages in as many sessions, default listpack limits", many),
			fmt.Sprintf("%.0f bytes a message", perMessage), "", true)
		b.claimTime(small, large, sessionsOfSmall, sessionsOfLarge)
		small.Kill()
		large.Kill()
		_, perMessage = fill(redistest.Start(b, "zset-max-listpack-value 1024"), many)
		b.row("memory, the same with zset-max-listpack-value 1024",
			fmt.Sprintf("%.0f bytes a message", perMessage), "", true)
	})
}

// claimTime compares how long a claim takes that finds a message.
func (b *bench) claimTime(
	small, large *redistest.Server, sessionsOfSmall, sessionsOfLarge []string,
) {
	measure := func(store *flashgin.RedisStore, sessions []string) float64 {
		var claims []flashgin.Claim
		start := time.Now()
		for _, session := range sessions {
			claim, err := store.Claim(ctx, session, pageViews, time.Minute)
			b.must(err)
			claims = append(claims, claim)
		}
		took := time.Since(start)
		for _, claim := range claims {
			if len(claim.Messages) != 1 {
				b.Fatalf("claimed %d messages", len(claim.Messages))
			}
			b.must(store.Release(ctx, claim))
		}
		return micros(took) / float64(len(sessions))
	}
	rounds, calls := pick(b.short, 3, 21), pick(b.short, 200, 2000)
	inSmall, inLarge := redisStore(patientClient(small)), redisStore(patientClient(large))
	// Spread over all that wait, so that the processor's caches help neither.
	some := func(sessions []string, round int) (some []string) {
		for i := range calls {
			some = append(some, sessions[(i*rounds+round)*len(sessions)/(rounds*calls)])
		}
		return some
	}
	var times, baseline []float64
	for round := range rounds {
		baseline = append(baseline, measure(inSmall, some(sessionsOfSmall, round)))
		times = append(times, measure(inLarge, some(sessionsOfLarge, round)))
	}
	b.ratio(fmt.Sprintf("time of a claim, %d sessions against %d",
		len(sessionsOfLarge), len(sessionsOfSmall)), "µs", times[1:], baseline[1:], 1.2)
}
