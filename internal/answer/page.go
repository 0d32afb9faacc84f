package answer

import (
	"net/http"

	"github.com/flashgin/flashgin/internal/browser"
)

// A page that a browser loads ahead of time, because it may be wanted next, must not take messages.
// When it is opened, no request tells us. So the page has the URL of its messages, and the script
// asks there when the page is seen. The same holds for a page if we cannot tell whether it is seen
// at all.

// PullURL returns the URL of the page's messages for when it is opened, or "" if the page is open
// already.
func (a *Answer[T]) PullURL() string {
	a.Lock()
	defer a.Unlock()
	a.findName()
	if a.Ended() || !a.site.IsMounted() || a.HTTP.Method == http.MethodHead ||
		a.views.Sight(a.Writer().Status()) == browser.Visible {
		return ""
	}
	return a.site.URL("messages") + "?" + a.views.Query()
}

// StreamURL returns the URL at which the page listens for messages while it is open, or "" if it
// cannot listen. If its session has no key, there is nothing to hear. But an answer to htmx or
// Turbo may bring the key, with a first message: until then the page is idle.
func (a *Answer[T]) StreamURL() (url string, idle bool) {
	a.Lock()
	defer a.Unlock()
	if a.Ended() || !a.site.IsMounted() || a.HTTP.Method == http.MethodHead {
		return "", false
	}
	keyed := a.keys.IsKeyed()
	if len(a.asked) == 0 { // a page that is loaded ahead of time
		keyed = a.keys.Peek()
	}
	a.findName()
	if a.Ended() {
		return "", false
	}
	idle = !keyed
	if idle && (!(a.site.Views.HTMX || a.site.Turbo) || !a.keys.MayExist()) {
		return "", false
	}
	if query := a.views.StreamQuery(); query != "" {
		return a.site.URL("stream") + "?" + query, idle
	}
	return "", false
}
