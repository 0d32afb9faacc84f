package flashgin

import (
	"container/heap"
	"time"
)

// expiredAtMost is how many expired queues a call removes beside its own work. A million that
// expire together would otherwise hold up whoever calls next.
const expiredAtMost = 16

// expire removes some of the queues whose time has passed, more than the call is about to add, and
// returns the present time. Those that it leaves are hidden by find.
func (s *MemoryStore) expire(added int) time.Time {
	now := time.Now()
	for range expiredAtMost + 2*added {
		if len(s.expiring) == 0 || s.expiring[0].expires.After(now) {
			break
		}
		s.discard(s.expiring[0])
	}
	return now
}

// find returns the queue of an address, or nil. What has expired is not there.
func (s *MemoryStore) find(at address, now time.Time) *queue {
	q := s.queues[at]
	if q != nil && !q.expires.After(now) {
		s.discard(q)
		return nil
	}
	return q
}

// queue returns the queue of an address to which something is being added, so its time starts anew.
func (s *MemoryStore) queue(at address, now time.Time) *queue {
	q := s.find(at, now)
	if q == nil {
		q = &queue{store: s, address: at.compact(), ttl: s.ttl()}
		if s.queues == nil {
			s.queues = map[address]*queue{}
		}
		s.queues[q.address] = q
		heap.Push(&s.expiring, q)
		q.account(0, queueBytes+len(at.session)+len(at.view))
	}
	q.expires = now.Add(s.ttl())
	heap.Fix(&s.expiring, q.index)
	return q
}

// discard removes a queue with all that it holds, and returns how many messages that were.
func (s *MemoryStore) discard(q *queue) int {
	s.unlist(q)
	heap.Remove(&s.expiring, q.index)
	delete(s.queues, q.address)
	q.account(-len(q.messages), -q.bytes)
	return len(q.messages)
}

// shorten lets a queue in which nothing is left go as soon as its remembered IDs may be forgotten.
func (s *MemoryStore) shorten(q *queue, now time.Time) {
	q.dropExpired(now)
	if len(q.messages) > 0 || !q.remembered.until.Before(q.expires) {
		return
	}
	q.expires = q.remembered.until
	heap.Fix(&s.expiring, q.index)
}

// queuesByExpiry is a heap: the queue that expires next comes first.
type queuesByExpiry []*queue

func (h queuesByExpiry) Len() int           { return len(h) }
func (h queuesByExpiry) Less(i, j int) bool { return h[i].expires.Before(h[j].expires) }
func (h queuesByExpiry) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *queuesByExpiry) Push(x any) {
	q := x.(*queue)
	q.index = len(*h)
	*h = append(*h, q)
}

func (h *queuesByExpiry) Pop() any {
	last := len(*h) - 1
	q := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return q
}
