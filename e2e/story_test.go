package e2e

import (
	"bufio"
	"os"
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
	t       *testing.T
	url     string
	command *exec.Cmd
	ended   chan struct{}

	mu    sync.Mutex
	lines []string // what it has printed
}

// startExample builds and starts a program of _examples that serves pages, with settings as launch
// takes them.
func startExample(t *testing.T, name string, settings ...string) *example {
	t.Helper()
	e := launch(t, buildExample(t, name), settings...)
	e.url = e.says(`http://[^\s,]+`)[0]
	return e
}

func buildExample(t *testing.T, name string) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), name)
	build := exec.Command("go", "build", "-o", program, ".")
	build.Dir = filepath.Join("..", "_examples", name)
	if out, err := build.CombinedOutput(); err != nil {
		require.NoError(t, err, string(out))
	}
	return program
}

// launch starts a program. Settings with a "=" are for its environment, others are arguments. It
// ends with the test, by the signal that asks it to.
func launch(t *testing.T, program string, settings ...string) *example {
	t.Helper()
	e := &example{t: t, command: exec.Command(program), ended: make(chan struct{})}
	e.command.Env = append(e.command.Environ(), "ADDR=127.0.0.1:0")
	for _, setting := range settings {
		if strings.Contains(setting, "=") {
			e.command.Env = append(e.command.Env, setting)
		} else {
			e.command.Args = append(e.command.Args, setting)
		}
	}
	out, err := e.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, e.command.Start())
	go func() {
		defer close(e.ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			e.mu.Lock()
			e.lines = append(e.lines, lines.Text())
			e.mu.Unlock()
		}
		_ = e.command.Wait()
	}()
	t.Cleanup(func() { e.end(syscall.SIGTERM) })
	return e
}

// end ends the program by a signal. It may be called again.
func (e *example) end(by os.Signal) {
	_ = e.command.Process.Signal(by)
	<-e.ended
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
	assert.Empty(t, eval[[]string](b, texts))

	b.fill("#name", "Ada")
	b.fill("#email", "ada@example.com")
	b.click("main form button")
	b.untilEqual([]string{changed}, texts)
	assert.Equal(t, "/settings", eval[string](b, `location.pathname`))
	// the rest of the page comes after the messages
	b.untilEqual("ada@example.com", `document.querySelector("#email")?.value`)

	b.do(chromedp.Reload())
	b.untilEqual([]string{}, texts)

	b.fill("#email", "nowhere")
	b.expect("422")
	b.click("main form button")
	b.untilEqual([]string{"Nothing was saved. Please enter a name and an e-mail address."}, texts)

	// Two problems, one route: the message waits for its own page, in whichever tab.
	other := b.beside()
	other.open(url + "/problems/107")
	b.open(url + "/problems/108")
	other.fill("#answer", "43")
	other.click("main form button")
	other.untilEqual([]string{"That is not the answer. Try again."}, texts)
	b.fill("#answer", "8")
	b.click("main form button")
	b.untilEqual([]string{"That is right."}, texts)
	b.click("[data-flash-link] a")
	b.untilEqual("/problems/109", `location.pathname`)
	b.untilEqual([]string{}, texts)
	other.do(chromedp.Reload())
	other.untilEqual([]string{}, texts)
}
