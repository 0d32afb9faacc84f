// Package webkit drives the MiniBrowser of WebKitGTK by WebDriver.
package webkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/flashgin/flashgin/e2e/internal/display"
	"github.com/flashgin/flashgin/internal/child"
)

// ErrNotFound says what to install.
var ErrNotFound = errors.New("no WebKitWebDriver found, or no display: install both " +
	"(Debian: apt-get install webkit2gtk-driver xvfb)")

// A Browser has one window. Its methods are for one goroutine at a time.
type Browser struct {
	ctx     context.Context
	dir     string
	address string // of the driver, then of the session
	stops   []func()
}

// Start starts a browser with a profile of its own, on a display of its own.
func Start(ctx context.Context) (b *Browser, err error) {
	if _, err := exec.LookPath("WebKitWebDriver"); err != nil {
		return nil, ErrNotFound
	}
	dir, err := os.MkdirTemp("", "webkit")
	if err != nil {
		return nil, err
	}
	b = &Browser{ctx: ctx, dir: dir}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	screen, stop, err := display.Start(os.Stderr)
	if errors.Is(err, display.ErrNotFound) {
		return b, ErrNotFound
	}
	if err != nil {
		return b, err
	}
	b.stops = append(b.stops, stop)
	port, release, err := child.FreePort()
	if err != nil {
		return b, err
	}
	b.stops = append(b.stops, release)
	cmd := exec.Command("WebKitWebDriver", fmt.Sprintf("--port=%d", port))
	cmd.Env = append(os.Environ(), "DISPLAY="+screen, "HOME="+dir,
		"XDG_RUNTIME_DIR="+dir, "XDG_CACHE_HOME="+dir,
		"XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir, "GSETTINGS_BACKEND=memory", "NO_AT_BRIDGE=1",
		"DBUS_SESSION_BUS_ADDRESS=disabled:", // or it starts a bus, and leaves it behind
		"GDK_BACKEND=x11")
	if stop, err = display.Go(cmd); err != nil {
		return b, err
	}
	b.stops = append(b.stops, stop)
	b.address = "http://" + child.Address(port)
	for {
		if err = b.call(nil, http.MethodGet, "/status", nil); err == nil {
			break
		}
		select {
		case <-ctx.Done():
			return b, fmt.Errorf("WebKitWebDriver does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	var session struct{ SessionID string }
	wishes := map[string]any{"capabilities": map[string]any{}}
	if err = b.call(&session, http.MethodPost, "/session", wishes); err != nil {
		return b, err
	}
	b.address += "/session/" + session.SessionID
	return b, nil
}

// Close ends the browser and its display.
func (b *Browser) Close() {
	for i := len(b.stops) - 1; i >= 0; i-- {
		b.stops[i]()
	}
	b.stops = nil
	// Its processes for the network and for pages end by themselves, and write until then.
	for range 50 {
		if os.RemoveAll(b.dir) == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// call sends a command, and decodes the value of its answer into result, unless that is nil.
func (b *Browser) call(result any, method, command string, params any) error {
	var body io.Reader
	if params != nil {
		text, err := json.Marshal(params)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(b.ctx, method, b.address+command, body)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("webkit: %s: %s", command, text)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(text, &struct{ Value any }{result})
}

// Open loads a page.
func (b *Browser) Open(url string) error {
	return b.call(nil, http.MethodPost, "/url", map[string]any{"url": url})
}

// Eval decodes the value of an expression, which may be a promise, into result.
func (b *Browser) Eval(result any, expression string) error {
	return b.call(result, http.MethodPost, "/execute/sync",
		map[string]any{"script": "return " + expression, "args": []any{}})
}

// Click clicks with the mouse at the middle of an element.
func (b *Browser) Click(selector string) error {
	var element map[string]string // the only key is a name that WebDriver has given to references
	find := map[string]any{"using": "css selector", "value": selector}
	if err := b.call(&element, http.MethodPost, "/element", find); err != nil {
		return err
	}
	for _, id := range element {
		return b.call(nil, http.MethodPost, "/element/"+id+"/click", map[string]any{})
	}
	return nil
}
