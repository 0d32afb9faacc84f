package keyspace

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// An Entry is what an entry of a sorted set says of an item, as member.lua describes it.
type Entry struct {
	Place   string // compares as the items were added
	ID, Key string
	TTL     time.Duration // the item's own, or zero
	Value   string
}

// ErrNoEntry means that a text is not an Entry.
var ErrNoEntry = errors.New("flashgin: redis: an entry is not an item")

// placeLength is the length of the place, with which an entry begins.
const placeLength = len("1732334400123456.00000001")

// Parse reads an entry. An entry does not say its view.
func Parse(text string) (Entry, error) {
	if len(text) <= placeLength || text[placeLength] != ' ' {
		return Entry{}, ErrNoEntry
	}
	place, rest := text[:placeLength], text[placeLength+1:]
	var fields [4]int // version, TTL, length of ID, length of Key
	for i := range fields {
		number, after, ok := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 0 {
			return Entry{}, ErrNoEntry
		}
		fields[i], rest = n, after
	}
	toKey := fields[2]
	toValue := toKey + fields[3]
	if toValue > len(rest) || toValue < toKey {
		return Entry{}, ErrNoEntry
	}
	return Entry{
		Place: place, ID: rest[:toKey], Key: rest[toKey:toValue],
		TTL: time.Duration(fields[1]) * time.Microsecond, Value: rest[toValue:],
	}, nil
}

// Added returns when the item was added, by the server's clock.
func (e Entry) Added() time.Time {
	micro, _ := strconv.ParseInt(e.Place[:16], 10, 64)
	return time.UnixMicro(micro)
}
