package memory

import (
	"fmt"
	"slices"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

// DefaultMaxBytes is how much memory all lines together take at most.
const DefaultMaxBytes = 256 << 20

// How many bytes things take beside their strings and values. TestMemoryStoreCountsBytes of the
// root package measures them.
const (
	lineBytes  = 310
	entryBytes = 160
	idBytes    = 48
)

// Stats says how much a Store holds. What has expired counts until a later call removes it.
type Stats struct {
	Sessions int // that have items
	Items    int // that wait or are claimed
	Bytes    int // what MaxBytes bounds
}

// Stats tells how much the store holds. A full store answers as fast as an empty one.
func (s *Store[T]) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{len(s.sessions), s.items, s.bytes}
}

// dropped is how many items an add has dropped, by which bound.
type dropped struct {
	byCap            queue.DroppedAt
	byViews, byBytes int
}

func (d dropped) sum() int { return d.byCap.Sum() + d.byViews + d.byBytes }

// errors says what was dropped. No error names a session or a text.
func (s *Store[T]) errors(d dropped) (errs []error) {
	if err := d.byCap.Error(s.cfg.Cap); err != nil {
		errs = append(errs, err)
	}
	if d.byViews > 0 {
		errs = append(errs, queue.ViewsError(d.byViews, s.cfg.Views))
	}
	if d.byBytes > 0 {
		errs = append(errs, fmt.Errorf("flashgin: add: dropped the %d oldest messages in memory, "+
			"which hold %d bytes: raise MemoryStore.MaxBytes, shorten its TTL, or use a RedisStore",
			d.byBytes, s.cfg.MaxBytes))
	}
	return errs
}

// list makes l the newest line of its session, because an item was added.
func (s *Store[T]) list(l *line[T]) {
	lines := without(s.sessions[l.address.session], l)
	s.sessions[l.address.session] = append(lines, l)
}

// unlist removes l from its session, because no item is left in it.
func (s *Store[T]) unlist(l *line[T]) {
	lines := without(s.sessions[l.address.session], l)
	if len(lines) == 0 {
		delete(s.sessions, l.address.session)
	} else {
		s.sessions[l.address.session] = lines
	}
}

func without[T any](lines []*line[T], l *line[T]) []*line[T] {
	if i := slices.Index(lines, l); i >= 0 {
		return slices.Delete(lines, i, i+1)
	}
	return lines
}

// dropViews removes the oldest lines of a session that has too many, and returns how many items
// they held.
func (s *Store[T]) dropViews(session string) (dropped int) {
	for len(s.sessions[session]) > s.cfg.Views {
		dropped += s.discard(s.sessions[session][0])
	}
	return dropped
}

// dropBytes removes lines while all together take too much: first those whose last add is oldest,
// and never l. It returns how many items they held that had not expired.
func (s *Store[T]) dropBytes(l *line[T], now time.Time) (dropped int) {
	for s.bytes > s.cfg.MaxBytes && len(s.expiring) > 1 {
		oldest := s.expiring[0]
		if oldest == l {
			oldest = s.expiring[1] // a clock that stands
		}
		if n := s.discard(oldest); oldest.expires.After(now) {
			dropped += n
		}
	}
	return dropped
}

// account notes that l takes so many more items and bytes.
func (l *line[T]) account(items, bytes int) {
	l.bytes += bytes
	l.store.bytes += bytes
	l.store.items += items
}

// size returns about how many bytes e takes.
func (s *Store[T]) size(e *entry[T]) int {
	return entryBytes + len(e.ID) + len(e.Key) + s.cfg.Size(e.Value)
}
