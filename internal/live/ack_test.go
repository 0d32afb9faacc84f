package live

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/report"
)

// flushWriter is a connection whose flushes end as flush does.
type flushWriter struct {
	*httptest.ResponseRecorder
	flush func() error
}

func (w flushWriter) FlushError() error { return w.flush() }

// A parcel whose write fails is put back, unless the page names a ticket of it before.
func TestAParcelThatHasArrivedStays(t *testing.T) {
	failed := errors.New("failed")
	list := func(view, ticket string) HandedList { return HandedList{{View: view, Ticket: ticket}} }
	for _, test := range []struct {
		name    string
		session string
		ack     Ack
		err     error
		back    bool
	}{
		{"nothing", "anne", Ack{}, failed, true},
		{"shown", "anne", Ack{Shown: list("/b", "2")}, failed, false},
		{"given back", "anne", Ack{Back: list("/a", "1")}, failed, false},
		{"another ticket", "anne", Ack{Shown: list("/a", "2")}, failed, true},
		{"another view", "anne", Ack{Shown: list("/c", "1")}, failed, true},
		{"another session", "bert", Ack{Shown: list("/a", "1")}, failed, true},
		{"shown, and written", "anne", Ack{Shown: list("/a", "1")}, nil, false},
		{"written", "anne", Ack{}, nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := New(Config{Errors: silent()})
			w := flushWriter{httptest.NewRecorder(), func() error {
				h.Arrived(test.session, test.ack)
				return test.err
			}}
			page := &Page{Context: context.Background(), Session: "anne"}
			s := newStream(h, h.Connect(Way{Out: w, Base: w}), page)
			back := false
			sent := s.hand(Parcel{
				Text:    []byte("text"),
				Tickets: map[string]string{"/a": "1", "/b": "2"},
				Release: func() { back = true },
			})
			assert.Equal(t, test.err == nil, sent)
			assert.Equal(t, test.back, back)
			assert.Equal(t, "text", w.Body.String())
			assert.Empty(t, h.writing, "nothing is left")
		})
	}
}

// A write that panics puts its parcel back, and leaves nothing behind.
func TestAParcelWhoseWritePanicsIsPutBack(t *testing.T) {
	h := New(Config{Errors: silent()})
	w := flushWriter{httptest.NewRecorder(), func() error { panic("broken") }}
	s := newStream(h, h.Connect(Way{Out: w, Base: w}),
		&Page{Context: context.Background(), Session: "anne"})
	back := false
	assert.Panics(t, func() {
		s.hand(Parcel{Tickets: map[string]string{"/a": "1"}, Release: func() { back = true }})
	})
	assert.True(t, back)
	assert.Empty(t, h.writing)
}

// comingBack is the handler of a log that does something here before it returns.
type comingBack struct {
	slog.Handler
	do func()
}

func (h comingBack) Enabled(context.Context, slog.Level) bool { return true }

func (h comingBack) Handle(context.Context, slog.Record) error {
	h.do()
	return nil
}

// The log that is told of a crowd may open streams.
func TestALogThatIsToldOfACrowdMayOpenStreams(t *testing.T) {
	told := 0
	var h *Hub
	page := &Page{Context: context.Background(), Client: "192.0.2.1"}
	log := slog.New(comingBack{slog.DiscardHandler, func() {
		told++
		assert.False(t, h.open(newStream(h, nil, page)))
	}})
	h = New(Config{Errors: &report.Reporter{Logger: log}})
	h.crowd.clients[addressOf(page.Client)] = streamsAClient
	assert.False(t, h.open(newStream(h, nil, page)))
	assert.Equal(t, 1, told)
}

// What a page acknowledges is a list of bounded length, whatever else the body says.
func TestAcknowledgementsAreDecoded(t *testing.T) {
	entries := func(n int) string {
		return "[" + strings.TrimSuffix(strings.Repeat(`{"view":"/a","ticket":"1"},`, n), ",") + "]"
	}
	for _, test := range []struct {
		name, text string
		entries    int
		says       string
	}{
		{"none", "[]", 0, ""},
		{"null", "null", 0, ""},
		{"two", entries(2), 2, ""},
		{"as many as it may have", entries(ackMessagesAtMost), ackMessagesAtMost, ""},
		{"one more", entries(ackMessagesAtMost + 1), ackMessagesAtMost, "too many messages"},
		{"an object", "{}", 0, "an acknowledgement is a list"},
		{"a word", `"/a"`, 0, "an acknowledgement is a list"},
		{"a list of words", `["/a"]`, 0, "cannot unmarshal string"},
	} {
		t.Run(test.name, func(t *testing.T) {
			list := HandedList{{View: "/old"}}
			err := json.Unmarshal([]byte(test.text), &list)
			assert.Len(t, list, test.entries)
			if test.says == "" {
				assert.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, test.says)
		})
	}
}
