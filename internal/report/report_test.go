package report_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/report"
)

func lines(log *bytes.Buffer) int { return strings.Count(log.String(), "\n") }

// OnError hears of each failure. The log has one line a second for each kind, and says how many
// it left out.
func TestReporterSparesTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		told := 0
		r := report.Reporter{
			OnError: func(context.Context, error) { told++ },
			Logger:  slog.New(slog.NewTextHandler(&log, nil)),
		}
		for range 100 {
			r.Report(t.Context(), "claim", errors.New("away"))
		}
		r.Report(t.Context(), "add", errors.New("away"))
		r.Warn("a mistake")
		r.Warn("a mistake")
		assert.Equal(t, 101, told)
		assert.Equal(t, 3, lines(&log))
		time.Sleep(time.Second)
		log.Reset()
		r.Report(t.Context(), "claim", errors.New("away"))
		assert.Equal(t, 1, lines(&log))
		assert.Contains(t, log.String(), "suppressed=99")
	})
}

// A panic of OnError is logged. A panic of the log's handler is nobody's: there is no one to
// tell.
func TestReporterSurvivesTheApplication(t *testing.T) {
	var log bytes.Buffer
	r := report.Reporter{
		OnError: func(context.Context, error) { panic("broken") },
		Logger:  slog.New(slog.NewTextHandler(&log, nil)),
	}
	r.Report(t.Context(), "claim", errors.New("away"))
	assert.Equal(t, 2, lines(&log))
	assert.Contains(t, log.String(), "Config.OnError panicked: broken")
	r = report.Reporter{Logger: slog.New(panicking{})}
	r.Report(t.Context(), "claim", errors.New("away"))
	r.Warn("a mistake")
}

type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool { panic("broken") }
