package flashgin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// What the tests of live delivery have in common.

// newLiveApp is newApp with Mount, a page at /a and one at /b, and /key, which answers with the key of the session.
func newLiveApp(t testing.TB, cfg flashgin.Config) *app {
	a := newApp(t, cfg)
	a.mountLive()
	return a
}

func (a *app) mountLive() {
	a.messenger.Mount(a)
	a.GET("/a", page)
	a.GET("/b", page)
	a.GET("/key", func(c *gin.Context) {
		key, err := a.messenger.SessionKey(c)
		assert.NoError(a.t, err)
		c.String(http.StatusOK, key)
	})
}

// job adds messages for a session as a job does.
func (a *app) job(session string, msgs ...flashgin.Message) {
	a.t.Helper()
	require.NoError(a.t, a.messenger.Add(context.Background(), session, msgs...))
}

// streamPath is the address at which a page listens.
func streamPath(views ...string) string {
	return "/_flash/stream?" + url.Values{"view": views}.Encode()
}

// sse is one event of a stream.
type sse struct{ name, data string }

// parseEvents reads the events of a stream as the HTML standard says. The comment and the retry time come as events of these names.
func parseEvents(r io.Reader, each func(sse)) {
	var e sse
	hasData := false
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if line == "" {
			if hasData {
				each(e)
			}
			e, hasData = sse{}, false
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			e.name = value
		case "data":
			if hasData {
				value = e.data + "\n" + value
			}
			e.data, hasData = value, true
		case "retry", "":
			each(sse{field, value})
		}
	}
}

// handed is the data of a flash event.
type handed struct {
	Messages flashgin.Messages `json:"messages"`
	Tickets  map[string]string `json:"tickets"`
}

// handedOver returns what the flash events among events hold.
func handedOver(t testing.TB, events []sse) (list []handed) {
	for _, e := range events {
		if e.name == "flash" {
			var h handed
			require.NoError(t, json.Unmarshal([]byte(e.data), &h))
			list = append(list, h)
		}
	}
	return list
}

func textsOf(t testing.TB, events []sse) []string {
	list := []string{}
	for _, h := range handedOver(t, events) {
		list = append(list, texts(h.Messages)...)
	}
	return list
}

// ackBody is what the page says when it has shown what a flash event handed over, or gives it back.
func ackBody(what string, list ...handed) string {
	type entry struct {
		View   string `json:"view"`
		ID     string `json:"id"`
		Ticket string `json:"ticket"`

		Created time.Time `json:"created"`
	}
	entries := []entry{}
	for _, h := range list {
		for _, m := range h.Messages {
			entries = append(entries, entry{m.View, m.ID, h.Tickets[m.View], m.Created})
		}
	}
	text, err := json.Marshal(map[string]any{what: entries})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// listener is an open page that reads its stream over a real connection.
type listener struct {
	t        testing.TB
	response *http.Response
	cancel   context.CancelFunc
	ended    chan struct{} // closed when the stream has

	mu       sync.Mutex
	events   []sse
	received func(sse) // called for each
}

// listen opens a stream and waits until it is open.
func (b *browser) listen(path string, received func(sse), header ...string) *listener {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+path, nil)
	require.NoError(b.t, err)
	addHeader(request, header)
	patient := *b.client
	patient.Timeout = 0
	response, err := patient.Do(request)
	if err != nil {
		cancel()
		require.NoError(b.t, err)
	}
	l := &listener{t: b.t, response: response, cancel: cancel, ended: make(chan struct{}), received: received}
	go func() {
		defer close(l.ended)
		defer response.Body.Close()
		parseEvents(response.Body, l.receive)
	}()
	b.t.Cleanup(l.close)
	return l
}

func (l *listener) receive(e sse) {
	l.mu.Lock()
	l.events = append(l.events, e)
	l.mu.Unlock()
	if l.received != nil {
		l.received(e)
	}
}

func (l *listener) all() []sse {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

func (l *listener) texts() []string { return textsOf(l.t, l.all()) }

func (l *listener) close() {
	l.cancel()
	<-l.ended
}

// hears waits until the stream has handed over these texts, and nothing else.
func (l *listener) hears(want ...string) {
	l.t.Helper()
	l.until("the stream hands over "+strings.Join(want, ", "), func() bool { return len(l.texts()) >= len(want) })
	require.Equal(l.t, want, l.texts())
}

// until waits for what is bound to happen.
func (l *listener) until(what string, done func() bool) {
	l.t.Helper()
	require.Eventually(l.t, done, 30*time.Second, 2*time.Millisecond, what)
}

// ends waits until the server has ended the stream, and returns the data of its goodbye.
func (l *listener) ends() string {
	l.t.Helper()
	select {
	case <-l.ended:
	case <-time.After(30 * time.Second):
		require.Fail(l.t, "the stream goes on")
	}
	return goodbye(l.all())
}

func goodbye(events []sse) string {
	for _, e := range events {
		if e.name == "flash-bye" {
			return e.data
		}
	}
	return ""
}

// acknowledge posts what the page has shown, as a script of the same origin.
func (b *browser) acknowledge(body string, header ...string) answer {
	b.t.Helper()
	if len(header) == 0 {
		header = []string{"Sec-Fetch-Site", "same-origin"}
	}
	request, err := http.NewRequest(http.MethodPost, b.url+"/_flash/ack", strings.NewReader(body))
	require.NoError(b.t, err)
	addHeader(request, header)
	response, err := b.client.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return answer{response, string(text)}
}

// acknowledging is for listen: it acknowledges everything at once.
func (b *browser) acknowledging() func(sse) {
	return func(e sse) {
		if list := handedOver(b.t, []sse{e}); len(list) > 0 {
			assert.Equal(b.t, http.StatusNoContent, b.acknowledge(ackBody("shown", list...)).StatusCode)
		}
	}
}

// streamWriter is a connection without a network, on which a stream is written: for tests in a synctest bubble, and for connections that fail.
type streamWriter struct {
	mu        sync.Mutex
	header    http.Header
	status    int
	written   []byte
	flushed   int
	deadline  time.Time // zero: none
	deadlines []time.Time
	fail      func(text []byte) error
	flushing  func() error       // called when the client has what was flushed
	expired   chan struct{}      // closed when the deadline is one that has passed already
	cancel    context.CancelFunc // the client goes away
	ended     chan struct{}      // closed when the handler has returned
}

// listen opens a stream; how it goes on is seen after synctest.Wait.
func (v *visitor) listen(path string, header ...string) *streamWriter {
	return v.listenOn(&streamWriter{}, path, header...)
}

func (v *visitor) listenOn(w *streamWriter, path string, header ...string) *streamWriter {
	w.header = http.Header{}
	w.ended = make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	addHeader(request, header)
	for _, cookie := range v.cookies {
		request.AddCookie(cookie)
	}
	go func() {
		defer close(w.ended)
		v.handler.ServeHTTP(w, request)
	}()
	v.t.Cleanup(w.close)
	return w
}

func (w *streamWriter) close() {
	w.cancel()
	<-w.ended
}

func (w *streamWriter) Header() http.Header { return w.header }

func (w *streamWriter) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status = status
}

func (w *streamWriter) Write(text []byte) (int, error) {
	if w.fail != nil {
		if err := w.fail(text); err != nil {
			return 0, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.written = append(w.written, text...)
	return len(text), nil
}

func (w *streamWriter) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flushed = len(w.written)
}

// FlushError is Flush for who wants to know, as http.ResponseController does.
func (w *streamWriter) FlushError() error {
	w.Flush()
	if w.flushing == nil {
		return nil
	}
	return w.flushing()
}

func (w *streamWriter) SetWriteDeadline(deadline time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deadline = deadline
	w.deadlines = append(w.deadlines, deadline)
	if w.expired != nil && !deadline.IsZero() && !deadline.After(time.Now()) {
		close(w.expired)
		w.expired = nil
	}
	return nil
}

// events returns what has reached the client.
func (w *streamWriter) events() (events []sse) {
	w.mu.Lock()
	defer w.mu.Unlock()
	parseEvents(strings.NewReader(string(w.written[:w.flushed])), func(e sse) { events = append(events, e) })
	return events
}

func (w *streamWriter) isOpen() bool {
	select {
	case <-w.ended:
		return false
	default:
		return true
	}
}

// acknowledge posts what the page has shown.
func (v *visitor) acknowledge(body string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, "/_flash/ack", strings.NewReader(body))
	if len(header) == 0 {
		header = []string{"Sec-Fetch-Site", "same-origin"}
	}
	addHeader(request, header)
	return v.send(request)
}

// exactlyOnce adds messages to a session while it has four open pages in b and loads others, and checks that each is shown once. Trouble is what happens to
// the store or the server meanwhile; lost and repeated calls are its business.
func exactlyOnce(t *testing.T, a *app, b *browser, trouble func()) {
	const count = 200
	key := b.get("/key")
	var mu sync.Mutex
	shown := map[string]int{}
	show := func(texts []string) {
		mu.Lock()
		defer mu.Unlock()
		for _, text := range texts {
			shown[text]++
		}
	}
	total := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(shown)
	}
	stop := make(chan struct{})
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() {
			known := map[string]bool{}
			for {
				acknowledge := b.acknowledging()
				l := b.listen(streamPath("/a"), func(e sse) {
					for _, h := range handedOver(t, []sse{e}) {
						for _, m := range h.Messages {
							if !known[m.ID] { // as the script does
								known[m.ID] = true
								show([]string{m.Text})
							}
						}
					}
					acknowledge(e)
				})
				select {
				case <-l.ended: // as a browser does, come back
				case <-stop:
					l.close()
					return
				}
			}
		})
	}
	running.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			text := strings.Trim(b.get("/a"), "[]")
			if text != "" {
				show(strings.Split(text, "]["))
			}
			time.Sleep(time.Millisecond)
		}
	})
	running.Go(func() {
		for i := range count {
			m := flashgin.Info(strconv.Itoa(i)).At("/a")
			m.ID = "job-" + m.Text
			for a.messenger.Add(t.Context(), key, m) != nil { // a job tries until it is certain
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(time.Millisecond)
		}
	})
	if trouble != nil {
		trouble()
	}
	assert.Eventually(t, func() bool { return total() == count }, 60*time.Second, 5*time.Millisecond, "reported: %s", a.failures)
	close(stop)
	running.Wait()
	mu.Lock()
	defer mu.Unlock()
	assert.Len(t, shown, count)
	for text, times := range shown {
		assert.Equal(t, 1, times, "message %s", text)
	}
}
