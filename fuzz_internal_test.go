package flashgin

import (
	"bytes"
	"strings"
	"testing"
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
		encodesLikeJSON(t, m)
		again, err := encodeMessage(m)
		if err != nil {
			t.Skip("a time that RFC 3339 cannot write") // read, but never added
		}
		same, err := decodeMessage(again)
		if err != nil {
			t.Fatalf("%q: %v", again, err)
		}
		if twice, err := encodeMessage(same); err != nil || !bytes.Equal(twice, again) {
			t.Errorf("%q\nbecame %q, %v", again, twice, err)
		}
	})
}
