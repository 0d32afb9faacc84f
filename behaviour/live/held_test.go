package live_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-contrib/sessions"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// atLeast is middleware that keeps a body until it is long, as those do that compress only then. A
// flush passes it by.
func atLeast(length int) gin.HandlerFunc {
	return func(c *gin.Context) {
		w := &atLeastWriter{ResponseWriter: c.Writer, least: length}
		c.Writer = w
		defer func() { _, _ = w.ResponseWriter.Write(w.kept.Bytes()) }()
		c.Next()
	}
}

type atLeastWriter struct {
	gin.ResponseWriter
	least int
	kept  bytes.Buffer
}

func (w *atLeastWriter) Write(text []byte) (int, error) {
	if w.kept.Len()+len(text) < w.least {
		return w.kept.Write(text)
	}
	_, _ = w.ResponseWriter.Write(w.kept.Bytes())
	w.kept.Reset()
	return w.ResponseWriter.Write(text)
}

// copied is middleware that compresses with a writer that nobody flushes, as is often copied.
func copied(c *gin.Context) {
	c.Header("Content-Encoding", "gzip")
	w := copiedWriter{c.Writer, gzip.NewWriter(c.Writer)}
	c.Writer = w
	defer w.gzip.Close()
	c.Next()
}

type copiedWriter struct {
	gin.ResponseWriter
	gzip *gzip.Writer
}

func (w copiedWriter) Write(text []byte) (int, error) { return w.gzip.Write(text) }

// apart is middleware that keeps headers and body until the handlers have ended.
func apart(c *gin.Context) {
	w := &apartWriter{atLeastWriter{ResponseWriter: c.Writer, least: 1 << 20}, http.Header{}}
	c.Writer = w
	c.Next()
	for name, values := range w.header {
		w.ResponseWriter.Header()[name] = values
	}
	w.ResponseWriter.WriteHeader(w.Status())
	_, _ = w.ResponseWriter.Write(w.kept.Bytes())
}

type apartWriter struct {
	atLeastWriter
	header http.Header
}

func (w *apartWriter) Header() http.Header { return w.header }

// Middleware before Install may hold a stream back. Then the stream ends for good, the log says so
// once, and what waits is for the next page. Middleware that lets it pass changes nothing.
func TestStreamThatMiddlewareHoldsEnds(t *testing.T) {
	for _, test := range []struct {
		name       string
		middleware gin.HandlerFunc
		ends       string
		status     int
	}{
		{"a body that is short", atLeast(1000), "over", http.StatusOK},
		{"compression that is not flushed", copied, "over", http.StatusOK},
		{"headers and body", apart, "", http.StatusNoContent},
		{"nothing", atLeast(0), "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var log apptest.LockedBuffer
			a := apptest.NewAppWired(t, flashgin.Config{Logger: apptest.LogTo(&log)},
				func(engine *gin.Engine, install gin.OptionFunc) {
					engine.Use(test.middleware)
					engine.With(install)
					engine.Use(sessions.Sessions("id", apptest.CookieStore()))
				})
			a.Template("page", `{{range flashes}}[{{.Text}}]{{end}}`)
			a.MountLive()
			b := a.Browser()
			key := b.Get("/key")
			if test.status == 0 {
				page := b.Listen(apptest.StreamPath("/a"), b.Acknowledging())
				a.Job(key, flashgin.Info("text").At("/a"))
				page.Hears("text")
				assert.NotContains(t, log.String(), "get no messages")
				return
			}
			for range 2 {
				answer := b.Do(http.MethodGet, apptest.StreamPath("/a"))
				require.Equal(t, test.status, answer.StatusCode)
				var events []apptest.Event
				apptest.ParseEvents(strings.NewReader(answer.Body), func(e apptest.Event) {
					events = append(events, e)
				})
				assert.Equal(t, test.ends, apptest.Goodbye(events))
			}
			assert.Equal(t, 1, strings.Count(log.String(), "open pages get no messages"),
				log.String())
			a.Job(key, flashgin.Info("text").At("/a"))
			assert.Equal(t, "[text]", b.Get("/a"))
		})
	}
}
