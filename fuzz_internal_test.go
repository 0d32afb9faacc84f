package flashgin

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// What a store hands back may be anything: another version's, or another program's.
func FuzzDecodeMessage(f *testing.F) {
	f.Add([]byte(`{"v":1,"id":"f-1","view":"/a","status":"info","text":"hello","created":"2026-01-02T03:04:05.000006Z"}`))
	f.Add([]byte(`{"v":1,"link":{"label":"a","url":"b"},"data":{"k":"v"},"ttl":5,"autoClose":true,"html":"<b>"}`))
	f.Add([]byte(`{"v":2}`))
	f.Add([]byte(`{"v":1e0,"V":1,"text":null,"data":null,"link":null}`))
	f.Add([]byte("null"))
	f.Add([]byte("\xff\x00{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := decodeMessage(data)
		if err != nil {
			if len(data) > 20 && strings.Contains(err.Error(), string(data)) {
				t.Errorf("the error quotes the data: %v", err)
			}
			return
		}
		again, err := encodeMessage(m)
		if err != nil {
			t.Skip("a time that RFC 3339 cannot write") // read, but never added
		}
		same, err := decodeMessage(again)
		if err != nil {
			t.Fatalf("%q: %v", again, err)
		}
		if !same.Created.Equal(m.Created) || same.line() != m.line() || same.View != m.View || len(same.Data) != len(m.Data) {
			t.Errorf("%q\nbecame %+v, not %+v", again, same, m)
		}
	})
}

// A view comes from handlers, and handlers make it of what users type.
func FuzzCleanView(f *testing.F) {
	for _, seed := range []string{
		"", "/", "*", "/problems/:id", "/files/*path", "/a%2Fb%20c", "/a%2525", "/%zz", "/a?b#c", "/a%3Fb%23c", "//a/../b/./", "https://example.com/a/b?c",
		"https://example.com?next=/x", "https://example.com", "name", "a name/with slash", "/\xff\xfe", "\xff", "/\x00", "/../..", "://", "a://b://c", "/app/x", "/app", "/apple",
	} {
		f.Add(seed, "")
		f.Add(seed, "/app")
	}
	f.Fuzz(func(t *testing.T, view, prefix string) {
		if prefix != "" && !strings.HasPrefix(prefix, "/") {
			return // New refuses it
		}
		m := &Messenger{cfg: Config{Prefix: prefix}.withDefaults()}
		cleaned := m.cleanView(view)
		if !utf8.ValidString(cleaned) {
			t.Errorf("%q is not UTF-8", cleaned)
		}
		if strings.HasPrefix(view, "/") {
			if !strings.HasPrefix(cleaned, "/") || strings.HasPrefix(cleaned, "//") || strings.ContainsAny(cleaned, "?#") || len(cleaned) > 1 && strings.HasSuffix(cleaned, "/") {
				t.Errorf("%q is not a clean path", cleaned)
			}
		} else if cleaned != validUTF8(view) && !strings.Contains(view, "://") {
			t.Errorf("the name %q became %q", view, cleaned)
		}
		if m.cfg.Prefix != "" {
			return // what lies twice below the prefix loses it twice
		}
		if again := m.cleanView(cleaned); again != cleaned {
			t.Errorf("%q cleaned is %q, cleaned again %q", view, cleaned, again)
		}
	})
}
