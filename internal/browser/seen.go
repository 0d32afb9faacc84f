package browser

import (
	"net/http"
	"strings"
)

// MayShow reports whether the answer to a request can be a page, or part of one, that its user
// will see. Requests that cannot show a message must not take one. answer is the header of the
// answer, as far as it is known.
func MayShow(r *http.Request, answer http.Header) bool {
	return r.Method != http.MethodHead && !Prefetch(r.Header) &&
		asksForText(r.Header) && isSeen(r, answer)
}

// InFrame reports whether the page fills a frame. It is not the page that the user is waiting
// for.
func InFrame(h http.Header) bool {
	switch h.Get("Sec-Fetch-Dest") {
	case "iframe", "frame", "fencedframe":
		return true
	}
	return false
}

// IsWithin reports whether a page of this site is around the page, and shows what is for any page.
// Chromium sends the other header if the page of the tab is another site's. Other browsers do not
// tell.
func IsWithin(h http.Header) bool {
	return InFrame(h) && h.Get("Sec-Fetch-Storage-Access") == ""
}

// asksForText reports whether the browser asks for a page, or a script for something that it may
// put into one. All other destinations of the Fetch standard, also those to come, are seen by
// nobody. Nor is what is fetched in the mode no-cors: scripts read no such answer. They send a
// beacon, or fill the cache of the browser ahead of time.
func asksForText(h http.Header) bool {
	mode := h.Get("Sec-Fetch-Mode")
	if mode == "no-cors" {
		return false
	}
	switch h.Get("Sec-Fetch-Dest") {
	case "document", "empty":
		return true
	case "": // a browser that is old, or a site without TLS
		return mode != "" || !asksForMedia(h.Get("Accept"))
	}
	return InFrame(h)
}

// mediaTypes begin what browsers accept for what is neither a page nor data.
var mediaTypes = [...]string{
	"image/", "text/css", "font/", "application/font", "application/x-font", "audio/", "video/",
	"application/manifest+json",
}

// asksForMedia reports whether an image, a style sheet or the like is wanted. For scripts, and for
// most fonts, browsers accept anything.
func asksForMedia(accept string) bool {
	for _, prefix := range mediaTypes {
		if strings.HasPrefix(accept, prefix) {
			return !asksForHTML(accept)
		}
	}
	return false
}

// asksForHTML reports whether a page is wanted, as what a request accepts says.
func asksForHTML(accept string) bool {
	return strings.Contains(accept, "text/html") || strings.Contains(accept, "application/xhtml+xml")
}

// isSeen reports whether the answer is seen where the request comes from. A page of another site
// can let the browser of our user ask for anything. But the answer is seen only as the page of a
// tab, or by a script that the answer lets read it. A frame may be hidden there.
func isSeen(r *http.Request, answer http.Header) bool {
	h := r.Header
	site := h.Get("Sec-Fetch-Site")
	switch site {
	case "same-origin", "none":
		return true
	case "": // a browser that is old, or a site without TLS
		// Browsers send no Origin with a GET, unless it comes from a script of another one.
		return r.Method != http.MethodGet || h.Get("Origin") == "" ||
			byOrigin(r) || isReadable(h, answer)
	}
	if InFrame(h) {
		return site == "same-site"
	}
	return h.Get("Sec-Fetch-Mode") == "navigate" || h.Get("Sec-Fetch-Dest") == "document" ||
		isReadable(h, answer)
}

// isReadable reports whether the script of another origin that asks may read the answer, to a
// request with cookies.
func isReadable(request, answer http.Header) bool {
	mode, origin := request.Get("Sec-Fetch-Mode"), request.Get("Origin")
	return (mode == "cors" || mode == "") && origin != "" &&
		answer.Get("Access-Control-Allow-Origin") == origin &&
		answer.Get("Access-Control-Allow-Credentials") == "true"
}
