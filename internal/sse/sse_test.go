package sse_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/sse"
)

type message struct {
	ID, View, Status, Title, Text, HTML, Key string
	Link                                     *link
	Data                                     map[string]string
}

type link struct{ Label, URL string }

// Each piece of a stream is whole: a blank line ends it.
func TestPiecesOfAStream(t *testing.T) {
	assert.Equal(t, "retry: 1500\n: open\n\n", string(sse.Opening(1500)))
	assert.Equal(t, "retry: 30000\n\n", string(sse.Later(30000)))
	assert.Equal(t, "event: flash-hb\ndata: \n\n", string(sse.Beat()))
	assert.Equal(t, "event: flash-bye\ndata: full\n\n", string(sse.Goodbye(sse.ByeFull, 0)))
	assert.Equal(t, "retry: 7\nevent: flash-bye\ndata: age\n\n", string(sse.Goodbye(sse.ByeAge, 7)))
	_, err := sse.Handover([]any{func() {}}, nil)
	assert.ErrorContains(t, err, "flashgin: encode messages")
}

// Whatever a message holds, it is one event of one name with one line of data, which is printable
// ASCII and decodes to the same message.
func FuzzStreamEvent(f *testing.F) {
	f.Add("text", "title", "info", "/a", "key", "1")
	f.Add("a\r\n\r\nevent: flash-bye\n\n", "\ndata: x\n\n", "\rid: 7\r", "/\u2028", "retry: 0\n",
		"\x00\x7f😀\xff")
	f.Add("\ufeff: comment", "\\u000a", `\\" </script>`, "*", "\u2029\u0085",
		"\U0010ffff\ud7ff\ue000")
	f.Fuzz(func(t *testing.T, text, title, status, view, key, ticket string) {
		for _, s := range []*string{&text, &title, &status, &view, &key, &ticket} {
			*s = strings.ToValidUTF8(*s, "\uFFFD") // as those of messages are
		}
		sent := message{
			ID: key + text, View: view, Status: status, Title: title, Text: text, HTML: text,
			Key: key, Link: &link{title, text},
			Data: map[string]string{key: text},
		}
		encoded, err := sse.Handover([]message{sent, sent}, map[string]string{view: ticket})
		require.NoError(t, err)

		fields := strings.FieldsFunc(string(encoded), func(r rune) bool {
			return r == '\n' || r == '\r'
		})
		require.Len(t, fields, 2, "%q", encoded)
		require.Equal(t, "event: flash", fields[0])
		data, ok := strings.CutPrefix(fields[1], "data: ")
		require.True(t, ok, "%q", encoded)
		require.Equal(t, "event: flash\ndata: "+data+"\n\n", string(encoded), "one event")
		printable := func(r rune) bool { return ' ' <= r && r <= '~' }
		require.Empty(t, strings.TrimFunc(data, printable))

		var got struct {
			Messages []message
			Tickets  map[string]string
		}
		require.NoError(t, json.Unmarshal([]byte(data), &got))
		require.Equal(t, []message{sent, sent}, got.Messages)
		require.Equal(t, map[string]string{view: ticket}, got.Tickets)
	})
}
