package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/redistest"
)

// The server of open pages, which is a process of its own, has its messages in memory or in Redis.
const (
	streamsInMemory = "streams, memory"
	streamsOnRedis  = "streams, Redis"
)

const (
	streamPath = "/_flash/stream?view=" + orderPath
	memoryPath = "/resident-memory"
	addPath    = "/add"
	ackPath    = "/_flash/ack"
)

// streamsApp is an application with live delivery, and with the middleware that most have.
func streamsApp(cfg flashgin.Config) http.Handler {
	a := newApp(cfg, gin.LoggerWithWriter(io.Discard), gin.Recovery())
	a.messenger.Mount(a)
	a.GET(memoryPath, func(c *gin.Context) {
		debug.FreeOSMemory() // after a collection
		c.String(http.StatusOK, "%d", resident())
	})
	a.POST(addPath, func(c *gin.Context) {
		if err := a.messenger.Add(c.Request.Context(), c.Query("to"),
			flashgin.Info(c.Query("text")).At(c.Query("view"))); err != nil {
			panic(err)
		}
	})
	return a
}

// resident returns how much memory of the process is in use, in KB, as the kernel counts.
func resident() (kb int) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			fmt.Sscan(rest, &kb)
		}
	}
	return kb
}

// openPages measures what streams to open pages cost a process, and how long a message takes to
// reach its page while all of them are open.
//
// On two processors of an AMD EPYC, with Go 1.26.8, Redis 7.0.15, HTTP/1.1 without TLS, sessions in
// a cookie, and gin.Default's logger and recovery, 34 KB a stream were resident, mostly net/http's
// buffers and stacks. With 5,000 streams and 200 messages a second the median was 1 ms and the 99th
// percentile 1.0 ms in memory, 1.7 ms with Redis, and 17 ms with Redis and a client that has
// stopped reading.
//
// Calculated from its figures, not measured, for a million visible pages with one message a minute
// each:
//
//   - memory: 34 GB in all, 20 processes of 50,000 streams and 1.7 GB each;
//   - messages: 17,000 a second. To add, claim and confirm one takes Redis some 50 µs of processor
//     time, so one core is not enough; a Cluster of two or three masters is;
//   - wake-ups: each goes to every process. It takes Redis 1 to 4 µs, and 2 µs in each process,
//     which is 4 % of a core there. In a Cluster every server passes on each, in about 2 µs;
//   - streams that look by themselves, each every 22 seconds: 45,000 empty claims a second, of
//     8 µs for one view and 13 µs for two: half a core to one core;
//   - new connections: a stream lives three minutes, so all processes get 5,600 requests a second;
//   - heartbeats: all processes together send 50,000 small writes a second.
func openPages(b *bench) {
	b.scope(func() {
		s := b.startStreams(streamsInMemory, redistest.Start(b)) // it leaves the server alone
		s.measure("in memory", s.post)
	})
	b.scope(func() {
		server := redistest.Start(b)
		s := b.startStreams(streamsOnRedis, server)
		job, err := flashgin.New(flashgin.Config{Store: redisStore(server.Client())})
		b.must(err)
		b.Cleanup(func() { _ = job.Close(ctx) })
		s.measure("Redis", func(to user, m flashgin.Message) {
			b.must(again(func() error { return job.Add(ctx, to.key, m) }))
		})
	})
}

// streams are open pages, each of a user of its own.
type streams struct {
	*web
	users   []user
	trips   trips
	closed  atomic.Int64 // streams that have ended
	closing atomic.Bool  // they are meant to
	reading sync.WaitGroup
}

// trips are the journeys of messages from the add to the page, by their texts.
type trips struct {
	mu      sync.Mutex
	started map[string]time.Time
	took    []time.Duration
}

func (t *trips) start(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.started[text] = time.Now()
}

// end notes that the message has arrived, and reports whether it was on its way.
func (t *trips) end(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	start, ok := t.started[text]
	if ok {
		delete(t.started, text)
		t.took = append(t.took, time.Since(start))
	}
	return ok
}

// reset forgets all, and returns how long each took.
func (t *trips) reset() (took []time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	took = t.took
	t.started, t.took = map[string]time.Time{}, nil
	return took
}

func (t *trips) ended() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.took)
}

func (b *bench) startStreams(name string, server *redistest.Server) *streams {
	s := &streams{web: b.startWeb(name, server, time.Second)}
	n := pick(b.short, 200, 5000)
	s.users = make([]user, n+1) // the last one does not read
	b.parallel(8, len(s.users), func(i int) error {
		s.users[i] = s.logIn(1)[0]
		return nil
	})
	return s
}

// post adds a message in the process of the server.
func (s *streams) post(to user, m flashgin.Message) {
	query := url.Values{"to": {to.key}, "text": {m.Text}, "view": {m.View}}
	response, err := s.client.Post(s.url+addPath+"?"+query.Encode(), "", nil)
	s.b.must(err)
	_, _ = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		s.b.Fatalf("%s: %s", addPath, response.Status)
	}
}

// residentMemory returns that of the server's process, in KB.
func (s *streams) residentMemory() int {
	text, _ := s.get(memoryPath, "")
	kb, err := strconv.Atoi(text)
	s.b.must(err)
	return kb
}

// measure prints the rows for one store. add is what a job does.
func (s *streams) measure(where string, add func(to user, m flashgin.Message)) {
	n := len(s.users) - 1
	s.client.CloseIdleConnections() // of those who have logged in
	before := s.residentMemory()
	conns := make([]net.Conn, n)
	s.b.parallel(64, n, func(i int) (err error) {
		conns[i], err = s.listen(s.users[i])
		return err
	})
	defer func() {
		s.closing.Store(true)
		for _, conn := range conns {
			conn.Close()
		}
		s.reading.Wait() // the last acknowledgements
	}()
	kb := float64(s.residentMemory()-before) / float64(n)
	s.b.row(fmt.Sprintf("memory of an idle stream, %d of them, %s", n, where),
		fmt.Sprintf("%.1f KB", kb), "≤ 35 KB", kb <= 35)

	what := fmt.Sprintf("from the add to the page, with %d streams, 200 messages a second, %s", n,
		where)
	s.row(what, s.load(add))
	stop := s.stick(s.users[n], add)
	times := s.load(add)
	stop()
	s.row(what+", and a client that does not read", times)
	if closed := s.closed.Load(); closed > 0 {
		s.b.Fatalf("%d streams have ended", closed)
	}
}

func (s *streams) row(what string, times []time.Duration) {
	slices.Sort(times)
	at := func(part float64) time.Duration { return times[int(part*float64(len(times)-1))] }
	s.b.row(what,
		fmt.Sprintf("p50 %.1f, p99 %.1f, max %.1f ms",
			millis(at(0.5)), millis(at(0.99)), millis(at(1))),
		"p99 ≤ 100 ms", at(0.99) <= 100*time.Millisecond)
}

func millis(d time.Duration) float64 { return micros(d) / 1000 }

// load adds 200 messages a second, each for another page, and returns how long each took to get
// there.
func (s *streams) load(add func(to user, m flashgin.Message)) []time.Duration {
	const every = time.Second / 200
	n := pick(s.b.short, 200, 4000)
	s.trips.reset()
	clock := time.NewTicker(every)
	defer clock.Stop()
	var adding sync.WaitGroup
	defer adding.Wait() // a message may be there before its add has returned
	for i := range n {
		<-clock.C
		m := flashgin.Info(fmt.Sprint(rand.Uint64())).At(orderPath)
		m.ID = m.Text // so an add that is tried again adds it once
		s.trips.start(m.Text)
		adding.Go(func() { add(s.users[i%(len(s.users)-1)], m) })
	}
	for start := time.Now(); s.trips.ended() < n; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			s.b.Fatalf("of %d messages, %d have arrived within a minute", n, s.trips.ended())
		}
	}
	return s.trips.reset()
}

// dial asks for a stream.
func (s *streams) dial(to user, path string) (net.Conn, error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		return nil, err
	}
	// as a proxy says
	client := netip.AddrFrom4([4]byte{10, byte(rand.IntN(256)), byte(rand.IntN(256)), 1})
	_, err = fmt.Fprintf(conn,
		"GET %s HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: %s\r\nCookie: %s\r\n"+
			"Accept: text/event-stream\r\n\r\n", path, client, to.cookie)
	return conn, err
}

// listen opens a stream and passes on what comes. It returns when the stream is open.
func (s *streams) listen(to user) (net.Conn, error) {
	conn, err := s.dial(to, streamPath)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewReaderSize(conn, 1024)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("a stream did not open: %w", err)
		}
		if line == ": open\n" {
			break
		}
	}
	s.reading.Go(func() {
		for {
			line, err := lines.ReadBytes('\n')
			if err != nil {
				if !s.closing.Load() {
					s.closed.Add(1)
				}
				return
			}
			if data, ok := bytes.CutPrefix(line, []byte("data: {")); ok {
				s.receive(to, line[len(line)-len(data)-1:])
			}
		}
	})
	return conn, nil
}

// handed is what a stream says of messages.
type handed struct {
	Messages []flashgin.Message
	Tickets  map[string]string
}

// acknowledgement returns the body of the request by which a page says that it has shown them.
func (h handed) acknowledgement() []byte {
	type one struct {
		View    string    `json:"view"`
		ID      string    `json:"id"`
		Ticket  string    `json:"ticket"`
		Created time.Time `json:"created"`
	}
	var shown []one
	for _, m := range h.Messages {
		shown = append(shown, one{m.View, m.ID, h.Tickets[m.View], m.Created})
	}
	body, err := json.Marshal(map[string]any{"shown": shown})
	if err != nil {
		panic(err)
	}
	return body
}

// receive notes the messages of an event, and acknowledges them, as the script of a page does.
func (s *streams) receive(to user, data []byte) {
	var event handed
	s.b.must(json.Unmarshal(data, &event))
	for _, m := range event.Messages {
		if !s.trips.end(m.Text) {
			s.b.Fatal("a page got a message twice, or one that nobody has sent")
		}
	}
	body := bytes.NewReader(event.acknowledgement())
	request, err := http.NewRequest(http.MethodPost, s.url+ackPath, body)
	s.b.must(err)
	request.Header.Set("Cookie", to.cookie)
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := s.client.Do(request)
	s.b.must(err)
	response.Body.Close()
	if response.StatusCode != http.StatusNoContent {
		s.b.Fatalf("an acknowledgement: %s", response.Status)
	}
}

// stick opens streams of a user who never reads, one after the other, as the server ends those that
// are stuck, and adds messages for them that fill whatever is between.
func (s *streams) stick(who user, add func(to user, m flashgin.Message)) (stop func()) {
	const path = "/stuck"
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		m := flashgin.Info(strings.Repeat("x", 4000)).At(path)
		for ctx.Err() == nil {
			add(who, m)
			time.Sleep(5 * time.Millisecond)
		}
	})
	running.Go(func() {
		for ctx.Err() == nil {
			conn, err := s.dial(who, "/_flash/stream?view="+path)
			s.b.must(err)
			s.b.must(conn.(*net.TCPConn).SetReadBuffer(4096))
			defer conn.Close() // at the end: it is for the server to end it before
			select {
			case <-ctx.Done():
			case <-time.After(4 * time.Second):
			}
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

// streamsServer returns the handler for the process of that name, or nil if it is another's.
func streamsServer(name string, client redis.UniversalClient, timeout time.Duration) http.Handler {
	switch name {
	case streamsInMemory:
		return streamsApp(flashgin.Config{Timeout: timeout})
	case streamsOnRedis:
		return streamsApp(flashgin.Config{Store: redisStore(client), Timeout: timeout})
	}
	return nil
}
