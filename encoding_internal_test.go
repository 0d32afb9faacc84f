package flashgin

import (
	"bytes"
	"encoding/json"
	"html/template"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/stored"
)

// fill gives every field of a struct a value, so that a field that is added later is not forgotten.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		switch value := field.Addr().Interface().(type) {
		case **Link:
			*value = new(Link)
			fill(t, reflect.ValueOf(*value).Elem())
		case *map[string]string:
			*value = map[string]string{name: "value", "": "\x00 <&>\u2028"}
		case *time.Duration:
			*value = 90*time.Second + 1
		case *time.Time:
			*value = time.Date(2026, 2, 3, 4, 5, 6, 789_000, time.UTC)
		case *bool:
			*value = true
		default:
			require.Equal(t, reflect.String, field.Kind(), "fill %s", name)
			field.SetString(name + " <&> \"'\\ \x00\n\u2028 ä 漢 🎉")
		}
		require.False(t, field.IsZero(), name)
	}
}

func TestEveryFieldSurvivesStorage(t *testing.T) {
	var full Message
	fill(t, reflect.ValueOf(&full).Elem())
	for name, m := range map[string]Message{"every field": full, "none": {}} {
		t.Run(name, func(t *testing.T) {
			data, err := encodeMessage(m)
			require.NoError(t, err)
			assert.NotContains(t, string(data), "\n", "one line")
			assert.Contains(t, string(data), `"v":1`)
			decoded, err := decodeMessage(data)
			require.NoError(t, err)
			assert.Equal(t, m, decoded)
		})
	}
}

// The stored form is the JSON that encoding/json makes: older and newer versions read one
// another's.
func TestEncodeMessageIsEncodingJSON(t *testing.T) {
	var full Message
	fill(t, reflect.ValueOf(&full).Elem())
	texts := []string{"", "plain", `"quoted" \ <&>`, "\x00\x1f\x7f\t\r\n\b\f", "ä 漢 🎉",
		"\u2028\u2029\u2027", "not \xff UTF-8 \xe2\x80", strings.Repeat("é", 1000)}
	messages := []Message{full, {}, {Data: map[string]string{}}, {Link: new(Link)}, {TTL: -1},
		{Created: time.Date(1, 1, 1, 0, 0, 1, 0, time.FixedZone("", 3600))}}
	for _, text := range texts {
		messages = append(messages, Message{
			View: text, Status: Status(text), Title: text, Text: text, HTML: template.HTML(text),
			Key: text, ID: text, Link: &Link{text, text},
			Data: map[string]string{text: text, "z": "", "a": "1"},
		})
	}
	for _, m := range messages {
		encodesLikeJSON(t, m)
	}
}

func encodesLikeJSON(t *testing.T, m Message) {
	t.Helper()
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetEscapeHTML(false)
	wantErr := enc.Encode(storedMessage{encodingVersion, m})
	got, err := encodeMessage(m)
	if wantErr != nil || err != nil {
		assert.Equal(t, wantErr != nil, err != nil, "%v, %v", wantErr, err)
		return
	}
	assert.Equal(t, want.String(), string(got)+"\n")
	assert.GreaterOrEqual(t, encodedAtMost(m), len(got))
}

// A copy that is made for a store shares nothing with the caller's.
func TestCloneSharesNothing(t *testing.T) {
	var m, want Message
	fill(t, reflect.ValueOf(&m).Elem())
	fill(t, reflect.ValueOf(&want).Elem())
	for name, clone := range map[string]Message{"clone": m.clone(), "valid": m.valid()} {
		assert.Equal(t, want, clone, name)
		clone.Link.URL = "changed"
		clone.Data["changed"] = "x"
		assert.Equal(t, want, m, name)
	}
}

// What a later version has added is passed over. What cannot be read is an error, which quotes
// nothing.
func TestDecodeMessage(t *testing.T) {
	for _, test := range []struct {
		name, data string
		want       string // the text
		err        string // part of the error
	}{
		{name: "a field that a later version has added",
			data: `{"v":1,"text":"x","sparkles":{"many":true}}`, want: "x"},
		{name: "a later version", data: `{"v":2,"text":"MARKER"}`, err: "version 2"},
		{name: "no version", data: `{"text":"MARKER"}`, err: "version 0"},
		{name: "a version that is no number", data: `{"v":"MARKER"}`, err: "not JSON of ours"},
		{name: "a field of another type", data: `{"v":1,"text":{"MARKER":1}}`,
			err: "does not fit version 1"},
		{name: "a status of another type", data: `{"v":1,"status":["MARKER"]}`,
			err: "does not fit version 1"},
		{name: "a time that is none", data: `{"v":1,"created":"MARKER"}`,
			err: "does not fit version 1"},
		{name: "not JSON", data: "MARKER", err: "6 bytes"},
		{name: "cut off", data: `{"v":1,"text":"MARKER`, err: "not JSON of ours"},
		{name: "followed by something", data: `{"v":1,"text":"x"} MARKER`, err: "not JSON of ours"},
		{name: "null", data: "null", err: "version 0"},
		{name: "a list", data: "[]", err: "not JSON of ours"},
		{name: "nothing", data: "", err: "0 bytes"},
		{name: "deep", data: strings.Repeat("[", 1<<16), err: "not JSON of ours"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := decodeMessage([]byte(test.data))
			if test.err == "" {
				require.NoError(t, err)
				assert.Equal(t, test.want, m.Text)
				return
			}
			require.ErrorContains(t, err, test.err)
			assert.NotContains(t, err.Error(), "MARKER", "errors never quote data")
			assert.Equal(t, Message{}, m)
		})
	}
}

// What is read without encoding/json is what that would read.
func decodesLikeJSON(t *testing.T, data []byte, m Message) {
	t.Helper()
	var want storedMessage
	require.NoError(t, json.Unmarshal(data, &want), "%q", data)
	assert.Equal(t, want.Message, m, "%q", data)
}

func TestDecodeMessageIsEncodingJSON(t *testing.T) {
	for _, data := range []string{
		`{"v":1}`,
		`{"v":1,"status":"info","title":"a","text":"b","created":"2026-01-02T03:04:05.000006Z"}`,
		`{"v":1,"created":"2026-01-02T03:04:05+01:00","text":"ä 漢 🎉","text":"the last one"}`,
		`{"v":1,"text":"\"quoted\", \\"}`,
		`{"v":1,"text":"not \u00e4 plain"}`,
		`{"v":1,"TEXT":"b"}`,
		`{"v":1,"text":null}`,
		`{"v":1,"text":"b","autoClose":true}`,
		`{"v":1, "text": "b"}`,
		"{\"v\":1,\"text\":\"not \xff UTF-8\"}",
	} {
		m, err := decodeMessage([]byte(data))
		require.NoError(t, err, data)
		decodesLikeJSON(t, []byte(data), m)
	}
}

// An ordinary message is read without encoding/json.
func TestAnOrdinaryMessageIsPlain(t *testing.T) {
	m := Message{Status: StatusSuccess, Title: "a", Text: "b", Created: time.Now()}
	data, err := encodeMessage(m)
	require.NoError(t, err)
	var read Message
	assert.True(t, stored.Plain(data, encodingVersion, read.setPlain))
	assert.Equal(t, m.Text, read.Text)
	assert.True(t, m.Created.Equal(read.Created))
}

// What a store hands back may be anything: another version's, or another program's.
func FuzzDecodeMessage(f *testing.F) {
	f.Add([]byte(
		`{"v":1,"id":"f-1","view":"/a","status":"info","text":"hello","created":"2026-01-02T03:04:05.000006Z"}`))
	f.Add([]byte(
		`{"v":1,"link":{"label":"a","url":"b"},"data":{"k":"v"},"ttl":5,"autoClose":true,"html":"<b>"}`))
	f.Add([]byte(`{"v":1,"text":"a\"b","title":"c"}`))
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
		decodesLikeJSON(t, data, m)
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
