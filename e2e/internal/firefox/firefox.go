// Package firefox drives the Firefox of the system by Marionette, the protocol that it speaks
// itself: no other program is needed.
package firefox

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ErrNotFound says what to install.
var ErrNotFound = errors.New("no Firefox found: install it (Debian: apt-get install firefox-esr)")

// settings make a new profile quiet, and its accessibility tree there from the start. Firefox
// writes the port that it has chosen into a file of the profile.
const settings = `user_pref("marionette.port", 0);
user_pref("accessibility.force_disabled", -1);
user_pref("app.normandy.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
`

// A Browser has one window. Its methods are for one goroutine at a time.
type Browser struct {
	conn    net.Conn
	replies *bufio.Reader
	id      int
	stop    context.CancelFunc
	process *exec.Cmd
	ended   sync.Once
}

// Start starts a headless Firefox with a profile of its own, in dir.
func Start(ctx context.Context, dir string) (*Browser, error) {
	return start(ctx, dir, os.Environ(), "--headless")
}

// StartOn starts a Firefox with a window on the display of env, whose screen reader reads it.
func StartOn(ctx context.Context, dir string, env []string) (*Browser, error) {
	return start(ctx, dir, env)
}

func start(ctx context.Context, dir string, env []string, more ...string) (*Browser, error) {
	path := ""
	for _, name := range []string{"firefox-esr", "firefox"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, ErrNotFound
	}
	if err := os.WriteFile(filepath.Join(dir, "user.js"), []byte(settings), 0o600); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	b := &Browser{stop: stop}
	b.process = exec.CommandContext(running, path, append(more,
		"--no-remote", "--marionette", "--remote-allow-system-access", "--profile", dir)...)
	b.process.Env = append(env, "MOZ_REMOTE_SETTINGS_DEVTOOLS=1", "HOME="+dir)
	if err := b.process.Start(); err != nil {
		stop()
		return nil, err
	}
	if err := b.connect(ctx, filepath.Join(dir, "MarionetteActivePort")); err != nil {
		b.Close()
		return nil, fmt.Errorf("%s does not answer: %w", path, err)
	}
	return b, nil
}

// connect waits for the port, which Firefox writes into a file.
func (b *Browser) connect(ctx context.Context, file string) error {
	var text []byte
	for len(text) == 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
		text, _ = os.ReadFile(file)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", "127.0.0.1:"+strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	b.conn, b.replies = conn, bufio.NewReader(conn)
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := b.read(); err != nil { // its greeting
		return err
	}
	return b.Call(nil, "WebDriver:NewSession", map[string]any{})
}

// Close ends the browser.
func (b *Browser) Close() {
	b.ended.Do(func() {
		if b.conn != nil {
			b.conn.Close()
		}
		b.stop()
		_ = b.process.Wait()
	})
}

// read returns one packet: its length, a colon and JSON.
func (b *Browser) read() ([]byte, error) {
	length, err := b.replies.ReadString(':')
	if err != nil {
		return nil, err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
	if err != nil {
		return nil, err
	}
	text := make([]byte, n)
	_, err = io.ReadFull(b.replies, text)
	return text, err
}

// Call sends a command, and decodes the value of its answer into result, unless that is nil.
func (b *Browser) Call(result any, command string, params any) error {
	b.id++
	text, err := json.Marshal([]any{0, b.id, command, params})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(b.conn, "%d:%s", len(text), text); err != nil {
		return err
	}
	if text, err = b.read(); err != nil {
		return err
	}
	var reply [4]json.RawMessage // 1, the id, an error, the result
	if err := json.Unmarshal(text, &reply); err != nil {
		return err
	}
	if string(reply[2]) != "null" {
		return fmt.Errorf("firefox: %s: %s", command, reply[2])
	}
	if result == nil {
		return nil
	}
	value := struct{ Value any }{result}
	return json.Unmarshal(reply[3], &value)
}

// Open loads a page.
func (b *Browser) Open(url string) error {
	return b.Call(nil, "WebDriver:Navigate", map[string]any{"url": url})
}

// Click clicks with the mouse at the middle of an element.
func (b *Browser) Click(selector string) error {
	var element json.RawMessage
	find := map[string]any{"using": "css selector", "value": selector}
	if err := b.Call(&element, "WebDriver:FindElement", find); err != nil {
		return err
	}
	var id map[string]string // the only key is a name that WebDriver has given to references
	if err := json.Unmarshal(element, &id); err != nil {
		return err
	}
	for _, id := range id {
		return b.Call(nil, "WebDriver:ElementClick", map[string]any{"id": id})
	}
	return nil
}

// Eval decodes the value of an expression, which may be a promise, into result.
func (b *Browser) Eval(result any, expression string) error {
	return b.run(result, "content", "return "+expression)
}

// Live decodes the live regions of the accessibility tree of all pages into result, each as
// "politeness text".
func (b *Browser) Live(result any) error { return b.run(result, "chrome", live) }

func (b *Browser) run(result any, where, script string) error {
	err := b.Call(nil, "Marionette:SetContext", map[string]any{"value": where})
	if err != nil {
		return err
	}
	return b.Call(result, "WebDriver:ExecuteScript", map[string]any{
		"script": script, "args": []any{}, "sandbox": nil, // the page's own globals
	})
}

const live = `
	const service = Cc["@mozilla.org/accessibilityService;1"].getService(Ci.nsIAccessibilityService);
	const found = [];
	const texts = (node) => node.childCount ? [...Array(node.childCount).keys()].map(i => texts(node.getChildAt(i))).join("|") : node.name ?? "";
	const visit = (node) => {
		let live = "";
		try { live = node.attributes.getStringProperty("live"); } catch {}
		const own = live && live !== "off" && !(() => { try { return node.parent.attributes.getStringProperty("container-live") } catch { return "" } })();
		if (own) found.push((live + " " + texts(node)).trim());
		for (let i = 0; i < node.childCount; i++) visit(node.getChildAt(i));
	};
	const root = service.getAccessibleFor(document);
	visit(root);
	return found;`
