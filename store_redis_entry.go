package flashgin

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// key returns the name of the sorted set that holds what waits for session at view.
func (s *RedisStore) key(session, view string) string { return s.mailbox(session) + escapeView(view) }

// mailbox returns what the keys of session begin with. The session is hashed, since whoever knows it can read a visitor's messages, and keys
// show up in SLOWLOG and MONITOR. The braces put the views of one session into one slot of a cluster; no view can move them, because
// the first pair counts.
func (s *RedisStore) mailbox(session string) string {
	sum := sha256.Sum256([]byte(session))
	key := make([]byte, 0, len(s.prefix)+43+2)
	key = append(key, s.prefix...)
	key = base64.RawURLEncoding.AppendEncode(key, sum[:])
	key = append(key[:len(s.prefix)+22], "}:"...) // 22 digits are 132 bits
	return string(key)
}

// escapeView keeps what is usual in a view, so that an operator can read it, and writes every other byte as %XX.
func escapeView(view string) string {
	usual := func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("/:*-._~", c) >= 0
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

// numberLimit is one more than the highest number of a message; see place.
const numberLimit = 100_000_000

// place reserves n consecutive numbers, in which the store's own sequence goes on where the server's clock stands still: the place of a
// message is the time of that clock, and then its number. They start over after numberLimit.
func (s *RedisStore) place(n int) uint64 { return s.numbers.Add(uint64(n)) - uint64(n) }

// encodeRedisEntry returns the entry of m, as redis/member.lua describes it, from the number on; the server puts its time before that. The
// JSON need not hold again what the key and the entry tell.
func encodeRedisEntry(number uint64, ttl int64, m Message) ([]byte, error) {
	id, key := m.ID, m.Key
	m.View, m.ID, m.Key = "", "", ""
	text, err := encodeMessage(m)
	if err != nil {
		return nil, err
	}
	entry := make([]byte, 0, 64+len(id)+len(key)+len(text))
	entry = fmt.Appendf(entry, "%08d %d %d %d %d ", number, encodingVersion, ttl, len(id), len(key))
	return append(append(append(entry, id...), key...), text...), nil
}

// redisEntry is a message as an address holds it.
type redisEntry struct {
	place   string // compares as the messages were added
	ticket  string // of the claim that took it
	message Message
}

// A ticket is the end of the lease, in microseconds of the server's clock. If the claim took a single message at the view, and that has a generated ID, the
// ID follows: "<end>.<ID>".

// bindTicket is for an entry that is all that its claim took.
func (e *redisEntry) bindTicket() {
	if e.ticket != "" && generatedID(e.message.ID) {
		e.ticket += "." + e.message.ID
	}
}

// cutTicket reports whether the ticket can be one of ours.
func cutTicket(ticket string) (end int64, only string, ok bool) {
	text, only, _ := strings.Cut(ticket, ".")
	end, err := strconv.ParseInt(text, 10, 64)
	return end, only, err == nil && end >= 0
}

var errNoEntry = errors.New("flashgin: redis: an entry is not a message")

// placeLength is how much of an entry says where in the queue it is.
const placeLength = len("1732334400123456.00000001")

// decodeRedisEntry reads a whole entry.
func decodeRedisEntry(entry string) (redisEntry, error) {
	if len(entry) <= placeLength || entry[placeLength] != ' ' {
		return redisEntry{}, errNoEntry
	}
	place, rest := entry[:placeLength], entry[placeLength+1:]
	var fields [4]int // version, TTL, length of ID, length of Key
	for i := range fields {
		number, after, ok := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 0 {
			return redisEntry{}, errNoEntry
		}
		fields[i], rest = n, after
	}
	toKey := fields[2]
	toText := toKey + fields[3]
	if toText > len(rest) || toText < toKey {
		return redisEntry{}, errNoEntry
	}
	m, err := decodeMessage([]byte(rest[toText:]))
	if err != nil {
		return redisEntry{}, err
	}
	m.ID, m.Key = rest[:toKey], rest[toKey:toText]
	return redisEntry{place: place, message: m}, nil
}
