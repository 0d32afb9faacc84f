package browser

import (
	"mime"
	"net/http"
	"strings"
)

// An Audience is who reads the answer to a request. A browser that opens a page shows the answer as
// that page. Others use the answer to change the page that is on screen already: messages are about
// that page, and are seen there.
type Audience int

// The audiences. AudienceOf never returns ForTurbo: only the answer tells, see IsTurboStream.
const (
	Unknown     Audience = iota
	ForBrowser           // or for a client that does not say who it is
	ForHTMX              // part of a page, which htmx puts into it
	ForHTMXPage          // a page that replaces the one on screen, if the answer is markup
	ForTurbo             // a stream of changes that Turbo makes to the page
	ForFrame             // a frame of Turbo, which throws away what is around it
	ForScript            // data for a script that also asks for messages
)

// AskHeader is what a script sends to get messages. A page of another site cannot send it, nor
// can a link or an image.
const AskHeader = "X-Get-Flash"

// AudienceOf returns who reads the answer to a request, as far as the request says. withHTMX says
// whether the application uses htmx.
func AudienceOf(r *http.Request, withHTMX bool) Audience {
	h := r.Header
	switch {
	case withHTMX && fromHTMX(r):
		if h.Get("Hx-Boosted") == "true" || h.Get("Hx-Request-Type") == "full" {
			return ForHTMXPage
		}
		return ForHTMX
	case h.Get("Turbo-Frame") != "": // whether or not the application has streams for Turbo
		return ForFrame
	case h.Get(AskHeader) != "" && SenderOf(r) != Another:
		return ForScript
	}
	return ForBrowser
}

// fromHTMX reports whether htmx asks for the page on screen, not for a page of its history.
func fromHTMX(r *http.Request) bool {
	h := r.Header
	if h.Get("Hx-Request") != "true" || h.Get("Hx-History-Restore-Request") == "true" {
		return false
	}
	_, ok := FromPage(r, Sent(h, "Hx-Current-Url"))
	return ok
}

// ByLibrary reports whether htmx or Turbo takes the page out of the answer. It may leave a part of
// the page out, or ask for it once more.
func ByLibrary(h http.Header, reader Audience) bool {
	return reader == ForHTMX || reader == ForHTMXPage || h.Get("X-Turbo-Request-Id") != ""
}

// OnScreen returns the URL of the page that is on screen while the answer comes, as the request
// says: htmx names it, others send a Referer. It returns "" if the answer is a page of its own.
func OnScreen(h http.Header, reader Audience) string {
	switch reader {
	case ForBrowser, ForHTMXPage:
		return ""
	case ForHTMX:
		return Sent(h, "Hx-Current-Url")
	}
	return Sent(h, "Referer")
}

// OpensPage reports whether the browser opens the answer as a page.
func OpensPage(h http.Header) bool {
	switch h.Get("Sec-Fetch-Mode") {
	case "navigate":
		return true
	case "", // a browser that is old, or a site without TLS
		"same-origin": // a service worker passes on what the browser asks for
		return asksForHTML(h.Get("Accept")) && h.Get("Hx-Request") == ""
	}
	return false
}

// IsTurboStream reports whether the body of an answer is a stream for Turbo.
func IsTurboStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/vnd.turbo-stream.html")
}

// IsHTML reports whether the body of an answer is markup.
func IsHTML(h http.Header) bool { return strings.HasPrefix(h.Get("Content-Type"), "text/html") }

// IsEventStream reports whether the body of an answer is a stream of events, which a script reads
// one by one.
func IsEventStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/event-stream")
}

// IsUTF8 reports whether the body of an answer is in UTF-8: then our text may follow it.
func IsUTF8(h http.Header) bool {
	_, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (params["charset"] == "" || strings.EqualFold(params["charset"], "utf-8"))
}
