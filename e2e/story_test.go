package e2e

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// startExample builds and starts a program of _examples, and returns its address. It ends with the test, by the signal of Ctrl-C.
func startExample(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-o", program, "./_examples/"+name)
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		require.NoError(t, err, string(out))
	}
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program)
	command.Env = append(command.Environ(), "ADDR=127.0.0.1:0")
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		cancel()
		_ = command.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url := regexp.MustCompile(`http://[^\s,]+`).FindString(lines.Text()); url != "" {
			go func() { // so that the program is never stopped by what it has to say
				for lines.Scan() {
				}
			}()
			return url
		}
	}
	require.Fail(t, "the program has ended without an address")
	return ""
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
	url := startExample(t, "basic")
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
	assert.Equal(t, "ada@example.com", eval[string](b, `document.querySelector("#email").value`))

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
