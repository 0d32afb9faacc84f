package browser_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/browser"
)

// HeadSize is at least what net/http sends, and little more.
func TestHeadSize(t *testing.T) {
	for _, length := range []int{0, 10, 100_000} {
		var size int
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Long", strings.Repeat("x", 1000))
			w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
			size = browser.HeadSize(http.StatusForbidden, w.Header(), "")
			assert.Equal(t, size-browser.HeaderSize("X-Long", w.Header().Get("X-Long")),
				browser.HeadSize(http.StatusForbidden, w.Header(), "X-Long"))
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, strings.Repeat("<p>", length))
		}))
		t.Cleanup(server.Close)
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = io.WriteString(conn,
			"GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		sent := bytes.Index(answer, []byte("\r\n\r\n")) + 4
		assert.GreaterOrEqual(t, size, sent)
		assert.Less(t, size, sent+128)
	}
}
