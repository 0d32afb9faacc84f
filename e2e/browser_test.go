// Package e2e looks at flashgin with a real browser. The numbers of the checks that a test names
// are those of the list in README.md.
package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/e2e/internal/chrome"
)

// patience is how long a test waits for what must come. Nothing is slept away: what is there is
// seen at once. It ends before a page hangs up on a silent line, which it does after 50 seconds:
// that would mend what a test should find.
const patience = 45 * time.Second

var browser context.Context

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	gin.SetMode(gin.TestMode)
	missing := ""
	if _, err := os.Stat("node_modules/axe-core/axe.min.js"); err != nil {
		missing = "the npm packages of e2e/ are missing: run npm ci there"
	}
	profile, err := os.MkdirTemp("", "flashgin-e2e-")
	if err != nil {
		log.Print(err)
		return 1
	}
	defer os.RemoveAll(profile)
	if missing == "" {
		tab, stop, err := chrome.Start(context.Background(), filepath.Join(profile, "profile"))
		if err != nil {
			missing = err.Error()
		} else {
			browser = tab
			defer stop()
		}
	}
	if missing != "" {
		log.Print("browser tests did not run: ", missing)
		if os.Getenv("CI") == "true" {
			return 1
		}
		return 0
	}
	return m.Run()
}

// A tab is a tab of a browser profile of its own. Whatever a page writes to Chromium's console
// fails the test, unless the test expects it.
type tab struct {
	t        testing.TB
	other    driver          // of a browser that is not Chromium
	ctx      context.Context // of Chromium
	mu       sync.Mutex
	console  []string
	expected map[string]int // how many lines had each text
}

// A driver drives a browser that has one window. Errors that a page is not loaded yet are errors.
type driver interface {
	Open(url string) error
	Eval(result any, expression string) error // which may be a promise
	Click(selector string) error
}

func newTab(t testing.TB) *tab {
	return openTab(t, browser, chromedp.WithNewBrowserContext())
}

// of returns the tab for a part of its test, whose pages it leaves in the end.
func (b *tab) of(t testing.TB) *tab {
	part := &tab{t: t, other: b.other, ctx: b.ctx}
	t.Cleanup(func() { part.open("about:blank") })
	return part
}

// beside opens another tab of the same profile.
func (b *tab) beside() *tab {
	return openTab(b.t, b.ctx)
}

func openTab(t testing.TB, parent context.Context, options ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, options...)
	ctx, cancelTimeout := context.WithTimeout(ctx, 10*time.Minute)
	b := &tab{t: t, ctx: ctx, expected: map[string]int{}}
	require.NoError(t, chromedp.Do(ctx))
	listening, stop := context.WithCancel(ctx)
	messages := chromedp.Console(listening)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for message, err := range messages {
			if err != nil {
				return
			}
			if message.Type == "info" &&
				strings.HasPrefix(message.Text, "Clear-Site-Data header on ") {
				continue // by it an answer makes Chromium ask anew for what it has prefetched
			}
			b.hear(fmt.Sprintf("%s: %s", message.Type, message.Text))
		}
	}()
	t.Cleanup(func() {
		stop()
		<-done
		assert.Empty(t, b.console, "the console")
		_ = chromedp.Cancel(ctx)
		cancelTimeout()
		cancel()
	})
	b.media("")
	return b
}

// hear takes a line of the console.
func (b *tab) hear(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	expected := false
	for text := range b.expected {
		if strings.Contains(line, text) {
			b.expected[text]++
			expected = true
		}
	}
	if !expected {
		b.console = append(b.console, line)
	}
}

// expect says that lines with text will be written to the console, which is no failure. A test says
// it before it does what makes the browser write them: they may come at any time after that.
func (b *tab) expect(text string) {
	if b.other != nil {
		return // nobody hears what it writes
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected[text] = 0
}

// untilConsole waits until a line with text is written to the console, since it is expected.
func (b *tab) untilConsole(text string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.expected[text] > 0
	}, patience, 10*time.Millisecond, text)
}

func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, actions...))
}

func (b *tab) open(url string) {
	b.t.Helper()
	if b.other != nil {
		require.NoError(b.t, b.other.Open(url))
		return
	}
	b.do(chromedp.Navigate(url))
}

// object is a value of JSON.
type object = map[string]any

// call sends a command of the DevTools protocol.
func (b *tab) call(method string, params object) (result object) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) (err error) {
		result, err = cdp.Call(ctx, t, cdp.Command[object, object]{Method: method}, params)
		return err
	}))
	return result
}

// eval returns the value of an expression, which may be a promise.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	value, err := tryEval[T](b, expression)
	require.NoError(b.t, err, expression)
	return value
}

func tryEval[T any](b *tab, expression string) (T, error) {
	if b.other != nil {
		var value T
		err := b.other.Eval(&value, expression)
		return value, err
	}
	return chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// js runs statements.
func (b *tab) js(statements string) {
	b.t.Helper()
	eval[bool](b, "(async () => {"+statements+"\n; return true})()")
}

// until waits for an expression to become true.
func (b *tab) until(expression string) {
	b.t.Helper()
	b.untilEqual(true, expression)
}

// untilEqual waits for the value of an expression. A page that is being replaced by another one has
// none.
func (b *tab) untilEqual(want any, expression string) {
	b.t.Helper()
	expected, got := encode(want), ""
	for start := time.Now(); time.Since(start) < patience; time.Sleep(10 * time.Millisecond) {
		value, err := tryEval[string](b, "JSON.stringify("+expression+") ?? ''")
		if err == nil && value == expected {
			return
		}
		got = fmt.Sprint(value, " ", err)
	}
	require.Failf(b.t, "not in time", "%s\nwant %s\ngot  %s", expression, expected, got)
}

// never looks for a while, and fails if the expression becomes true. It is for what has no sign of
// being over; prefer until.
func (b *tab) never(expression string) {
	b.t.Helper()
	const while = 300 * time.Millisecond
	for start := time.Now(); time.Since(start) < while; time.Sleep(20 * time.Millisecond) {
		require.False(b.t, eval[bool](b, expression), expression)
	}
}

// before runs a script ahead of those of every page that is opened from here on.
func (b *tab) before(script string) {
	b.t.Helper()
	b.call("Page.addScriptToEvaluateOnNewDocument", object{"source": script})
}

func (b *tab) beforeFile(name string) {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(b.t, err)
	b.before(string(text))
}

// media emulates media features, such as "prefers-color-scheme", "dark". Unless it is told
// otherwise, nothing moves.
func (b *tab) media(kind string, features ...string) {
	b.t.Helper()
	list := []object{{"name": "prefers-reduced-motion", "value": "reduce"}}
	for i := 0; i+1 < len(features); i += 2 {
		list = append(list, object{"name": features[i], "value": features[i+1]})
	}
	b.call("Emulation.setEmulatedMedia", object{"media": kind, "features": list})
}

func (b *tab) size(width, height int) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride",
		object{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false})
}

// press presses keys, by the codes of kb.
func (b *tab) press(keys string, modifiers ...chromedp.Modifier) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(modifiers...)))
}

// click clicks with the mouse at the middle of an element.
func (b *tab) click(selector string) {
	b.t.Helper()
	if b.other != nil {
		require.NoError(b.t, b.other.Click(selector), selector)
		return
	}
	x, y := b.middle(selector)
	b.do(chromedp.MouseClickXY(x, y))
}

// point moves the mouse to the middle of an element.
func (b *tab) point(selector string) {
	b.t.Helper()
	x, y := b.middle(selector)
	b.do(chromedp.MouseEvent(chromedp.MouseMoved, x, y))
}

func (b *tab) middle(selector string) (x, y float64) {
	b.t.Helper()
	b.until("document.querySelector(" + quote(selector) + ") !== null")
	at := eval[[]float64](b, `(() => { const e = document.querySelector(`+quote(selector)+
		`); e.scrollIntoView({block: "nearest"});
		const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`)
	return at[0], at[1]
}

// ready waits until the script has run and taken over what the page shows.
func (b *tab) ready() {
	b.t.Helper()
	b.until(
		`customElements.get("flash-messages") !== undefined && document.readyState === "complete" &&
		!document.querySelector("flash-messages [data-flash-close][hidden]")`)
}

// push shows a message by the script.
func (b *tab) push(message object) {
	b.t.Helper()
	require.True(b.t, eval[bool](b, "FlashMessages.push("+encode(message)+") !== null"), message)
}

// texts returns the texts of the messages that are shown, in the order of the document.
const texts = `[...document.querySelectorAll(":is(flash-messages, [data-flash-live]) [data-status] [data-flash-text]")].map(e => e.textContent)`

// quote returns a string of JavaScript.
func quote(s string) string { return encode(s) }

// encode returns JSON, which is JavaScript too.
func encode(v any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // nor does JSON.stringify
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(text.String())
}
