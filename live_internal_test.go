package flashgin

import (
	"context"
	"encoding/json"
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

func FuzzStreamEvent(f *testing.F) {
	f.Add("text", "/a", "1")
	f.Add("a\r\n\r\nevent: flash-bye\n\n", "/\u2028", "\x00\x7f😀\xff")
	f.Fuzz(func(t *testing.T, text, view, ticket string) {
		text, view, ticket = validUTF8(text), validUTF8(view), validUTF8(ticket)
		encoded, err := flashEvent(Claim{
			Messages: Messages{{Text: text, View: view, ID: text}},
			Tickets:  map[string]string{view: ticket},
		})
		require.NoError(t, err)
		lines := strings.Split(string(encoded), "\n")
		require.Len(t, lines, 4)
		require.Equal(t, "event: flash", lines[0])
		require.Empty(t, lines[2]+lines[3])
		data, ok := strings.CutPrefix(lines[1], "data: ")
		require.True(t, ok)
		for _, c := range []byte(data) {
			require.True(t, ' ' <= c && c <= '~', "%q", data)
		}
		var got struct {
			Messages Messages
			Tickets  map[string]string
		}
		require.NoError(t, json.Unmarshal([]byte(data), &got))
		require.Equal(t, Messages{{Text: text, View: view, ID: text}}, got.Messages)
		require.Equal(t, map[string]string{view: ticket}, got.Tickets)
	})
}
