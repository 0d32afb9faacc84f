package flashgin

import (
	"net/http"
	"strings"

	"github.com/flashgin/flashgin/internal/browser"
)

// An audience is what reads the answer to a request. A browser that opens a page shows what the page shows. Others take the answer for the page that is
// on screen already, so that page is what messages are about and where they are seen.
type audience int

const (
	audienceUnknown audience = iota
	forBrowser               // or for nobody that has told us
	forHTMX                  // part of a page, which htmx puts into it
	forHTMXPage              // a page, which htmx puts in the place of the one on screen; that stays if the answer is none
	forTurbo                 // a stream of changes, by which Turbo alters the page
	forFrame                 // a frame of Turbo, which throws away what is around it
	forScript                // data for a script that asks for messages besides
)

// audience returns what reads the answer, as far as the request says. That the answer is a stream for Turbo, it says itself.
func (r *request) audience() audience {
	if r.part.reads == audienceUnknown {
		r.part.reads = r.m.audienceOf(&r.http)
	}
	return r.part.reads
}

// audienceOf returns what reads the answer to a request. The names of headers are spelled as Go keeps them: any other spelling costs an allocation each time.
func (m *Messenger) audienceOf(request *http.Request) audience {
	h := request.Header
	switch {
	case m.cfg.HTMX && fromHTMX(request):
		if h.Get("Hx-Boosted") == "true" || h.Get("Hx-Request-Type") == "full" {
			return forHTMXPage
		}
		return forHTMX
	case m.cfg.Turbo && h.Get("Turbo-Frame") != "":
		return forFrame
	case h.Get(pullHeader) != "" && browser.SenderOf(request) != browser.Another:
		return forScript
	}
	return forBrowser
}

// fromHTMX reports whether htmx asks, for the page on screen and not for one of its history.
func fromHTMX(request *http.Request) bool {
	h := request.Header
	if h.Get("Hx-Request") != "true" || h.Get("Hx-History-Restore-Request") == "true" {
		return false
	}
	_, ok := browser.FromPage(request, browser.Sent(h, "Hx-Current-Url"))
	return ok
}

// mayShow reports whether a page, or what else the handler answers with, will be seen with its messages.
func (r *request) mayShow() bool {
	return mayShow(&r.http, r.c.Writer.Header()) && r.audience() != forFrame
}

// isTurboStream reports whether an answer is a stream for Turbo.
func isTurboStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/vnd.turbo-stream.html")
}
