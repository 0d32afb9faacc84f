package views

import (
	"net/http"
	"net/url"

	"github.com/flashgin/flashgin/internal/browser"
)

// Reader returns who reads the answer, as far as the request tells, or as ReadBy has said.
func (v *Views) Reader() browser.Audience {
	if v.reader == browser.Unknown {
		v.reader = browser.AudienceOf(v.http, v.site.HTMX)
	}
	return v.reader
}

// ReadBy notes who reads the answer, as the answer itself tells, and forgets what was concluded
// from the request alone.
func (v *Views) ReadBy(reader browser.Audience) {
	v.reader, v.searched, v.list = reader, false, nil
}

// MayShow reports whether the user will see the messages of an answer with these headers, be it a
// page or something else.
func (v *Views) MayShow(answer http.Header) bool {
	return browser.MayShow(v.http, answer) && v.Reader() != browser.ForFrame
}

// Sight returns whether a page that answers with the status is seen.
func (v *Views) Sight(status int) browser.Sight {
	if v.sight == browser.Untold {
		v.sight = browser.SightOf(v.http, status, v.Route() != "")
	}
	return v.sight
}

// MayPrint reports whether a page that answers with the status may print messages. pullable says
// that the markup can have the URL from which the script gets them, if the page is seen.
func (v *Views) MayPrint(status int, pullable bool) bool {
	if v.Reader() == browser.ForScript {
		return false // it reads our header, and maybe nothing else
	}
	switch v.Sight(status) {
	case browser.Doubtful:
		return false
	case browser.Likely:
		return !pullable
	}
	return true
}

// onScreen returns the page on screen if the answer is not itself a page. If that page is not
// known, the path of the result is "".
func (v *Views) onScreen() place {
	if v.searched {
		return v.screen
	}
	reader := v.Reader()
	if reader == browser.ForBrowser || reader == browser.ForHTMXPage {
		return place{}
	}
	v.searched, v.screen = true, place{}
	if u, ok := browser.FromPage(v.http, browser.OnScreen(v.http.Header, reader)); ok {
		u = &url.URL{
			Path:    v.site.withoutPrefix(u.Path),
			RawPath: v.site.withoutPrefix(u.RawPath),
		}
		if u.Path == "" {
			u.Path = "/"
		}
		v.screen = place{v.site.Router.Route(u), u.Path, u.RawPath}
	}
	return v.screen
}

// OpensPage reports whether the browser is about to open a page because of this request. Messages
// that the request adds are for that page. If the page that is still open listens at the same view,
// it would show them for a moment and be gone.
func (v *Views) OpensPage(status int, answer http.Header) bool {
	if browser.LeadsAway(status, answer) && v.Reader() != browser.ForFrame {
		return true
	}
	_, stays := browser.Stays(v.http, status, answer)
	return !stays && browser.OpensPage(v.http.Header)
}
