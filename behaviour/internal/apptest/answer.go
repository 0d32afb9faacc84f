package apptest

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// OnWire sends a request of alice's over a connection of its own and returns the answer, read by
// net/http.
func (a *App) OnWire(proto, method, path string, header ...string) Answer {
	a.T.Helper()
	server := httptest.NewServer(a)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(a.T, err)
	defer conn.Close()
	require.NoError(a.T, conn.SetDeadline(time.Now().Add(30*time.Second)))
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s %s\r\nHost: example.com\r\nUser: alice\r\nConnection: close\r\n",
		method, path, proto)
	for i := 0; i+1 < len(header); i += 2 {
		fmt.Fprintf(&text, "%s: %s\r\n", header[i], header[i+1])
	}
	_, err = io.WriteString(conn, text.String()+"\r\n")
	require.NoError(a.T, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(a.T, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(a.T, err)
	return Answer{response, string(body)}
}

// NewParts is NewBoard with all kinds of answers, for alice, who looks at /orders/5.
func NewParts(t testing.TB, cfg flashgin.Config) *App {
	cfg.HTMX, cfg.Turbo, cfg.SessionKey = true, true, UserOf
	// on a busy machine
	cfg.Timeout, cfg.AddTimeout = cmp.Or(cfg.Timeout, time.Minute),
		cmp.Or(cfg.AddTimeout, time.Minute)
	a := NewAppWithoutSessions(t, cfg)
	a.Template("page", `{{flashAssets}}{{flashes}}`)
	a.Messenger.Mount(a)
	a.GET("/orders/:id", Page)
	a.GET("/other", Page)
	return a
}

const (
	Screen    = "http://example.com/orders/5?q=1#x"
	AddedHTMX = `<ul hx-swap-oob="beforeend:[data-flash-added]">`
)

// HTMX are the headers of a request of htmx, Turbo those of Turbo, and Asks those of a script that
// asks for messages.
func HTMX(more ...string) []string {
	return append([]string{"HX-Request", "true", "HX-Current-URL", Screen}, more...)
}

func Turbo(more ...string) []string {
	return append([]string{"Accept", "text/vnd.turbo-stream.html, text/html, application/xhtml+xml",
		"Referer", Screen}, more...)
}

func Asks(more ...string) []string {
	return append([]string{"X-Get-Flash", "1", "Referer", Screen}, more...)
}

// Part answers with part of a page.
func Part(code int) gin.HandlerFunc { return Data(code, "text/html; charset=utf-8", "<p>part</p>") }

func Data(code int, contentType, body string) gin.HandlerFunc {
	return func(c *gin.Context) { c.Data(code, contentType, []byte(body)) }
}

// WithHeader answers with a header besides.
func WithHeader(name, value string, answer gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) { c.Header(name, value); answer(c) }
}
