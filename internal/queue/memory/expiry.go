package memory

import (
	"container/heap"
	"time"
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
		s.discard(s.expiring[0])
	}
	return now
}

// find returns the line of a session at a view, or nil. It hides what has expired.
func (s *Store[T]) find(at address, now time.Time) *line[T] {
	l := s.lines[at]
	if l != nil && !l.expires.After(now) {
		s.discard(l)
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

// discard removes a line and its items, and returns how many items it had.
func (s *Store[T]) discard(l *line[T]) int {
	s.unlist(l)
	heap.Remove(&s.expiring, l.index)
	delete(s.lines, l.address)
	l.account(-len(l.entries), -l.bytes)
	return len(l.entries)
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
