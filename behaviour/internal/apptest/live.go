package apptest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/redistest"
)

// Waiting returns the texts that wait for a session at /a.
func (a *App) Waiting(key string) []string {
	a.T.Helper()
	waiting, err := a.Messenger.Peek(context.Background(), key, "/a")
	require.NoError(a.T, err)
	return Texts(waiting)
}

// MessagesLeft counts what waits or is claimed at the server.
func MessagesLeft(t *testing.T, server *redistest.Server) (left int64) {
	t.Helper()
	client := server.Client()
	for _, key := range KeysAt(t, client) {
		n, err := client.ZCount(t.Context(), key, "(-4e15", "+inf").Result()
		require.NoError(t, err)
		left += n
	}
	return left
}

// Within runs f, which must return within a time that is generous for what takes a moment, and
// short for what would wait for ever.
func Within(t testing.TB, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		require.Fail(t, what+" has not returned")
	}
}

// NewLiveApp is NewApp with Mount, a page at /a and one at /b, and /key, which answers with the key
// of the session.
func NewLiveApp(t testing.TB, cfg flashgin.Config) *App {
	a := NewApp(t, cfg)
	a.MountLive()
	return a
}

func (a *App) MountLive() {
	a.Messenger.Mount(a)
	a.GET("/a", Page)
	a.GET("/b", Page)
	a.GET("/key", func(c *gin.Context) {
		key, err := a.Messenger.SessionKey(c)
		assert.NoError(a.T, err)
		c.String(http.StatusOK, key)
	})
}

// Job adds messages for a session as a job does.
func (a *App) Job(session string, msgs ...flashgin.Message) {
	a.T.Helper()
	require.NoError(a.T, a.Messenger.Add(context.Background(), session, msgs...))
}

// StreamPath is the address at which a page listens.
func StreamPath(views ...string) string {
	return "/_flash/stream?" + url.Values{"view": views}.Encode()
}

// Event is one event of a stream.
type Event struct{ Name, Data string }

// ParseEvents reads the events of a stream as the HTML standard says. The comment and the retry
// time come as events of these names.
func ParseEvents(r io.Reader, each func(Event)) {
	var e Event
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
			e, hasData = Event{}, false
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			e.Name = value
		case "data":
			if hasData {
				value = e.Data + "\n" + value
			}
			e.Data, hasData = value, true
		case "retry", "":
			each(Event{field, value})
		}
	}
}

// Handed is the data of a flash event.
type Handed struct {
	Messages flashgin.Messages `json:"messages"`
	Tickets  map[string]string `json:"tickets"`
}

// HandedOver returns what the flash events among events hold.
func HandedOver(t testing.TB, events []Event) (list []Handed) {
	for _, e := range events {
		if e.Name == "flash" {
			var h Handed
			require.NoError(t, json.Unmarshal([]byte(e.Data), &h))
			list = append(list, h)
		}
	}
	return list
}

func TextsOf(t testing.TB, events []Event) []string {
	list := []string{}
	for _, h := range HandedOver(t, events) {
		list = append(list, Texts(h.Messages)...)
	}
	return list
}

// AckBody is what the page says when it has shown what a flash event handed over, or gives it back.
func AckBody(what string, list ...Handed) string {
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

// Listener is an open page that reads its stream over a real connection.
type Listener struct {
	t        testing.TB
	Response *http.Response
	cancel   context.CancelFunc
	Ended    chan struct{} // closed when the stream has

	mu       sync.Mutex
	events   []Event
	received func(Event) // called for each
}

// Listen opens a stream and waits until it is open.
func (b *Browser) Listen(path string, received func(Event), header ...string) *Listener {
	b.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+path, nil)
	require.NoError(b.t, err)
	AddHeader(request, header)
	patient := *b.Client
	patient.Timeout = 0
	response, err := patient.Do(request)
	if err != nil {
		cancel()
		require.NoError(b.t, err)
	}
	l := &Listener{t: b.t, Response: response, cancel: cancel, Ended: make(chan struct{}),
		received: received}
	go func() {
		defer close(l.Ended)
		defer response.Body.Close()
		ParseEvents(response.Body, l.receive)
	}()
	b.t.Cleanup(l.Close)
	return l
}

func (l *Listener) receive(e Event) {
	l.mu.Lock()
	l.events = append(l.events, e)
	l.mu.Unlock()
	if l.received != nil {
		l.received(e)
	}
}

func (l *Listener) All() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

func (l *Listener) Texts() []string { return TextsOf(l.t, l.All()) }

func (l *Listener) Close() {
	l.cancel()
	<-l.Ended
}

// Hears waits until the stream has handed over these texts, and nothing else.
func (l *Listener) Hears(want ...string) {
	l.t.Helper()
	l.Until("the stream hands over "+strings.Join(want, ", "),
		func() bool { return len(l.Texts()) >= len(want) })
	require.Equal(l.t, want, l.Texts())
}

// Until waits for what is bound to happen.
func (l *Listener) Until(what string, done func() bool) {
	l.t.Helper()
	if assert.Eventually(l.t, done, 30*time.Second, 2*time.Millisecond, what) {
		return
	}
	select {
	case <-l.Ended:
		require.FailNow(l.t, "the stream has ended", "after %v", l.All())
	default:
		require.FailNow(l.t, "the stream goes on", "after %v", l.All())
	}
}

// Ends waits until the server has ended the stream, and returns the data of its goodbye.
func (l *Listener) Ends() string {
	l.t.Helper()
	select {
	case <-l.Ended:
	case <-time.After(30 * time.Second):
		require.Fail(l.t, "the stream goes on")
	}
	return Goodbye(l.All())
}

func Goodbye(events []Event) string {
	for _, e := range events {
		if e.Name == "flash-bye" {
			return e.Data
		}
	}
	return ""
}

// Acknowledge posts what the page has shown, as a script of the same origin.
func (b *Browser) Acknowledge(body string, header ...string) Answer {
	b.t.Helper()
	if len(header) == 0 {
		header = []string{"Sec-Fetch-Site", "same-origin"}
	}
	request, err := http.NewRequest(http.MethodPost, b.URL+"/_flash/ack", strings.NewReader(body))
	require.NoError(b.t, err)
	AddHeader(request, header)
	response, err := b.Client.Do(request)
	require.NoError(b.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(b.t, err)
	return Answer{response, string(text)}
}

// Acknowledging is for Listen: it acknowledges everything at once.
func (b *Browser) Acknowledging() func(Event) {
	return func(e Event) {
		if list := HandedOver(b.t, []Event{e}); len(list) > 0 {
			assert.Equal(b.t, http.StatusNoContent,
				b.Acknowledge(AckBody("shown", list...)).StatusCode)
		}
	}
}
