package flashgin

import (
	"context"
	"encoding/json"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A process that has as many streams as it can carry asks clients to come back later.
func TestStreamsOfOneProcess(t *testing.T) {
	m, err := New(Config{SessionKey: func(c *gin.Context) (string, error) { return c.Query("as"), nil }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close(context.Background())) })
	m.live.limit = 0
	engine := gin.New(m.Install)
	m.Mount(engine)
	answer := httptest.NewRecorder()
	engine.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/_flash/stream?view=/&as=anne", nil))
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, "retry: 30000\n\n", answer.Body.String())
	assert.Equal(t, "text/event-stream; charset=utf-8", answer.Header().Get("Content-Type"))
}

// Whatever a message holds, it is one event of one name with one line of data, which is printable ASCII and decodes to the same message.
func FuzzStreamEvent(f *testing.F) {
	f.Add("text", "title", "info", "/a", "key", "1")
	f.Add("a\r\n\r\nevent: flash-bye\n\n", "\ndata: x\n\n", "\rid: 7\r", "/\u2028", "retry: 0\n", "\x00\x7f😀\xff")
	f.Add("\ufeff: comment", "\\u000a", `\\" </script>`, "*", "\u2029\u0085", "\U0010ffff\ud7ff\ue000")
	f.Fuzz(func(t *testing.T, text, title, status, view, key, ticket string) {
		for _, s := range []*string{&text, &title, &status, &view, &key, &ticket} {
			*s = validUTF8(*s) // as prepare does
		}
		message := Message{ID: key + text, View: view, Status: Status(status), Title: title, Text: text, HTML: template.HTML(text), Key: key,
			Link: &Link{Label: title, URL: text}, Data: map[string]string{key: text}}
		encoded, err := flashEvent(Claim{Messages: Messages{message, message}, Tickets: map[string]string{view: ticket}})
		require.NoError(t, err)

		fields := strings.FieldsFunc(string(encoded), func(r rune) bool { return r == '\n' || r == '\r' })
		require.Len(t, fields, 2, "%q", encoded)
		require.Equal(t, "event: flash", fields[0])
		data, ok := strings.CutPrefix(fields[1], "data: ")
		require.True(t, ok, "%q", encoded)
		require.Equal(t, "event: flash\ndata: "+data+"\n\n", string(encoded), "one event, which a blank line ends")
		require.Empty(t, strings.TrimFunc(data, func(r rune) bool { return ' ' <= r && r <= '~' }))

		var got struct {
			Messages Messages
			Tickets  map[string]string
		}
		require.NoError(t, json.Unmarshal([]byte(data), &got))
		require.Equal(t, Messages{message, message}, got.Messages)
		require.Equal(t, map[string]string{view: ticket}, got.Tickets)
	})
}
