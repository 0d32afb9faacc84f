package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/e2e/internal/firefox"
)

// newFirefox starts a Firefox for a test. Without one the test is skipped, but not in CI.
func newFirefox(t *testing.T) *firefox.Browser {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	b, err := firefox.Start(ctx, t.TempDir())
	if errors.Is(err, firefox.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b
}

// untilFirefox waits until ask has a value that is as wanted.
func untilFirefox(t *testing.T, want any, ask func(result any) error) {
	t.Helper()
	var got json.RawMessage
	var err error
	if !assert.Eventually(t, func() bool {
		err = ask(&got)
		return err == nil && string(got) == encode(want)
	}, patience, 50*time.Millisecond) {
		require.Failf(t, "not in time", "want %s\ngot  %s %v", encode(want), got, err)
	}
}

// Checks 3 and 5, in Firefox: its accessibility tree has two live regions, and what is said is in
// them, errors first, each text an element of its own. They say that they are live by themselves:
// a role that a script fills is no live region in Firefox.
func TestFirefoxAnnouncers(t *testing.T) {
	b := newFirefox(t)
	s := newSite(t, flashgin.Config{},
		`{{define "content"}}<dialog id="dialog" aria-label="Dialog"><button>Button</button></dialog>{{end}}`)
	s.line.lay(nil)
	live := func(result any) error { return b.Live(result) }
	shown := func(result any) error { return b.Eval(result, texts) }

	require.NoError(t, b.Open(s.url))
	untilFirefox(t, []string{"polite", "assertive"}, live)
	s.untilOpen(1)
	s.leave(flashgin.Success("live"))
	untilFirefox(t, []string{"live"}, shown)
	untilFirefox(t, []string{"polite Success. live", "assertive"}, live)
	s.acknowledged(1)

	s.POST("/", func(c *gin.Context) {
		assert.NoError(t, flashgin.RedirectFlash(c, "/", flashgin.Success("saved"),
			flashgin.Error("full"), flashgin.Info("news")))
	})
	require.NoError(t, b.Eval(nil,
		`(() => { const form = document.createElement("form"); form.method = "post"; document.body.append(form); form.submit(); return null })()`))
	untilFirefox(t, []string{"saved", "full", "news"}, shown)
	untilFirefox(t, []string{"polite Success. saved|Info. news", "assertive Error. full"}, live)

	// A modal dialog makes the page silent. The regions are in it, and still two.
	require.NoError(t, b.Eval(nil, `document.getElementById("dialog").showModal()`))
	untilFirefox(t, "dialog", func(result any) error {
		return b.Eval(result, `document.querySelector("[data-flash-live]").parentNode.id`)
	})
	s.leave(flashgin.Error("inside"))
	untilFirefox(t, []string{"polite", "assertive Error. inside"}, live)
}
