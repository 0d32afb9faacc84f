package memory

import (
	"slices"
	"strings"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

// A line is what a [Store] holds for a session at a view: the items by sequence, waiting or
// claimed, and the IDs of items that are gone. The store's mutex guards it.
type line[T any] struct {
	store      *Store[T]
	address    address
	entries    []*entry[T]
	remembered rememberedIDs
	expires    time.Time
	index      int // in Store.expiring
	bytes      int // about what it takes
}

// An entry is one item of a line.
type entry[T any] struct {
	queue.Item[T]
	sequence uint64
	expires  time.Time // the end of its TTL
	ticket   string    // of the latest claim; empty before the first and after a release
	lease    time.Time // the end of that claim
	replaced bool      // by a newer Key or a Withdraw: it goes as soon as no claim holds it
}

func (e *entry[T]) waiting(now time.Time) bool { return e.ticket == "" || !e.lease.After(now) }

// expired reports whether e has to go. An item without a TTL lives as long as its line.
func (e *entry[T]) expired(now time.Time, ttl time.Duration) bool {
	return 0 < e.TTL && e.TTL < ttl && !e.expires.After(now) || e.replaced && e.waiting(now)
}

func (l *line[T]) push(item *queue.Item[T], sequence uint64, now time.Time) {
	ttl := l.store.cfg.TTL
	if item.TTL > 0 {
		ttl = min(ttl, item.TTL)
	}
	e := &entry[T]{sequence: sequence, expires: now.Add(ttl)}
	e.Item = queue.Item[T]{View: l.address.view, ID: item.ID, TTL: item.TTL}
	e.Key = strings.Clone(item.Key)
	if !queue.Generated(e.ID) {
		e.ID = strings.Clone(e.ID)
	}
	e.Value = l.store.cfg.Keep(item.Value)
	l.entries = append(l.entries, e)
	l.account(1, l.store.size(e))
	l.store.list(l)
}

// knows reports whether the line holds the ID, or remembers it.
func (l *line[T]) knows(id string, now time.Time) bool {
	l.dropExpired(now)
	if l.find(id) != nil {
		return true
	}
	before := l.remembered.bytes
	has := l.remembered.has(id, now)
	l.account(0, l.remembered.bytes-before)
	return has
}

func (l *line[T]) find(id string) *entry[T] {
	for _, e := range l.entries {
		if e.ID == id {
			return e
		}
	}
	return nil
}

func (l *line[T]) appendWaiting(found []*entry[T], now time.Time) []*entry[T] {
	l.dropExpired(now)
	for _, e := range l.entries {
		if e.waiting(now) {
			found = append(found, e)
		}
	}
	return found
}

// remove takes e out for good. It remembers the ID, so a late retry of the add does not bring e
// back.
func (l *line[T]) remove(e *entry[T], now time.Time) {
	until := e.expires
	if queue.Generated(e.ID) {
		until = now.Add(queue.RememberFor)
	}
	before := l.remembered.bytes
	l.remembered.add(e.ID, until)
	l.account(-1, l.remembered.bytes-before-l.store.size(e))
	l.entries = slices.DeleteFunc(l.entries, func(other *entry[T]) bool { return other == e })
	if len(l.entries) == 0 {
		l.store.unlist(l)
	}
}

func (l *line[T]) release(e *entry[T], now time.Time) {
	e.ticket = ""
	l.dropExpired(now) // if it was replaced
}

// withdraw removes the items with key. A claimed item stays until its claim is settled or ends.
func (l *line[T]) withdraw(key string, now time.Time) {
	if key == "" {
		return
	}
	for _, e := range l.entries {
		if e.Key == key {
			e.replaced = true
		}
	}
	l.dropExpired(now)
}

// dropOldest drops the oldest waiting items until limit are left, and returns those it dropped.
func (l *line[T]) dropOldest(limit int, now time.Time) (dropped []queue.Item[T]) {
	waiting := l.appendWaiting(nil, now)
	for len(waiting)-len(dropped) > limit {
		oldest := waiting[len(dropped)]
		l.remove(oldest, now)
		dropped = append(dropped, oldest.Item)
	}
	return dropped
}

func (l *line[T]) dropExpired(now time.Time) {
	for i := 0; i < len(l.entries); {
		if e := l.entries[i]; e.expired(now, l.store.cfg.TTL) {
			if !e.replaced {
				l.store.noteExpired(l.address.session, e.Item)
			}
			l.remove(e, now)
		} else {
			i++
		}
	}
}

// rememberedIDs are the IDs of items that are gone.
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
	for len(r.ids) > queue.RememberedAtMost {
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
