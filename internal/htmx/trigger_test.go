package htmx

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type message struct {
	Title string `json:"title,omitempty"`
	Text  string `json:"text"`
}

// What a handler has put into HX-Trigger stays, and our event joins it. What cannot be read is
// left alone.
func TestMergingTriggers(t *testing.T) {
	const ours, joined = `{"messages":[{"text":"own"}],"target":"body"}`,
		`{"messages":[{"text":"own"}]}`
	for _, test := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"none", nil, `{"flash:show":` + ours + `}`},
		{"empty", []string{" "}, `{"flash:show":` + ours + `}`},
		{"a name", []string{"saved"}, `{"saved":{},"flash:show":` + ours + `}`},
		{"names", []string{" saved , other.event,,saved, "},
			`{"saved":{},"other.event":{},"flash:show":` + ours + `}`},
		{"names in two lines", []string{"a", "b, c"},
			`{"a":{},"b":{},"c":{},"flash:show":` + ours + `}`},
		{"a hostile name", []string{"a\"}\r\nSet-Cookie: x=\x00\xff✓"},
			`{"a\"}\r\nSet-Cookie: x=\u0000\ufffd\u2713":{},"flash:show":` + ours + `}`},
		{"details", []string{`{"b":{"x":[1, 2.50, "é😀"]}, "a":null,"c":"text"}`},
			`{"b":{"x":[1,2.50,"\u00e9\ud83d\ude00"]},"a":null,"c":"text","flash:show":` +
				ours + `}`},
		{"details over lines", []string{"{\n \"a\" :\t1\r\n}"},
			`{"a":1,"flash:show":` + ours + `}`},
		{"no details", []string{`{}`}, `{"flash:show":` + ours + `}`},
		{"a name twice", []string{`{"a":1,"b":2,"a":3}`},
			`{"a":3,"b":2,"flash:show":` + ours + `}`},
		{"our name", []string{"flash:show,a"}, `{"flash:show":` + joined + `,"a":{}}`},
		{"our name, without a detail", []string{`{"flash:show":null}`},
			`{"flash:show":` + joined + `}`},
		{"our event", []string{`{"flash:show":{"messages":[{"text":"theirs"}],"target":"#x"}}`},
			`{"flash:show":{"messages":[{"text":"theirs"},{"text":"own"}],"target":"#x"}}`},
		{"our event, with no list", []string{`{"flash:show":{"messages":null}}`},
			`{"flash:show":` + joined + `}`},
		{"our name for another thing", []string{`{"flash:show":"now"}`}, ""},
		{"our name for another list", []string{`{"flash:show":{"messages":"none"}}`}, ""},
		{"not JSON", []string{`{"a"`}, ""},
		{"not one object", []string{`{"a":1}`, `{"b":2}`}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			list, ok := ParseTriggers(test.lines)
			if ok {
				list, ok = WithMessages(list, []message{{Text: "own"}})
			}
			require.Equal(t, test.want != "", ok)
			if ok {
				assert.Equal(t, test.want, list.String())
			}
		})
	}
}

// The event that says where the messages are joins the handler's, once.
func TestMergingThePullEvent(t *testing.T) {
	list, _ := ParseTriggers([]string{"a"})
	pulled, ok := WithPull(list, "/_flash/messages?view=%2Fa&view=%2A")
	require.True(t, ok)
	assert.Equal(t,
		`{"a":{},"flash:pull":{"target":"body","url":"/_flash/messages?view=%2Fa\u0026view=%2A"}}`,
		pulled.String())
	assert.Equal(t, `{"a":{}}`, list.String(), "the handler's are as they were")
	_, ok = WithPull(pulled, "/")
	assert.False(t, ok)
}

// Whatever a handler and a user put together, the header is one line of printable ASCII in htmx's
// grammar, in which all of the handler's events are.
func FuzzMergingTriggers(f *testing.F) {
	for _, value := range []string{
		"", "saved", "a,b , c", `{"a":1}`,
		`{"a":{"b":[null,true,1e9]},"flash:show":{"messages":[{"text":"x"}]}}`,
		`{"flash:show":1}`, `{"flash:pull":{}}`, "flash:show",
		"{", "a\r\nSet-Cookie: b", "é✓\u2028\xff\x00", `{"` + "\xff" + `":"` + "\u2028" + `"}`,
		`{"\ud800":"\udc00"}`, `{"a":"\u0000\r"}`, "\u00a0a\u00a0", "{\"a\":1}\n", `{"":""}`,
		`{"a":1,"a":2}`, ",,", "\"", "\\", "\xb3\xbc",
	} {
		f.Add(value, "text\r\n\x00\u2028\xff✓", "title")
	}
	f.Fuzz(func(t *testing.T, value, text, title string) {
		theirs, ok := ParseTriggers([]string{value})
		if !ok {
			return // htmx fires nothing, and the header is left alone
		}
		before := theirs.String()
		text = strings.ToValidUTF8(text, "\uFFFD") // as those of messages are
		title = strings.ToValidUTF8(title, "\uFFFD")
		merged, ok := WithMessages(theirs, []message{{title, text}})
		if !ok {
			if merged, ok = WithPull(theirs, "/_flash/messages"); !ok {
				return
			}
		}
		if theirs.String() != before {
			t.Fatalf("the handler's events were changed: %s", before)
		}
		header := merged.String()
		for i := range len(header) {
			if header[i] < ' ' || header[i] > '~' {
				t.Fatalf("%q has byte %#x", header, header[i])
			}
		}
		if !strings.HasPrefix(header, "{") || !json.Valid([]byte(header)) {
			t.Fatalf("%q is no JSON object", header)
		}
		var got, want map[string]any
		if err := json.Unmarshal([]byte(header), &got); err != nil {
			t.Fatal(err)
		}
		if trimmed := strings.TrimSpace(value); strings.HasPrefix(trimmed, "{") {
			_ = json.Unmarshal([]byte(trimmed), &want)
		} else {
			want = map[string]any{}
			for _, name := range strings.Split(trimmed, ",") {
				if name = strings.TrimSpace(name); name != "" {
					// Each byte that is no UTF-8 becomes U+FFFD.
					want[string([]rune(name))] = map[string]any{}
				}
			}
		}
		for name, detail := range want {
			if name == showEvent || name == pullEvent {
				continue
			}
			if there, ok := got[name]; !ok || !assert.ObjectsAreEqual(detail, there) {
				t.Errorf("%q has not the event %q of %q", header, name, value)
			}
		}
		if ours, ok := got[showEvent].(map[string]any); ok {
			list, _ := ours["messages"].([]any)
			last, _ := list[len(list)-1].(map[string]any)
			if shown, _ := last["text"].(string); shown != text {
				t.Errorf("%q became %q", text, shown)
			}
		}
	})
}
