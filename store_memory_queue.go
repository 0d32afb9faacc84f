package flashgin

import (
	"slices"
	"time"
)

// A queue is what a [MemoryStore] holds for one address: the messages by sequence, waiting and claimed ones alike, and the IDs of those
// that are gone. The store's mutex guards it.
type queue struct {
	store      *MemoryStore
	address    address
	ttl        time.Duration
	messages   []*queued
	remembered rememberedIDs
	expires    time.Time
	index      int // in MemoryStore.expiring
	bytes      int // about what it takes
}

// queued is one message of a queue.
type queued struct {
	Message
	sequence uint64
	expires  time.Time // the end of its TTL
	ticket   string    // of the latest claim; empty before the first and after a release
	lease    time.Time // the end of that claim
	replaced bool      // by a newer Key or a Withdraw: to be dropped as soon as no claim holds it
}

func (m *queued) waiting(now time.Time) bool { return m.ticket == "" || !m.lease.After(now) }

// expired reports whether m has to go. Without a TTL of its own a message lives as long as its queue.
func (m *queued) expired(now time.Time, ttl time.Duration) bool {
	return 0 < m.TTL && m.TTL < ttl && !m.expires.After(now) || m.replaced && m.waiting(now)
}

func (q *queue) push(m Message, sequence uint64, now time.Time) {
	ttl := q.ttl
	if m.TTL > 0 {
		ttl = min(ttl, m.TTL)
	}
	added := &queued{Message: m.clone(), sequence: sequence, expires: now.Add(ttl)}
	added.compact()
	added.View = q.address.view // which is compact as well
	q.messages = append(q.messages, added)
	q.account(1, added.size())
	q.store.list(q)
}

// knows reports whether the queue holds the ID, or remembers it.
func (q *queue) knows(id string, now time.Time) bool {
	q.dropExpired(now)
	if q.find(id) != nil {
		return true
	}
	before := q.remembered.bytes
	has := q.remembered.has(id, now)
	q.account(0, q.remembered.bytes-before)
	return has
}

func (q *queue) find(id string) *queued {
	for _, m := range q.messages {
		if m.ID == id {
			return m
		}
	}
	return nil
}

func (q *queue) appendWaiting(found []*queued, now time.Time) []*queued {
	q.dropExpired(now)
	for _, m := range q.messages {
		if m.waiting(now) {
			found = append(found, m)
		}
	}
	return found
}

// remove takes m out for good and remembers its ID, so that a late retry of its add does not bring it back.
func (q *queue) remove(m *queued, now time.Time) {
	until := m.expires
	if generatedID(m.ID) {
		until = now.Add(rememberFor)
	}
	before := q.remembered.bytes
	q.remembered.add(m.ID, until)
	q.account(-1, q.remembered.bytes-before-m.size())
	q.messages = slices.DeleteFunc(q.messages, func(other *queued) bool { return other == m })
	if len(q.messages) == 0 {
		q.store.unlist(q)
	}
}

func (q *queue) release(m *queued, now time.Time) {
	m.ticket = ""
	q.dropExpired(now) // where it was replaced
}

// withdraw removes the messages with key. One that is on its way to a page stays until that page settles it.
func (q *queue) withdraw(key string, now time.Time) {
	if key == "" {
		return
	}
	for _, m := range q.messages {
		if m.Key == key {
			m.replaced = true
		}
	}
	q.dropExpired(now)
}

// dropOldest keeps the newest limit of the waiting messages and returns how many it dropped.
func (q *queue) dropOldest(limit int, now time.Time) (dropped int) {
	waiting := q.appendWaiting(nil, now)
	for len(waiting)-dropped > limit {
		q.remove(waiting[dropped], now)
		dropped++
	}
	return dropped
}

func (q *queue) dropExpired(now time.Time) {
	for i := 0; i < len(q.messages); {
		if m := q.messages[i]; m.expired(now, q.ttl) {
			q.remove(m, now)
		} else {
			i++
		}
	}
}

// rememberedIDs are the IDs of messages that are gone.
type rememberedIDs struct {
	ids   []rememberedID // oldest first
	bytes int
	until time.Time // when the last of them may be forgotten
}

type rememberedID struct {
	id    string
	until time.Time
}

func (r *rememberedIDs) add(id string, until time.Time) {
	r.ids = append(r.ids, rememberedID{id, until})
	r.bytes += idBytes + len(id)
	for len(r.ids) > rememberedAtMost {
		r.bytes -= idBytes + len(r.ids[0].id)
		r.ids = slices.Delete(r.ids, 0, 1)
	}
	if until.After(r.until) {
		r.until = until
	}
}

func (r *rememberedIDs) has(id string, now time.Time) bool {
	r.ids = slices.DeleteFunc(r.ids, func(gone rememberedID) bool {
		forget := !gone.until.After(now)
		if forget {
			r.bytes -= idBytes + len(gone.id)
		}
		return forget
	})
	return slices.ContainsFunc(r.ids, func(gone rememberedID) bool { return gone.id == id })
}
