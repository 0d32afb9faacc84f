package redis

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/flashgin/flashgin/internal/keyspace"
	"github.com/flashgin/flashgin/internal/queue"
)

// Key returns the Redis key under which the items of session wait at view.
func (s *Store[T]) Key(session, view string) string { return s.names.Key(session, view) }

// numberLimit is one more than the highest number of an item; see place.
const numberLimit = 100_000_000

// place reserves n consecutive numbers. The place of an item is the time of the server's clock,
// then its number, so items keep their order even if the clock stands still. Numbers start over at
// numberLimit.
func (s *Store[T]) place(n int) uint64 { return s.numbers.Add(uint64(n)) - uint64(n) }

// encode returns the entry of an item from the number on, as member.lua describes it. The server
// puts its time before the number.
func (s *Store[T]) encode(number uint64, ttl int64, item *queue.Item[T]) ([]byte, error) {
	value, err := s.cfg.Encode(item.Value)
	if err != nil {
		return nil, err
	}
	id, key := item.ID, item.Key
	entry := make([]byte, 0, 64+len(id)+len(key)+len(value))
	entry = fmt.Appendf(entry, "%08d %d %d %d %d ", number, queue.Version, ttl, len(id), len(key))
	return append(append(append(entry, id...), key...), value...), nil
}

// An entry is an item in a sorted set.
type entry[T any] struct {
	place  string // compares as the items were added
	ticket string // of the claim that took it
	item   queue.Item[T]
}

// A ticket is the end of the lease, in microseconds of the server's clock. If the claim has a
// single item at the view, and the item has a generated ID, the ID follows: "<end>.<ID>".

// bindTicket appends the ID to the ticket of an entry that is alone in its claim at the view.
func (e *entry[T]) bindTicket() {
	if e.ticket != "" && queue.Generated(e.item.ID) {
		e.ticket += "." + e.item.ID
	}
}

// cutTicket returns the parts of a ticket, and whether this store can have made the ticket.
func cutTicket(ticket string) (end int64, only string, ok bool) {
	text, only, _ := strings.Cut(ticket, ".")
	end, err := strconv.ParseInt(text, 10, 64)
	return end, only, err == nil && end >= 0
}

// decode reads an entry. An entry does not say its view.
func (s *Store[T]) decode(text string) (entry[T], error) {
	read, err := keyspace.Parse(text)
	if err != nil {
		return entry[T]{}, err
	}
	value, err := s.cfg.Decode([]byte(read.Value))
	if err != nil {
		return entry[T]{}, err
	}
	item := queue.Item[T]{ID: read.ID, Key: read.Key, Value: value}
	return entry[T]{place: read.Place, item: item}, nil
}

// itemOf returns the item of an entry that is gone, for the log. If it cannot be read, it is an
// item all the same: it was counted.
func (s *Store[T]) itemOf(text, view string) queue.Item[T] {
	gone, _ := s.decode(text)
	gone.item.View = view
	return gone.item
}

// itemsGone returns the items of entries in a reply, all of one view.
func (s *Store[T]) itemsGone(reply []any, view string) []queue.Item[T] {
	items := make([]queue.Item[T], len(reply))
	for i, text := range reply {
		text, _ := text.(string)
		items[i] = s.itemOf(text, view)
	}
	return items
}
