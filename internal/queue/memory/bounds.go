package memory

import (
	"context"
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

// dropped are the items that an add has dropped, by bound.
type dropped[T any] struct {
	byCap, byViews []queue.Item[T]
	byBytes        []ended[T]
}

// ended are items of one session that are gone.
type ended[T any] struct {
	session string
	items   []queue.Item[T]
}

// tell reports what an add for session has dropped.
func (s *Store[T]) tell(ctx context.Context, session string, d dropped[T]) {
	if len(d.byCap) > 0 {
		s.Report(ctx, queue.CapError(session, d.byCap, s.cfg.Cap))
		s.Tell(ctx, queue.Dropped, session, d.byCap)
	}
	if len(d.byViews) > 0 {
		s.Report(ctx, queue.ViewsError(session, d.byViews, s.cfg.Views))
		s.Tell(ctx, queue.Dropped, session, d.byViews)
	}
	sum := 0
	for _, line := range d.byBytes {
		sum += len(line.items)
	}
	if sum > 0 {
		s.Report(ctx, queue.BytesError(d.byBytes[0].session, sum, s.cfg.MaxBytes))
	}
	for _, line := range d.byBytes {
		s.Tell(ctx, queue.Dropped, line.session, line.items)
	}
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

// dropViews removes the oldest lines of a session that has too many, and returns what they held.
func (s *Store[T]) dropViews(session string) (dropped []queue.Item[T]) {
	for len(s.sessions[session]) > s.cfg.Views {
		oldest := s.sessions[session][0]
		dropped = append(dropped, oldest.items()...)
		s.discard(oldest)
	}
	return dropped
}

// dropBytes removes lines while all together take too much: first those whose last add is oldest,
// and never l. It returns what they held that had not expired.
func (s *Store[T]) dropBytes(l *line[T], now time.Time) (dropped []ended[T]) {
	for s.bytes > s.cfg.MaxBytes && len(s.expiring) > 1 {
		oldest := s.expiring[0]
		if oldest == l {
			oldest = s.expiring[1] // a clock that stands
		}
		if len(oldest.entries) > 0 && oldest.expires.After(now) {
			dropped = append(dropped, ended[T]{oldest.address.session, oldest.items()})
		}
		s.discard(oldest)
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
