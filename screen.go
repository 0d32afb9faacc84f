package flashgin

import (
	"net/url"

	"github.com/flashgin/flashgin/internal/browser"
)

// onScreen returns the page on screen where the answer is none of its own: the place that htmx names, or else the Referer's. If that is not known, the place
// has no path.
func (r *request) onScreen() place {
	if r.part.searched {
		return r.part.screen
	}
	page := ""
	switch header := r.http.Header; r.audience() {
	case forBrowser, forHTMXPage:
		return place{}
	case forHTMX:
		page = browser.Sent(header, "Hx-Current-Url")
	default:
		page = browser.Sent(header, "Referer")
	}
	r.part.searched = true
	if u, ok := browser.FromPage(&r.http, page); ok {
		u = &url.URL{Path: r.m.withoutPrefix(u.Path), RawPath: r.m.withoutPrefix(u.RawPath)}
		if u.Path == "" {
			u.Path = "/"
		}
		r.part.screen = place{r.in.router.Route(u), u.Path, u.RawPath}
	}
	return r.part.screen
}

// readBy notes who reads the answer, where the answer itself tells, and forgets what followed from the request alone.
func (r *request) readBy(audience audience) {
	r.part.reads, r.part.searched, r.views, r.looked = audience, false, nil, false
}

// screenView returns the view of the page on screen, or "".
func (r *request) screenView() string {
	if screen := r.onScreen(); screen.path != "" {
		view, _ := r.in.viewOf(screen)
		return view
	}
	return ""
}
