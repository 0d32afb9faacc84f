package memory

import (
	"container/heap"
	"context"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

// expiredAtMost is how many expired lines a call removes beside its own work. If it removed all, a
// million lines that expire together would hold up one page.
const expiredAtMost = 16

// expire removes some of the expired lines, more than the call is about to add, and returns the
// present time. find hides the other expired lines.
func (s *Store[T]) expire(added int) time.Time {
	now := time.Now()
	for range expiredAtMost + 2*added {
		if len(s.expiring) == 0 || s.expiring[0].expires.After(now) {
			break
		}
		s.drop(s.expiring[0])
	}
	return now
}

// drop removes a line that has expired.
func (s *Store[T]) drop(l *line[T]) {
	if s.HasLog() {
		s.noteExpired(l.address.session, l.items()...)
	}
	s.discard(l)
}

// noteExpired notes items for unlock, if anybody wants to know.
func (s *Store[T]) noteExpired(session string, items ...queue.Item[T]) {
	if len(items) > 0 && s.HasLog() {
		s.expired = append(s.expired, ended[T]{session, items})
	}
}

// unlock gives the lock up, and tells what has expired meanwhile.
func (s *Store[T]) unlock(ctx context.Context) {
	expired := s.expired
	s.expired = nil
	s.mu.Unlock()
	for _, gone := range expired {
		s.Tell(ctx, queue.Expired, gone.session, gone.items)
	}
}

// find returns the line of a session at a view, or nil. It hides what has expired.
func (s *Store[T]) find(at address, now time.Time) *line[T] {
	l := s.lines[at]
	if l != nil && !l.expires.After(now) {
		s.drop(l)
		return nil
	}
	return l
}

// line returns the line for an item that is being added. Its TTL starts anew.
func (s *Store[T]) line(at address, now time.Time) *line[T] {
	l := s.find(at, now)
	if l == nil {
		l = &line[T]{store: s, address: at.compact()}
		s.lines[l.address] = l
		heap.Push(&s.expiring, l)
		l.account(0, lineBytes+len(at.session)+len(at.view))
	}
	l.expires = now.Add(s.cfg.TTL)
	heap.Fix(&s.expiring, l.index)
	return l
}

// discard removes a line and its items.
func (s *Store[T]) discard(l *line[T]) {
	s.unlist(l)
	heap.Remove(&s.expiring, l.index)
	delete(s.lines, l.address)
	l.account(-len(l.entries), -l.bytes)
}

// items returns the items of a line.
func (l *line[T]) items() []queue.Item[T] {
	items := make([]queue.Item[T], len(l.entries))
	for i, e := range l.entries {
		items[i] = e.Item
	}
	return items
}

// shorten makes a line without items expire as soon as its remembered IDs may be forgotten.
func (s *Store[T]) shorten(l *line[T], now time.Time) {
	l.dropExpired(now)
	if len(l.entries) > 0 || !l.remembered.until.Before(l.expires) {
		return
	}
	l.expires = l.remembered.until
	heap.Fix(&s.expiring, l.index)
}

// expiring is a heap: the line that expires next comes first.
type expiring[T any] []*line[T]

func (h expiring[T]) Len() int           { return len(h) }
func (h expiring[T]) Less(i, j int) bool { return h[i].expires.Before(h[j].expires) }
func (h expiring[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *expiring[T]) Push(x any) {
	l := x.(*line[T])
	l.index = len(*h)
	*h = append(*h, l)
}

func (h *expiring[T]) Pop() any {
	last := len(*h) - 1
	l := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return l
}
