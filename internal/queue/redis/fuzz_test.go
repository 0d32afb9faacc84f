package redis

import (
	"net/url"
	"strings"
	"testing"

	"github.com/flashgin/flashgin/internal/keyspace"
	"github.com/flashgin/flashgin/internal/queue"
)

// An entry may be anything: others may write to the server, too.
func FuzzDecodeRedisEntry(f *testing.F) {
	for _, rest := range []string{
		` 1 0 28 0 f-ABCDEFGHIJKLMNOPQRSTUVWXYZ{"v":1,"text":"hello"}`,
		` 1 60000000 2 3 idkey{"v":1,"text":"hello","created":"2026-01-02T03:04:05.000006Z"}`,
		` 1 0 0 0 {"v":1}`, ` 1 0 00 +1 {"v":1}`,
		` 1 0 9223372036854775807 9223372036854775807 {"v":1}`,
		` 1 0 -1 1 {"v":1}`, ` 1 0 99 0 {"v":1}`, ` 1 0 0 0 null`, ` 2`, "", " ",
	} {
		f.Add("1732334400123456.00000001" + rest)
	}
	store := redisStoreFor(nil, "shop")
	f.Fuzz(func(t *testing.T, entry string) {
		decoded, err := store.decode(entry)
		if err != nil {
			if len(entry) > 40 && strings.Contains(err.Error(), entry[min(25, len(entry)):]) {
				t.Errorf("the error quotes the entry: %v", err)
			}
			return
		}
		item := decoded.item
		if decoded.place != entry[:25] || !strings.Contains(entry, item.ID+item.Key) {
			t.Errorf("%q became %+v", entry, decoded)
		}
	})
}

// Any item comes back as it was added.
func FuzzRedisEntry(f *testing.F) {
	f.Add(uint64(0), int64(0), "f-ABCDEFGHIJKLMNOPQRSTUVWXYZ", "", "hello")
	f.Add(uint64(numberLimit-1), int64(60_000_000), "1 2 3", "7 8", "{\"v\":2}\n")
	f.Add(uint64(5), int64(-1), " ", "\x00", "\x00")
	store := redisStoreFor(nil, "shop")
	f.Fuzz(func(t *testing.T, number uint64, ttl int64, id, key, value string) {
		number %= numberLimit
		item := queue.Item[string]{ID: id, Key: key, Value: value}
		text, err := store.encode(number, max(ttl, 0), &item)
		if err != nil {
			t.Fatal(err)
		}
		place := "1732334400123456." + string(text[:8])
		decoded, err := store.decode("1732334400123456." + string(text))
		if err != nil || decoded.place != place || decoded.item != item {
			t.Errorf("%q became %+v, %v", text, decoded, err)
		}
	})
}

// Operators can read a Redis key, and nobody can find a session key by it.
func FuzzRedisKey(f *testing.F) {
	f.Add("abc", "/problems/:id", "abc", "*")
	f.Add("a:b", "c", "a", "b:c")
	f.Add("{a}", "}:{", "", "{}")
	f.Add("session", "/%2F é\x00\xff\r\n", "session", "/%252F%20é")
	store := redisStoreFor(nil, "shop")
	f.Fuzz(func(t *testing.T, session, view, otherSession, otherView string) {
		key := store.Key(session, view)
		for _, c := range []byte(key) {
			if c <= ' ' || c > '~' {
				t.Fatalf("%q is not printable", key)
			}
		}
		// The part that chooses the slot is what Redis finds between the first brace and the next
		// one that closes it.
		_, rest, _ := strings.Cut(key, "{")
		tag, rest, _ := strings.Cut(rest, "}")
		other := store.Key(session, otherView)
		if len(tag) != 22 || tag != store.Name(session) ||
			!strings.HasPrefix(other, "flash:shop:{"+tag+"}:") {
			t.Errorf("%q has the tag %q", key, tag)
		}
		read, err := url.PathUnescape(strings.TrimPrefix(rest, ":"))
		if err != nil || read != view {
			t.Errorf("the view %q reads as %q in %q", view, read, key)
		}
		same := session == otherSession && view == otherView
		if same != (key == store.Key(otherSession, otherView)) {
			t.Errorf("%q for %q, %q and %q, %q", key, session, view, otherSession, otherView)
		}
		if len(session) > 8 && strings.Contains(key, session) &&
			!strings.Contains(keyspace.Escape(view), session) &&
			!strings.Contains(store.names.Prefix(), session) {
			t.Errorf("%q has the session in it", key)
		}
	})
}
