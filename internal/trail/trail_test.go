package trail_test

import (
	"bytes"
	"log/slog"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/report"
	"github.com/flashgin/flashgin/internal/trail"
)

// A Trail keeps what has happened in the last minutes, of bounded size, and only if it was asked
// to.
func TestTrailKeepsTheLastMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &trail.Trail{Errors: new(report.Reporter)}
		write := func(id string) { tr.Write(t.Context(), queue.Line{ID: id}) }
		write("too early")
		assert.Empty(t, tr.Last())
		assert.False(t, tr.On(t.Context()))
		tr.Keep()
		assert.True(t, tr.On(t.Context()))
		write("old")
		time.Sleep(14 * time.Minute)
		write("new")
		assert.Len(t, tr.Last(), 2)
		time.Sleep(2 * time.Minute)
		assert.Len(t, tr.Last(), 1)
		for i := range 1000 {
			write(strconv.Itoa(i))
		}
		last := tr.Last()
		assert.Len(t, last, 500)
		assert.Equal(t, "999", last[0].ID, "the newest comes first")
	})
}

// Without a reader, stores are not wrapped. A log that does not want the level Debug gets no lines.
func TestLinesAreWrittenForAReader(t *testing.T) {
	status := func(string) string { return "info" }
	silent := &trail.Trail{Errors: new(report.Reporter)}
	gin.SetMode(gin.TestMode)
	assert.Nil(t, trail.Lines(silent, status))
	for level, want := range map[slog.Level]bool{slog.LevelInfo: false, slog.LevelDebug: true} {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level}))
		lines := trail.Lines(&trail.Trail{Errors: &report.Reporter{Logger: logger}}, status)
		asked := false
		lines.TellOf(t.Context(), "shown", "the key", "/page", func() []queue.Item[string] {
			asked = true
			return []queue.Item[string]{{View: "/a", ID: "1", Value: "the text"}}
		})
		assert.Equal(t, want, asked)
		assert.NotContains(t, log.String(), "the text")
		assert.NotContains(t, log.String(), "the key")
		if want {
			assert.Contains(t, log.String(), "message=1 view=/a status=info session="+
				queue.Hash("the key")+" page=/page")
		}
	}
}
