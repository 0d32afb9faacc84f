package flashgin

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

const (
	defaultMemory = 256 << 20 // of MemoryStore.MaxBytes
	// What things take beside their strings, as TestMemoryStoreCountsBytes measures it.
	queueBytes    = 310
	messageBytes  = 270
	dataBytes     = 350
	dataPairBytes = 40
	idBytes       = 48
)

func (s *MemoryStore) ttl() time.Duration { return cmp.Or(max(s.TTL, 0), defaultTTL) }
func (s *MemoryStore) cap() int           { return cmp.Or(max(s.Cap, 0), defaultCap) }
func (s *MemoryStore) views() int         { return cmp.Or(max(s.Views, 0), defaultViews) }
func (s *MemoryStore) maxBytes() int      { return cmp.Or(max(s.MaxBytes, 0), defaultMemory) }

// MemoryStats says how much a [MemoryStore] holds. What has expired counts until a later call
// removes it.
type MemoryStats struct {
	Sessions int // for which there are messages
	Messages int // that wait, or are on their way to a page
	Bytes    int // what MaxBytes bounds
}

// Stats tells how much the store holds. It takes no longer where that is much.
func (s *MemoryStore) Stats() MemoryStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return MemoryStats{len(s.sessions), s.messages, s.bytes}
}

// memoryDropped is how many messages an add has dropped, by which bound.
type memoryDropped struct{ byCap, byViews, byBytes int }

// errors say so. None names a session or a text.
func (d memoryDropped) errors(s *MemoryStore) (errs []error) {
	if d.byCap > 0 {
		errs = append(errs, capError(d.byCap, s.cap()))
	}
	if d.byViews > 0 {
		errs = append(errs, viewsError(d.byViews, s.views()))
	}
	if d.byBytes > 0 {
		errs = append(errs, fmt.Errorf("flashgin: add: dropped the %d oldest messages in memory, which hold %d bytes: "+
			"raise MemoryStore.MaxBytes, shorten its TTL, or use a RedisStore", d.byBytes, s.maxBytes()))
	}
	return errs
}

func capError(dropped, limit int) error {
	return fmt.Errorf("flashgin: add: dropped the %d oldest messages of an address, which holds %d: is its page never opened?", dropped, limit)
}

func viewsError(dropped, limit int) error {
	return fmt.Errorf("flashgin: add: dropped %d messages at the oldest views of a session, which may have %d: "+
		"do clients choose the paths that messages are for?", dropped, limit)
}

// list makes q, to which a message was added, the newest queue of its session.
func (s *MemoryStore) list(q *queue) {
	if s.sessions == nil {
		s.sessions = map[string][]*queue{}
	}
	queues := without(s.sessions[q.address.session], q)
	s.sessions[q.address.session] = append(queues, q)
}

// unlist removes q, in which no message is left.
func (s *MemoryStore) unlist(q *queue) {
	queues := without(s.sessions[q.address.session], q)
	if len(queues) == 0 {
		delete(s.sessions, q.address.session)
	} else {
		s.sessions[q.address.session] = queues
	}
}

func without(queues []*queue, q *queue) []*queue {
	if i := slices.Index(queues, q); i >= 0 {
		return slices.Delete(queues, i, i+1)
	}
	return queues
}

// dropViews removes the oldest queues of a session that has too many, and returns how many messages
// they held.
func (s *MemoryStore) dropViews(session string) (dropped int) {
	for len(s.sessions[session]) > s.views() {
		dropped += s.discard(s.sessions[session][0])
	}
	return dropped
}

// dropBytes removes the queues that were added to longest ago, but for q, while all together take
// too much, and returns how many messages they held that had not expired.
func (s *MemoryStore) dropBytes(q *queue, now time.Time) (dropped int) {
	for s.bytes > s.maxBytes() && len(s.expiring) > 1 {
		oldest := s.expiring[0]
		if oldest == q {
			oldest = s.expiring[1] // a clock that stands
		}
		if n := s.discard(oldest); oldest.expires.After(now) {
			dropped += n
		}
	}
	return dropped
}

// account notes that q takes so much more.
func (q *queue) account(messages, bytes int) {
	q.bytes += bytes
	q.store.bytes += bytes
	q.store.messages += messages
}

// size returns about how many bytes m takes.
func (m *Message) size() int {
	n := messageBytes + len(m.Title) + len(m.Text) + len(m.HTML) + len(m.Status) + len(m.Key) + len(m.ID)
	if m.Link != nil {
		n += 32 + len(m.Link.Label) + len(m.Link.URL)
	}
	if m.Data != nil {
		n += dataBytes
		for key, value := range m.Data {
			n += dataPairBytes + len(key) + len(value)
		}
	}
	return n
}
