package flashgin

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/flashgin/flashgin/internal/queue/foreign"
	"github.com/flashgin/flashgin/internal/queue/memory"
)

// MemoryStore is a [Store] in memory, for an application that is one process: messages do not
// survive a restart and no other process sees them. The zero value is ready for use; do not copy it
// or change its fields after first use. It starts no goroutine: each call removes a little of what
// has expired.
//
// A MemoryStore is safe for concurrent use by multiple goroutines.
type MemoryStore struct {
	// TTL is how long a view of a session keeps its messages after the last one was added. Zero
	// means 24 hours; [New] refuses a negative TTL.
	TTL time.Duration
	// Cap is how many messages wait for a session at one view at most; the oldest are dropped. Zero
	// means 50; [New] refuses a negative Cap.
	Cap int
	// Views is at how many views messages of one session are kept at most; those at the oldest
	// views are dropped. Zero means 100; [New] refuses negative Views.
	Views int
	// MaxBytes is about how many bytes of memory the store takes at most; the views that were added
	// to longest ago are dropped with all that they hold. Zero means 256 MiB, which is some 300,000
	// messages in as many sessions; [New] refuses negative MaxBytes.
	MaxBytes int

	once  sync.Once
	store *memory.Store[Message]
}

func (s *MemoryStore) validate() error {
	if s == nil { // a type embeds it
		return errors.New("flashgin: Config.Store embeds a nil *MemoryStore: want new(MemoryStore)")
	}
	return refuseNegative("MemoryStore",
		number{"TTL", s.TTL < 0, s.TTL, "24h"},
		number{"Cap", s.Cap < 0, s.Cap, 50},
		number{"Views", s.Views < 0, s.Views, 100},
		number{"MaxBytes", s.MaxBytes < 0, s.MaxBytes, "256 MiB"})
}

// queue returns the queue that keeps the messages. The first use makes it.
func (s *MemoryStore) queue() *memory.Store[Message] {
	s.once.Do(func() {
		s.store = memory.New(memory.Config[Message]{
			TTL: s.TTL, Cap: s.Cap, Views: s.Views, MaxBytes: s.MaxBytes,
			Clone: Message.clone, Keep: Message.compact, Size: Message.size,
		})
	})
	return s.store
}

// OnError adds a function that is told when messages are dropped; nil removes all. [New] calls it,
// so each [Messenger] that uses the store is told; call it yourself only before first use.
func (s *MemoryStore) OnError(report func(context.Context, error)) { s.queue().OnError(report) }

// OnEvent sets the function that is told how many messages are dropped, and how many are given out
// again after their lease. [New] calls it: of several Messengers with one store, the last one's
// Observer is told, so that nothing counts twice. Call it yourself only before first use.
func (s *MemoryStore) OnEvent(event func(context.Context, Event)) {
	s.queue().OnEvent(tellEvents(event))
}

// Add implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Add(ctx context.Context, session string, msgs ...Message) error {
	return methods(s.queue()).Add(ctx, session, msgs)
}

// Claim implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (Claim, error) {
	return methods(s.queue()).Claim(ctx, session, views, lease)
}

// Confirm implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Confirm(ctx context.Context, claim Claim) error {
	return methods(s.queue()).Confirm(ctx, claim)
}

// Release implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Release(ctx context.Context, claim Claim) error {
	return methods(s.queue()).Release(ctx, claim)
}

// Peek implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Peek(ctx context.Context, session string, views []string) (Messages, error) {
	return methods(s.queue()).Peek(ctx, session, views)
}

// ViewsOf returns the views at which messages of session wait, or are on their way to a page, for
// [Messenger.Waiting]. Its only error is that of a context that has ended.
func (s *MemoryStore) ViewsOf(ctx context.Context, session string) ([]string, error) {
	return s.queue().Views(ctx, session)
}

// Withdraw implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Withdraw(ctx context.Context, session, view, key string) error {
	return s.queue().Withdraw(ctx, session, view, key)
}

// Watch tells open pages when messages are added, as [Store] describes it. It returns the error of
// ctx when that has ended.
func (s *MemoryStore) Watch(ctx context.Context, wake func(session string)) error {
	return s.queue().Watch(ctx, foreign.InWords(wake))
}

// MemoryStats says how much a [MemoryStore] holds. Expired messages count until a later call
// removes them.
type MemoryStats struct {
	Sessions int // that have messages
	Messages int // that wait, or are on their way to a page
	Bytes    int // what MaxBytes bounds
}

// Stats returns how much the store holds. A full store answers as fast as an empty one.
func (s *MemoryStore) Stats() MemoryStats {
	stats := s.queue().Stats()
	return MemoryStats{Sessions: stats.Sessions, Messages: stats.Items, Bytes: stats.Bytes}
}

// How many bytes a message takes beside its strings and its item. TestMemoryStoreCountsBytes
// measures them.
const (
	messageBytes  = 150
	linkBytes     = 32
	dataBytes     = 350
	dataPairBytes = 40
)

// size returns about how many bytes m takes, without the fields that its item has.
func (m Message) size() int {
	n := messageBytes + len(m.Title) + len(m.Text) + len(m.HTML) + len(m.Status)
	if m.Link != nil {
		n += linkBytes + len(m.Link.Label) + len(m.Link.URL)
	}
	if m.Data != nil {
		n += dataBytes
		for key, value := range m.Data {
			n += dataPairBytes + len(key) + len(value)
		}
	}
	return n
}

// compact returns a copy of m without the fields that its item has. The copy shares no memory with
// other strings: m may have small parts of a large one, for example of a request's body.
func (m Message) compact() Message {
	m.View, m.ID, m.Key = "", "", ""
	memory.Pack((*string)(&m.Status), &m.Title, &m.Text, (*string)(&m.HTML))
	if m.Link != nil {
		m.Link = &Link{strings.Clone(m.Link.Label), strings.Clone(m.Link.URL)}
	}
	if m.Data != nil {
		data := make(map[string]string, len(m.Data))
		for key, value := range m.Data {
			data[strings.Clone(key)] = strings.Clone(value)
		}
		m.Data = data
	}
	return m
}
