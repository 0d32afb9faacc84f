package live_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-contrib/gzip"
	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// goroutinesReturnTo waits until there are no more goroutines than before.
func goroutinesReturnTo(t testing.TB, before int) {
	t.Helper()
	for start := time.Now(); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 30*time.Second {
			stacks := make([]byte, 1<<20)
			require.Fail(t, "goroutines are left", "%d, before %d\n%s",
				runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// Shutdown waits for streams, and ends those of its server.
func TestShutdownEndsStreams(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	server, another := a.Serve(), a.Serve()
	b := apptest.NewBrowser(t, server.URL)
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), nil)
	b.URL = another.URL // the cookie is for both: the host is the same
	anotherPage := b.Listen(apptest.StreamPath("/a"), nil)
	apptest.Within(t, "Shutdown",
		func() { assert.NoError(t, server.Config.Shutdown(context.Background())) })
	assert.Equal(t, "closing", page.Ends())
	a.Job(key, flashgin.Info("text").At("/a"))
	anotherPage.Hears("text")
}

// The first stream of a server may open after the server's Shutdown has begun, behind a middleware
// that takes its time. It ends all the same: Shutdown waits for it.
func TestStreamThatOpensAfterShutdownBeganEnds(t *testing.T) {
	a := apptest.NewApp(t, flashgin.Config{})
	arrived, goOn := make(chan struct{}), make(chan struct{})
	a.Use(func(c *gin.Context) {
		if strings.HasSuffix(c.Request.URL.Path, "/stream") {
			close(arrived)
			<-goOn
		}
	})
	a.MountLive()
	server := a.Serve()
	b := apptest.NewBrowser(t, server.URL)
	b.Get("/key")
	answered := make(chan string, 1)
	go func() {
		response, err := b.Client.Get(server.URL + apptest.StreamPath("/a"))
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		answered <- string(text)
	}()
	<-arrived
	shut := make(chan error, 1)
	go func() { shut <- server.Config.Shutdown(t.Context()) }()
	address := server.Listener.Addr().String()
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err != nil
	}, 10*time.Second, time.Millisecond, "Shutdown closes the listener first")
	close(goOn)
	apptest.Within(t, "Shutdown", func() { assert.NoError(t, <-shut) })
	assert.NotContains(t, <-answered, "flash-bye\ndata: age")
}

// BaseContext is called once for a listener, as net/http says. It may wait for somebody.
func TestStreamsOfAServerWithABaseContext(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	listening := make(chan net.Addr)
	server := &http.Server{Handler: a, BaseContext: func(l net.Listener) context.Context {
		listening <- l.Addr()
		return context.Background()
	}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	b := apptest.NewBrowser(t, "http://"+(<-listening).String())
	b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), nil)
	apptest.Within(t, "Shutdown",
		func() { assert.NoError(t, server.Shutdown(context.Background())) })
	assert.Equal(t, "closing", page.Ends())
}

// Close ends all streams, also those that nobody reads, and what it has started. It may be called
// twice, and before Shutdown.
func TestCloseEndsStreams(t *testing.T) {
	before := runtime.NumGoroutine()
	a := apptest.NewLiveApp(t, flashgin.Config{})
	server := httptest.NewServer(a)
	b := apptest.NewBrowser(t, server.URL)
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), nil)
	stuck := stickyReader(t, b, key, a)
	for range 2 {
		apptest.Within(t, "Close", func() {
			assert.NoError(t, a.Messenger.Close(context.Background()))
		})
	}
	assert.Equal(t, "closing", page.Ends())
	apptest.Within(t, "Shutdown",
		func() { assert.NoError(t, server.Config.Shutdown(context.Background())) })
	stuck.Close()
	server.Close()
	b.Client.CloseIdleConnections()
	goroutinesReturnTo(t, before)
}

// A closed Messenger has no streams, and tells clients to come back later, to another process
// maybe.
func TestStreamAfterClose(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	v := a.Visitor()
	v.Get("/key")
	require.NoError(t, a.Messenger.Close(t.Context()))
	answer := v.Do(http.MethodGet, apptest.StreamPath("/a"))
	assert.Equal(t, "retry: 30000\n\n", answer.Body.String())
	assert.Equal(t, http.StatusOK, answer.Code)
}

// A stream that cannot even say goodbye is cut off within a second.
func TestCloseCutsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := apptest.NewLiveApp(t, flashgin.Config{})
		v := a.Visitor()
		v.Get("/key")
		expired := make(chan struct{})
		page := v.ListenOn(&apptest.StreamWriter{Expired: expired, Fail: func(text []byte) error {
			if strings.Contains(string(text), "flash-bye") {
				<-expired
				return os.ErrDeadlineExceeded
			}
			return nil
		}}, apptest.StreamPath("/a"))
		synctest.Wait()
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		assert.NoError(t, a.Messenger.Close(ctx))
		assert.Less(t, time.Since(start), time.Second)
		assert.False(t, page.IsOpen())
	})
}

// Close returns when its context ends, whatever hangs.
func TestCloseGivesUp(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	v := a.Visitor()
	v.Get("/key")
	free := make(chan struct{})
	page := v.ListenOn(&apptest.StreamWriter{Fail: func(text []byte) error {
		if strings.Contains(string(text), "flash-bye") {
			<-free
		}
		return nil
	}}, apptest.StreamPath("/a"))
	require.Eventually(t, func() bool { return len(page.Events()) > 0 }, 30*time.Second,
		time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	assert.ErrorIs(t, a.Messenger.Close(ctx), context.DeadlineExceeded)
	close(free)
}

// serverTimeout is one of a server, long enough for a busy machine to answer within it.
const serverTimeout = 2 * time.Second

// The time-outs of a server are for requests that end.
func TestStreamOutlivesTimeouts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		set  func(*http.Server)
	}{
		{"WriteTimeout", func(s *http.Server) { s.WriteTimeout = serverTimeout }},
		{"ReadTimeout", func(s *http.Server) { s.ReadTimeout = serverTimeout }},
		{"ReadHeaderTimeout", func(s *http.Server) { s.ReadHeaderTimeout = serverTimeout }},
		{"IdleTimeout", func(s *http.Server) { s.IdleTimeout = serverTimeout }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := apptest.NewLiveApp(t, flashgin.Config{})
			server := httptest.NewUnstartedServer(a)
			test.set(server.Config)
			server.Start()
			t.Cleanup(server.Close)
			b := apptest.NewBrowser(t, server.URL)
			key := b.Get("/key")
			page := b.Listen(apptest.StreamPath("/a"), nil)
			time.Sleep(2 * serverTimeout)
			a.Job(key, flashgin.Info("text").At("/a"))
			page.Hears("text")
			// The deadline of the stream does not stay with the connection.
			assert.Equal(t, http.StatusNoContent, b.Acknowledge(
				apptest.AckBody("shown", apptest.HandedOver(t, page.All())...)).StatusCode)
		})
	}
}

// Over HTTP/2, too, a stream outlives the time-outs of its server, and Shutdown ends it.
func TestStreamOverHTTP2(t *testing.T) {
	t.Parallel()
	a := apptest.NewLiveApp(t, flashgin.Config{})
	server := httptest.NewUnstartedServer(a)
	server.EnableHTTP2 = true
	server.Config.WriteTimeout = serverTimeout
	server.StartTLS()
	t.Cleanup(server.Close)
	b := apptest.NewBrowser(t, server.URL)
	b.Client.Transport = server.Client().Transport
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), nil)
	require.Equal(t, 2, page.Response.ProtoMajor)
	time.Sleep(2 * serverTimeout)
	a.Job(key, flashgin.Info("text").At("/a"))
	page.Hears("text")
	apptest.Within(t, "Shutdown",
		func() { assert.NoError(t, server.Config.Shutdown(context.Background())) })
	assert.Equal(t, "closing", page.Ends())
}

// A middleware that compresses is passed by where it comes after flashgin. The stream stays as it
// is, and its writes have deadlines.
func TestStreamPassesCompression(t *testing.T) {
	t.Parallel()
	var log apptest.LockedBuffer
	a := apptest.NewApp(t, flashgin.Config{Logger: apptest.LogTo(&log)})
	a.Use(gzip.Gzip(gzip.DefaultCompression))
	a.MountLive()
	server := httptest.NewUnstartedServer(a)
	server.Config.WriteTimeout = serverTimeout
	server.Start()
	t.Cleanup(server.Close)
	b := apptest.NewBrowser(t, server.URL)
	key := b.Get("/key")
	page := b.Listen(apptest.StreamPath("/a"), nil)
	assert.Equal(t, "identity", page.Response.Header.Get("Content-Encoding"))
	time.Sleep(2 * serverTimeout)
	a.Job(key, flashgin.Info("text").At("/a"))
	page.Hears("text")
	assert.Empty(t, log.String())
}

// plain is a writer of which nothing can be asked.
type plain struct{ http.ResponseWriter }

func (w plain) Flush() { w.ResponseWriter.(http.Flusher).Flush() }

// A middleware around the engine cannot be passed by. Messages arrive all the same, and the log
// says once what is wrong.
func TestStreamWithoutDeadlines(t *testing.T) {
	var log apptest.LockedBuffer
	a := apptest.NewLiveApp(t, flashgin.Config{Logger: apptest.LogTo(&log)})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.ServeHTTP(plain{w}, r)
	}))
	t.Cleanup(server.Close)
	b := apptest.NewBrowser(t, server.URL)
	key := b.Get("/key")
	first, second := b.Listen(apptest.StreamPath("/a"), nil),
		b.Listen(apptest.StreamPath("/b"), nil)
	a.Job(key, flashgin.Info("first").At("/a"), flashgin.Info("second").At("/b"))
	first.Hears("first")
	second.Hears("second")
	assert.Equal(t, 1, strings.Count(log.String(), "a middleware hides the connection"),
		log.String())
	assert.Contains(t, log.String(), "/_flash")
}

// A middleware that compresses and came before flashgin says nothing of the connection below it.
// The stream is then compressed, as all answers, and arrives.
func TestStreamBelowCompression(t *testing.T) {
	var log apptest.LockedBuffer
	a := apptest.NewApp(t, flashgin.Config{Logger: apptest.LogTo(&log)})
	a.Engine = gin.New()
	a.Use(gzip.Gzip(gzip.DefaultCompression))
	a.With(a.Messenger.Install)
	a.Use(sessions.Sessions("id", apptest.CookieStore()))
	a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
	a.MountLive()
	b := a.Browser()
	key := b.Get("/key")
	for range 2 {
		page := b.Listen(apptest.StreamPath("/a"), b.Acknowledging())
		require.True(t, page.Response.Uncompressed, "by the client")
		for i, text := range []string{"first", "second", "third"} {
			a.Job(key, flashgin.Info(text).At("/a"))
			page.Hears([]string{"first", "second", "third"}[:i+1]...)
		}
		page.Close()
	}
	assert.Equal(t, 1, strings.Count(log.String(), "a middleware hides the connection"),
		log.String())
}

// Where answers are held back until they are complete there is no stream, and clients are told not
// to try again.
func TestStreamWithoutFlush(t *testing.T) {
	var log apptest.LockedBuffer
	a := apptest.NewLiveApp(t, flashgin.Config{Logger: apptest.LogTo(&log)})
	server := httptest.NewServer(http.TimeoutHandler(a, time.Minute, ""))
	t.Cleanup(server.Close)
	b := apptest.NewBrowser(t, server.URL)
	b.Get("/key")
	for range 2 {
		assert.Equal(t, http.StatusNoContent,
			b.Do(http.MethodGet, apptest.StreamPath("/a")).StatusCode)
	}
	assert.Equal(t, 1, strings.Count(log.String(), "open pages get no messages"), log.String())
}

// comingBack is the handler of a log that asks the application before it returns, as one does that
// ships its lines through it.
type comingBack struct {
	slog.Handler
	ask func()
}

func (h comingBack) Enabled(context.Context, slog.Level) bool { return true }

func (h comingBack) Handle(context.Context, slog.Record) error {
	h.ask()
	return nil
}

// What is said once to the log is said with nothing locked: its handler may come back.
func TestALogThatComesBack(t *testing.T) {
	for _, test := range []struct {
		name, path string
		below      func(http.ResponseWriter) http.ResponseWriter
	}{
		{"no Mount", "/assets", func(w http.ResponseWriter) http.ResponseWriter { return w }},
		{"a hidden connection", apptest.StreamPath("/a"),
			func(w http.ResponseWriter) http.ResponseWriter { return plain{w} }},
		{"no stream", apptest.StreamPath("/a"), func(w http.ResponseWriter) http.ResponseWriter {
			return struct{ http.ResponseWriter }{w}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var ask func()
			told := 0
			log := comingBack{slog.DiscardHandler, func() {
				told++
				ask()
			}}
			a := apptest.NewAppWithoutSessions(t, flashgin.Config{
				Logger:     slog.New(log),
				SessionKey: func(*gin.Context) (string, error) { return "alice", nil },
			})
			a.Template("page", `{{flashAssets}}`)
			a.GET("/assets", apptest.Page)
			if test.path != "/assets" {
				a.MountLive()
			}
			client, leave := context.WithCancel(t.Context())
			leave() // so that the stream ends as soon as it has begun
			ask = func() {
				request := httptest.NewRequestWithContext(client, http.MethodGet, test.path, nil)
				a.ServeHTTP(test.below(httptest.NewRecorder()), request)
			}
			apptest.Within(t, "the request", ask)
			assert.Equal(t, 1, told)
		})
	}
}

// stickyReader opens a stream, makes the server write until nothing more fits between them, and
// never reads.
func stickyReader(t testing.TB, b *apptest.Browser, key string, a *apptest.App) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(b.URL, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4096))
	request, err := http.NewRequest(http.MethodGet, b.URL+apptest.StreamPath("/stuck"), nil)
	require.NoError(t, err)
	for _, cookie := range b.Client.Jar.Cookies(request.URL) {
		request.AddCookie(cookie)
	}
	require.NoError(t, request.Write(conn))
	reader := bufio.NewReader(io.LimitReader(conn, 100))
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "200")
	// Each round more than the last one, until a claim stays with the stream that cannot pass it
	// on.
	text := strings.Repeat("x", 7000)
	for range 20 {
		for range 50 {
			a.Job(key, flashgin.Info(text).At("/stuck"))
		}
	}
	return conn
}

// A client that does not read holds up nobody. When its write has failed, what it was to get goes
// to others.
func TestStuckReaderDelaysNobody(t *testing.T) {
	t.Parallel()
	a := apptest.NewLiveApp(t,
		flashgin.Config{Store: &flashgin.MemoryStore{Cap: 2000}, Lease: time.Hour})
	b := a.Browser()
	key := b.Get("/key")
	stickyReader(t, b, key, a)
	page := b.Listen(apptest.StreamPath("/a"), nil)
	// What waits for the one that is stuck becomes more when its write has failed, after five
	// seconds: nothing else gives messages back, as their lease is an hour.
	least := math.MaxInt
	failed := func() bool {
		waiting, err := a.Messenger.Peek(t.Context(), key, "/stuck")
		require.NoError(t, err)
		least = min(least, len(waiting))
		return len(waiting) > least
	}
	meanwhile := 0
	want := []string{}
	for _, text := range strings.Split("abcdefghijklmnopqrst", "") {
		want = append(want, text)
		a.Job(key, flashgin.Info(text).At("/a"))
		page.Hears(want...)
		if !failed() {
			meanwhile++
		}
	}
	assert.Positive(t, meanwhile, "nobody hears anything until the write has failed")
	page.Until("the messages wait again", failed)
}

// Streams that come and go leave no goroutine, and the next one works as the first.
func TestStreamsLeaveNothingBehind(t *testing.T) {
	// The last one to go may take the message along. Nobody acknowledges it, so it comes again.
	a := apptest.NewLiveApp(t, flashgin.Config{Lease: 100 * time.Millisecond})
	server := a.Serve()
	b := apptest.NewBrowser(t, server.URL)
	key := b.Get("/key")
	warm := b.Listen(apptest.StreamPath("/a"), nil)
	warm.Close()
	b.Client.CloseIdleConnections()
	before := runtime.NumGoroutine()
	var running sync.WaitGroup
	for range 20 {
		running.Go(func() {
			for range 50 {
				b.Listen(apptest.StreamPath("/a"), nil).Close()
			}
		})
	}
	running.Wait()
	b.Client.CloseIdleConnections()
	goroutinesReturnTo(t, before)
	a.Job(key, flashgin.Info("text").At("/a"))
	page := b.Listen(apptest.StreamPath("/a"), nil)
	page.Until("the message comes", func() bool { return slices.Contains(page.Texts(), "text") })
}

// A thousand streams that have ended leave neither memory nor goroutines.
func TestStreamsReturnTheirMemory(t *testing.T) {
	a := apptest.NewLiveApp(t, flashgin.Config{})
	v := a.Visitor()
	key := v.Get("/key")
	connect := func(times int) {
		var running sync.WaitGroup
		for range 20 {
			running.Go(func() {
				for range times / 20 {
					ctx, leave := context.WithCancel(context.Background())
					request := httptest.NewRequestWithContext(ctx, http.MethodGet,
						apptest.StreamPath("/a", "/b"), nil)
					for _, cookie := range v.Jar {
						request.AddCookie(cookie)
					}
					w := &apptest.StreamWriter{
						Sent: http.Header{}, Cancel: leave, Ended: make(chan struct{}),
					}
					running.Go(func() {
						time.Sleep(time.Millisecond)
						w.Cancel()
					})
					a.ServeHTTP(w, request)
				}
			})
		}
		running.Wait()
	}
	inUse := func() int64 {
		var stats runtime.MemStats
		for range 2 { // what pools hold is let go the second time
			runtime.GC()
		}
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	connect(100)
	goroutines, before := runtime.NumGoroutine(), inUse()
	connect(1000)
	goroutinesReturnTo(t, goroutines)
	grown := inUse() - before
	t.Logf("%d bytes more than before", grown)
	assert.Less(t, grown, int64(512<<10),
		"half a kilobyte for each; one that is left over has several")
	a.Job(key, flashgin.Info("text").At("/a"))
	page := v.Listen(apptest.StreamPath("/a"))
	require.Eventually(t, func() bool { return len(apptest.TextsOf(t, page.Events())) == 1 },
		30*time.Second, time.Millisecond)
}
