package redis

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/flashgin/flashgin/internal/queue"
)

// key returns the Redis key under which the items of session wait at view.
func (s *Store[T]) key(session, view string) string { return s.mailbox(session) + escapeView(view) }

// mailbox returns the first part of a session's Redis keys. It has a hash of the session key:
// whoever knows a session key can read a visitor's messages, and SLOWLOG and MONITOR print Redis
// keys. The braces put all views of a session into one slot of a cluster. No view can change that,
// because the first pair of braces counts.
func (s *Store[T]) mailbox(session string) string {
	hash := queue.HashOf(session)
	return s.prefix + string(hash[:]) + "}:"
}

// escapeView writes the unusual bytes of a view as %XX. Operators can read the others.
func escapeView(view string) string {
	usual := func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.IndexByte("/:*-._~", c) >= 0
	}
	var escaped []byte
	for i := range len(view) {
		c := view[i]
		switch {
		case escaped == nil && usual(c):
		case usual(c):
			escaped = append(escaped, c)
		default:
			if escaped == nil {
				escaped = append(make([]byte, 0, len(view)+16), view[:i]...)
			}
			escaped = append(escaped, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
	}
	if escaped == nil {
		return view
	}
	return string(escaped)
}

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

var errNoEntry = errors.New("flashgin: redis: an entry is not an item")

// placeLength is the length of the place, with which an entry begins.
const placeLength = len("1732334400123456.00000001")

// decode reads an entry. An entry does not say its view.
func (s *Store[T]) decode(text string) (entry[T], error) {
	if len(text) <= placeLength || text[placeLength] != ' ' {
		return entry[T]{}, errNoEntry
	}
	place, rest := text[:placeLength], text[placeLength+1:]
	var fields [4]int // version, TTL, length of ID, length of Key
	for i := range fields {
		number, after, ok := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 0 {
			return entry[T]{}, errNoEntry
		}
		fields[i], rest = n, after
	}
	toKey := fields[2]
	toValue := toKey + fields[3]
	if toValue > len(rest) || toValue < toKey {
		return entry[T]{}, errNoEntry
	}
	value, err := s.cfg.Decode([]byte(rest[toValue:]))
	if err != nil {
		return entry[T]{}, err
	}
	item := queue.Item[T]{ID: rest[:toKey], Key: rest[toKey:toValue], Value: value}
	return entry[T]{place: place, item: item}, nil
}
