// Package chrome starts the Chromium of the system.
package chrome

import (
	"context"
	"errors"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// ErrNotFound says what to install.
var ErrNotFound = errors.New("no Chromium found: install it (Debian: apt-get install chromium)")

// Start starts a headless Chromium with a profile of its own, in dir. The context is that of its
// first tab.
func Start(ctx context.Context, dir string) (context.Context, context.CancelFunc, error) {
	return start(ctx, dir)
}

// StartOn starts a Chromium with a window on the display of env, whose screen reader reads it.
func StartOn(
	ctx context.Context, dir string, env []string,
) (context.Context, context.CancelFunc, error) {
	return start(ctx, dir, chromedp.Env(env...),
		chromedp.Flag("headless", false),
		chromedp.Flag("ozone-platform", "x11"),
		chromedp.Flag("force-renderer-accessibility", true))
}

func start(
	ctx context.Context, dir string, more ...chromedp.ExecAllocatorOption,
) (context.Context, context.CancelFunc, error) {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, nil, ErrNotFound
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(dir),
		chromedp.NoSandbox, // it runs as root in containers, and opens only pages of this machine
		chromedp.DisableGPU,
		chromedp.WindowSize(1280, 800),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	options = append(options, more...)
	allocator, cancelAllocator := chromedp.NewExecAllocator(ctx, options...)
	tab, cancelTab := chromedp.NewContext(allocator)
	if err := chromedp.Do(tab); err != nil {
		cancelTab()
		cancelAllocator()
		return nil, nil, err
	}
	return tab, func() {
		_ = chromedp.Cancel(tab)
		cancelTab()
		cancelAllocator()
	}, nil
}
