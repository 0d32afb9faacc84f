package e2e

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An example is a program of _examples that runs.
type example struct {
	t   *testing.T
	url string

	mu    sync.Mutex
	lines []string // what it has printed
}

// startExample builds and starts a program of _examples, with settings for its environment. It ends with the test, by the signal that asks it to.
func startExample(t *testing.T, name string, env ...string) *example {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "_examples", name)
	if out, err := build.CombinedOutput(); err != nil {
		require.NoError(t, err, string(out))
	}
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program)
	command.Env = append(append(command.Environ(), "ADDR=127.0.0.1:0"), env...)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	e := &example{t: t}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			e.mu.Lock()
			e.lines = append(e.lines, lines.Text())
			e.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-read
		_ = command.Wait()
	})
	e.url = e.says(`http://[^\s,]+`)[0]
	return e
}

// says waits until the program has printed what matches, and returns all of it that does.
func (e *example) says(pattern string) (matches []string) {
	e.t.Helper()
	require.Eventually(e.t, func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		matches = regexp.MustCompile(pattern).FindAllString(strings.Join(e.lines, "\n")+"\n", -1)
		return len(matches) > 0
	}, patience, 5*time.Millisecond, pattern)
	return matches
}

const shown = `[...document.querySelectorAll("[data-status] [data-flash-text]")].map(e => e.textContent)`

// fill types into a field as a user does.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.click(selector)
	b.js(`document.querySelector(` + quote(selector) + `).select()`)
	b.do(chromedp.KeyEvent(text))
}

// Post, redirect, get: the story of the README, with the mouse and the keyboard.
func TestStory(t *testing.T) {
	url := startExample(t, "basic").url
	const changed = "Your settings have been changed successfully."
	b := newTab(t)
	b.open(url + "/")
	b.click(`a[href="/settings"]`)
	b.until(`document.querySelector("#email") !== null`)
	assert.Empty(t, eval[[]string](b, shown))

	b.fill("#name", "Ada")
	b.fill("#email", "ada@example.com")
	b.click("main form button")
	b.untilEqual([]string{changed}, shown)
	assert.Equal(t, "/settings", eval[string](b, `location.pathname`))
	b.untilEqual("ada@example.com", `document.querySelector("#email")?.value`) // the rest of the page comes after the messages

	b.do(chromedp.Reload())
	b.untilEqual([]string{}, shown)

	b.fill("#email", "nowhere")
	b.click("main form button")
	b.untilEqual([]string{"Nothing was saved. Please enter a name and an e-mail address."}, shown)
	b.forgive("Failed to load resource") // it notes the status 422, and that there is no icon

	// Two problems, one route: the message waits for its own page, in whichever tab.
	other := b.beside()
	other.open(url + "/problems/107")
	b.open(url + "/problems/108")
	other.fill("#answer", "43")
	other.click("main form button")
	other.untilEqual([]string{"That is not the answer. Try again."}, shown)
	b.fill("#answer", "8")
	b.click("main form button")
	b.untilEqual([]string{"That is right."}, shown)
	b.click("[data-flash-link] a")
	b.untilEqual("/problems/109", `location.pathname`)
	b.untilEqual([]string{}, shown)
	other.do(chromedp.Reload())
	other.untilEqual([]string{}, shown)
}
