package flashgin

import (
	"net/url"

	"github.com/flashgin/flashgin/internal/browser"
)

// audience returns who reads the answer, as far as the request tells: see settleAudience.
func (r *request) audience() browser.Audience {
	if r.part.reads == browser.Unknown {
		r.part.reads = browser.AudienceOf(&r.http, r.m.cfg.HTMX)
	}
	return r.part.reads
}

// mayShow reports whether the user will see the messages of the answer, be it a page or something
// else.
func (r *request) mayShow() bool {
	return browser.MayShow(&r.http, r.c.Writer.Header()) && r.audience() != browser.ForFrame
}

// sight returns whether a page that answers with the status is seen.
func (r *request) sight(status int) browser.Sight {
	if r.part.sight == browser.Untold {
		r.part.sight = browser.SightOf(&r.http, status, r.route() != "")
	}
	return r.part.sight
}

// mayPrint reports whether a page that answers with the status may print messages. pullable says
// that the markup can have the URL from which the script gets them, if the page is seen.
func (r *request) mayPrint(status int, pullable bool) bool {
	if r.audience() == browser.ForScript {
		return false // it reads our header, and maybe nothing else
	}
	switch r.sight(status) {
	case browser.Doubtful:
		return false
	case browser.Likely:
		return !pullable || r.m.mountedAt() == ""
	}
	return true
}

// onScreen returns the page on screen if the answer is not itself a page. If that page is not
// known, the path of the result is "".
func (r *request) onScreen() place {
	if r.part.searched {
		return r.part.screen
	}
	reader := r.audience()
	if reader == browser.ForBrowser || reader == browser.ForHTMXPage {
		return place{}
	}
	r.part.searched = true
	if u, ok := browser.FromPage(&r.http, browser.OnScreen(r.http.Header, reader)); ok {
		u = &url.URL{Path: r.m.withoutPrefix(u.Path), RawPath: r.m.withoutPrefix(u.RawPath)}
		if u.Path == "" {
			u.Path = "/"
		}
		r.part.screen = place{r.in.router.Route(u), u.Path, u.RawPath}
	}
	return r.part.screen
}

// readBy notes who reads the answer, as the answer itself tells, and forgets what was concluded
// from the request alone.
func (r *request) readBy(audience browser.Audience) {
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

// opensPage reports whether the browser is about to open a page because of this request. Messages
// that the request adds are for that page. If the page that is still open listens at the same view,
// it would show them for a moment and be gone.
func (r *request) opensPage() bool {
	status, header := r.writer.Status(), r.writer.Header()
	if browser.LeadsAway(status, header) && r.audience() != browser.ForFrame {
		return true
	}
	_, stays := browser.Stays(&r.http, status, header)
	return !stays && browser.OpensPage(r.http.Header)
}
