package live

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/sse"
)

// office is a Hub behind a server, with what waits for each session. A request says whose it is.
type office struct {
	*Hub
	url string

	box     sync.Mutex
	waiting map[string][]string
	claims  int
}

func silent() *report.Reporter {
	return &report.Reporter{Logger: slog.New(slog.DiscardHandler)}
}

// openOffice serves so many streams at a time.
func openOffice(t *testing.T, limit int) *office {
	o := &office{
		Hub:     New(Config{Errors: silent(), Path: "/stream"}),
		waiting: map[string][]string{},
	}
	o.limit = limit
	server := httptest.NewServer(o)
	o.url = server.URL
	t.Cleanup(server.Close)
	t.Cleanup(func() { require.NoError(t, o.Close(context.Background())) })
	return o
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn := o.Connect(Way{Out: w.(Writer), Base: w})
	peer, _, _ := net.SplitHostPort(r.RemoteAddr)
	session := r.URL.Query().Get("as")
	o.Serve(conn, &Page{
		Context: r.Context(),
		Session: session,
		Peer:    peer,
		Client:  r.Header.Get("X-Forwarded-For"),
		Owned:   func() bool { return true },
		Claim:   func(context.Context) (Parcel, error) { return o.claim(session) },
	})
}

func (o *office) claim(session string) (Parcel, error) {
	o.box.Lock()
	defer o.box.Unlock()
	texts := o.waiting[session]
	if len(texts) == 0 {
		return Parcel{}, nil
	}
	delete(o.waiting, session)
	o.claims++
	tickets := map[string]string{"/": strconv.Itoa(o.claims)}
	text, err := sse.Handover(texts, tickets)
	return Parcel{Text: text, Tickets: tickets, Release: func() { o.put(session, texts) }}, err
}

func (o *office) put(session string, texts []string) {
	o.box.Lock()
	defer o.box.Unlock()
	o.waiting[session] = append(texts, o.waiting[session]...)
}

func (o *office) add(session, text string) {
	o.put(session, []string{text})
	o.hear(session, false)
}

// hear opens a stream from an address of this machine, for a client that a proxy names. It returns
// the events of the stream as they come.
func hear(t *testing.T, o *office, local, client, session string) <-chan string {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}}
	transport := &http.Transport{DialContext: dialer.DialContext}
	t.Cleanup(transport.CloseIdleConnections)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url+"?as="+session, nil)
	require.NoError(t, err)
	request.Header.Set("X-Forwarded-For", client)
	response, err := transport.RoundTrip(request)
	require.NoError(t, err)
	events := make(chan string, 100)
	go func() {
		defer close(events)
		defer response.Body.Close()
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			if line := lines.Text(); line != "" {
				events <- line
			}
		}
	}()
	require.Contains(t, <-events, "retry: ")
	return events
}

// isOpen reports whether a stream says more than when to come back.
func isOpen(events <-chan string) bool { return <-events == ": open" }

// A process that has as many streams as it can carry asks clients to come back later.
func TestStreamsOfOneProcess(t *testing.T) {
	o := openOffice(t, 0)
	answer := httptest.NewRecorder()
	o.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/?as=anne", nil))
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, "retry: 30000\n\n", answer.Body.String())
	assert.Equal(t, "text/event-stream; charset=utf-8", answer.Header().Get("Content-Type"))
}
