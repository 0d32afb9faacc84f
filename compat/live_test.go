package compat

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	gzipped "github.com/gin-contrib/gzip"
	"github.com/gin-contrib/timeout"
	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzhttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

// brotliWriter compresses as gin-brotli and the like do: it flushes nothing.
type brotliWriter struct {
	gin.ResponseWriter
	w *brotli.Writer
}

func (w brotliWriter) Write(text []byte) (int, error) { return w.w.Write(text) }

func brotlied(c *gin.Context) {
	c.Header("Content-Encoding", "br")
	w := brotliWriter{c.Writer, brotli.NewWriter(c.Writer)}
	c.Writer = w
	defer w.w.Close()
	c.Next()
}

// The table in docs/live.md: what becomes of the stream to an open page behind these, if they come
// before Install, or around the engine.
func TestStreamsBehindOtherMiddleware(t *testing.T) {
	const arrives, ends, refused = "arrives", "ends", "refused"
	slow := timeout.New(timeout.WithTimeout(time.Minute))
	for _, test := range []struct {
		name   string
		before gin.HandlerFunc
		after  gin.HandlerFunc
		around func(http.Handler) http.Handler
		want   string
	}{
		{name: "nothing", want: arrives},
		{name: "gin-contrib/gzip before", before: gzipped.Gzip(gzipped.BestSpeed), want: arrives},
		{name: "gin-contrib/gzip after", after: gzipped.Gzip(gzipped.BestSpeed), want: arrives},
		{name: "brotli before", before: brotlied, want: ends},
		{name: "brotli after", after: brotlied, want: arrives},
		{name: "gin-contrib/timeout before", before: slow, want: refused},
		{name: "gin-contrib/timeout after", after: slow, want: arrives},
		{name: "gzhttp around", around: func(h http.Handler) http.Handler {
			return gzhttp.GzipHandler(h)
		}, want: arrives},
		{name: "http.TimeoutHandler around", around: func(h http.Handler) http.Handler {
			return http.TimeoutHandler(h, time.Minute, "")
		}, want: refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := new(strings.Builder)
			messenger, err := flashgin.New(flashgin.Config{
				SessionKey: func(*gin.Context) (string, error) { return "alice", nil },
				Logger:     slog.New(slog.NewTextHandler(log, nil)),
			})
			require.NoError(t, err)
			engine := gin.New()
			if test.before != nil {
				engine.Use(test.before)
			}
			engine.With(messenger.Install)
			if test.after != nil {
				engine.Use(test.after)
			}
			messenger.Mount(engine)
			var handler http.Handler = engine
			if test.around != nil {
				handler = test.around(engine)
			}
			server := httptest.NewServer(handler)
			t.Cleanup(server.Close)
			t.Cleanup(func() { assert.NoError(t, messenger.Close(context.Background())) })
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			t.Cleanup(cancel)
			request, err := http.NewRequestWithContext(ctx, http.MethodGet,
				server.URL+"/_flash/stream?view=/", nil)
			require.NoError(t, err)
			if strings.HasPrefix(test.name, "brotli") {
				request.Header.Set("Accept-Encoding", "br")
			}
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			t.Cleanup(func() { _ = response.Body.Close() })
			require.NoError(t, messenger.Add(ctx, "alice", flashgin.Info("text").At("/")))
			var body io.Reader = response.Body
			if response.Header.Get("Content-Encoding") == "br" {
				body = brotli.NewReader(body)
			}
			got := refused
			if response.StatusCode == http.StatusOK {
				got = outcomeOf(t, body)
			}
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.want != arrives, strings.Contains(log.String(), "get no messages"))
		})
	}
}

// outcomeOf reads a stream until a message arrives, or the stream ends for good.
func outcomeOf(t *testing.T, stream io.Reader) string {
	t.Helper()
	var text strings.Builder
	buffer := make([]byte, 1024)
	for {
		n, err := stream.Read(buffer)
		text.Write(buffer[:n])
		switch {
		case strings.Contains(text.String(), "event: flash\n"):
			return "arrives"
		case err == io.EOF && strings.Contains(text.String(), "data: over\n"):
			return "ends"
		}
		require.NoError(t, err, text.String())
	}
}
