//go:build linux

package e2e

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/e2e/internal/chrome"
	"github.com/flashgin/flashgin/e2e/internal/firefox"
	"github.com/flashgin/flashgin/e2e/internal/orca"
)

// A hearing is a page that Orca reads. What counts is what its voice was told.
type hearing struct {
	*tab
	desk *orca.Desk
	from int // utterances of the checks before
}

// said returns what was said since the check began.
func (h *hearing) said() (list []string) {
	for _, utterance := range h.desk.Said()[h.from:] {
		list = append(list, utterance.Text)
	}
	return list
}

// begin forgets what was said.
func (h *hearing) begin() { h.from = len(h.desk.Said()) }

// still is how long nothing is said until all was said.
const still = 4 * time.Second

// hears waits until all texts were said, and then until nothing more is said. It returns what was
// said.
func (h *hearing) hears(texts ...string) []string {
	h.t.Helper()
	var said []string
	all := func() bool {
		said = h.said()
		return !slices.ContainsFunc(texts, func(text string) bool { return count(said, text) == 0 })
	}
	if !assert.Eventually(h.t, all, 2*time.Minute, 50*time.Millisecond) {
		require.Failf(h.t, "not all was said", "want %q\nsaid %q", texts, said)
	}
	for since := time.Now(); time.Since(since) < still; time.Sleep(100 * time.Millisecond) {
		if next := h.said(); len(next) > len(said) {
			said, since = next, time.Now()
		}
	}
	h.t.Logf("said %q", said)
	return said
}

// count returns how many times a text was said.
func count(said []string, text string) (n int) {
	for _, utterance := range said {
		n += strings.Count(utterance, text)
	}
	return n
}

// once checks that each text was said once. The page announces errors first, but of texts that wait
// in its queue, Orca takes the polite one: a finding, orca-assertive-drops-and-follows-polite.sh.
func once(t testing.TB, said []string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		assert.Equal(t, 1, count(said, text), "%s: %q", text, said)
	}
}

// inOrder checks that each text was said once, in this order.
func inOrder(t testing.TB, said []string, texts ...string) {
	t.Helper()
	once(t, said, texts...)
	all, last := strings.Join(said, "\n"), -1
	for _, text := range texts {
		at := strings.Index(all, text)
		assert.Greater(t, at, last, "%s: %q", text, said)
		last = at
	}
}

const (
	orcaSaved  = "The order was saved."
	orcaNearly = "The disk is nearly full."
	orcaFull   = "The disk is full."
	orcaNews   = "There is a third one."
)

// The checks with Orca.
var heardBy = []struct {
	name   string
	sayAll bool // the reader reads each page that is loaded
	check  func(t *testing.T, h *hearing)
}{
	{"after a redirect", false, func(t *testing.T, h *hearing) {
		s := newSite(t, flashgin.Config{}, saveForm)
		s.saves(flashgin.Success(orcaSaved))
		h.goes(s, "#save")
		inOrder(t, h.hears(orcaSaved), orcaSaved)
	}},
	{"an error with status 422", false, func(t *testing.T, h *hearing) {
		s := newSite(t, flashgin.Config{}, saveForm)
		s.POST("/save", func(c *gin.Context) {
			assert.NoError(t, flashgin.AddFlash(c, flashgin.Error(orcaFull)))
			c.HTML(http.StatusUnprocessableEntity, "page", gin.H{"Path": "/save"})
		})
		h.expect("422")
		h.goes(s, "#save")
		inOrder(t, h.hears(orcaFull), orcaFull)
	}},
	{"three at once", false, func(t *testing.T, h *hearing) {
		s := newSite(t, flashgin.Config{}, saveForm)
		s.saves(flashgin.Success(orcaSaved), flashgin.Warning(orcaNearly), flashgin.Info(orcaNews))
		h.goes(s, "#save")
		inOrder(t, h.hears(orcaSaved, orcaNearly, orcaNews), orcaSaved, orcaNearly, orcaNews)
	}},
	{"success and error", false, func(t *testing.T, h *hearing) {
		s := newSite(t, flashgin.Config{}, saveForm)
		s.saves(flashgin.Success(orcaSaved), flashgin.Error(orcaFull))
		h.goes(s, "#save")
		once(t, h.hears(orcaSaved, orcaFull), orcaSaved, orcaFull)
	}},
	{"live", false, func(t *testing.T, h *hearing) {
		s := newSite(t, flashgin.Config{})
		s.line.lay(nil)
		h.reads(s)
		s.untilOpen(1)
		s.leave(flashgin.Success(orcaSaved))
		inOrder(t, h.hears(orcaSaved), orcaSaved)
		s.leave(flashgin.Error(orcaFull))
		inOrder(t, h.hears(orcaFull), orcaSaved, orcaFull)
	}},
	{"live, in a modal dialog", false, func(t *testing.T, h *hearing) {
		s := newSite(t, flashgin.Config{}, saveForm)
		s.line.lay(nil)
		h.reads(s)
		s.untilOpen(1)
		h.js(`document.getElementById("dialog").showModal()`)
		h.hears()
		h.begin()
		s.leave(flashgin.Success(orcaSaved), flashgin.Error(orcaFull))
		once(t, h.hears(orcaSaved, orcaFull), orcaSaved, orcaFull)
	}},
	{"the focus", false, func(t *testing.T, h *hearing) {
		s := newSite(t, flashgin.Config{}, saveForm, `{{define "root"}}data-flash-focus{{end}}`)
		s.saves(flashgin.Error(orcaFull))
		h.goes(s, "#save")
		inOrder(t, h.hears(orcaFull), orcaFull)
	}},
	{"close", false, func(t *testing.T, h *hearing) {
		s := newSite(t, flashgin.Config{}, saveForm)
		s.saves(flashgin.Success(orcaSaved))
		h.goes(s, "#save")
		h.hears(orcaSaved)
		h.begin()
		h.js(`document.querySelector("[data-flash-close]").focus()`)
		said := h.hears("Close message")
		assert.Equal(t, 1, count(said, "Close message"), "%q", said)
		for _, utterance := range said {
			assert.False(t,
				strings.Contains(utterance, "Close") && strings.Contains(utterance, orcaSaved),
				"the name repeats the text: %q", utterance)
		}
		assert.LessOrEqual(t, count(said, orcaSaved), 1, "as its description: %q", said)
		h.begin()
		h.click("[data-flash-close]")
		h.untilEqual([]string{}, texts)
		assert.Zero(t, count(h.hears(), orcaSaved), "what is closed is not said")
	}},
	{"nothing", true, func(t *testing.T, h *hearing) {
		s := newSite(t, flashgin.Config{})
		h.goes(s, "#away") // to another page without messages
		said := strings.ToLower(strings.Join(h.hears("Field"), "\n"))
		for _, word := range []string{"notification", "status", "alert", "region", "messages"} {
			assert.NotContains(t, said, word)
		}
	}},
	{"after a redirect, while the page is read", true, func(t *testing.T, h *hearing) {
		s := newSite(t, flashgin.Config{}, saveForm)
		s.saves(flashgin.Success(orcaSaved), flashgin.Error(orcaFull))
		h.goes(s, "#save")
		h.hears(orcaSaved, orcaFull)
	}},
}

// reads opens the page without messages, and waits until it was read.
func (h *hearing) reads(s *site) {
	h.t.Helper()
	h.open(s.url)
	h.ready()
	h.click("h1") // the focus is in the page, and not in the browser's field for addresses
	h.hears("Test")
}

// goes clicks, on the page without messages, and forgets what was said before.
func (h *hearing) goes(s *site, selector string) {
	h.t.Helper()
	h.reads(s)
	h.begin()
	h.click(selector)
	h.ready()
}

// Check 30. Orca says each message once, and those of one kind in order.
func TestOrca(t *testing.T) {
	if os.Getenv("FLASHGIN_ORCA") != "1" {
		t.Skip("it takes minutes: FLASHGIN_ORCA=1 go test -run TestOrca .")
	}
	for _, e := range []struct {
		name  string
		start func(*testing.T, *orca.Desk) func(testing.TB) *tab
	}{
		{"Chromium", func(t *testing.T, desk *orca.Desk) func(testing.TB) *tab {
			ctx, stop, err := chrome.StartOn(t.Context(), t.TempDir(), desk.Env)
			require.NoError(t, err)
			t.Cleanup(stop)
			return func(t testing.TB) *tab { return openTab(t, ctx) }
		}},
		{"Firefox", func(t *testing.T, desk *orca.Desk) func(testing.TB) *tab {
			b, err := firefox.StartOn(t.Context(), t.TempDir(), desk.Env)
			require.NoError(t, err)
			t.Cleanup(b.Close)
			return func(t testing.TB) *tab { return &tab{t: t, other: b} }
		}},
	} {
		for _, sayAll := range []bool{false, true} {
			t.Run(e.name+map[bool]string{true: ", pages are read"}[sayAll], func(t *testing.T) {
				desk := newDesk(t, sayAll)
				open := e.start(t, desk)
				for _, check := range heardBy {
					if check.sayAll != sayAll {
						continue
					}
					t.Run(check.name, func(t *testing.T) {
						h := &hearing{tab: open(t), desk: desk}
						h.begin()
						check.check(t, h)
					})
				}
			})
		}
	}
}

func newDesk(t *testing.T, sayAll bool) *orca.Desk {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	desk, err := orca.Start(ctx, sayAll)
	if errors.Is(err, orca.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(desk.Close)
	return desk
}
