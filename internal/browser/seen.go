package browser

import (
	"net/http"
	"strings"
)

// MayShow reports whether the user may see the answer to a request, as a page or as part of one. A
// request that cannot show a message must not take one. answer is the header of the answer, as far
// as it is known.
func MayShow(r *http.Request, answer http.Header) bool {
	return r.Method != http.MethodHead && !Prefetch(r.Header) &&
		asksForText(r.Header) && isSeen(r, answer)
}

// InFrame reports whether the page is for a frame. Then it is not the page that the user is waiting
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
// put into a page. Nobody sees messages in the other destinations of the Fetch standard, or in
// those to come. Nor in answers in the mode no-cors: scripts cannot read them. They send a beacon,
// or fill the browser's cache ahead of time.
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

// mediaTypes are the beginnings of Accept if browsers ask for something that is neither a page nor
// data.
var mediaTypes = [...]string{
	"image/", "text/css", "font/", "application/font", "application/x-font", "audio/", "video/",
	"application/manifest+json",
}

// asksForMedia reports whether a request asks for an image, a style sheet or the like. It finds no
// scripts and few fonts: for these browsers accept anything.
func asksForMedia(accept string) bool {
	for _, prefix := range mediaTypes {
		if strings.HasPrefix(accept, prefix) {
			return !asksForHTML(accept)
		}
	}
	return false
}

// asksForHTML reports whether a request with this Accept asks for a page.
func asksForHTML(accept string) bool {
	return strings.Contains(accept, "text/html") ||
		strings.Contains(accept, "application/xhtml+xml")
}

// isSeen reports whether the user sees the answer at the page that sends the request. A page of
// another site can make our user's browser request anything. But the user sees the answer only as
// the page of a tab, or if the answer lets a script read it. A frame in that page may be hidden.
func isSeen(r *http.Request, answer http.Header) bool {
	h := r.Header
	site := h.Get("Sec-Fetch-Site")
	switch site {
	case "same-origin", "none":
		return true
	case "": // a browser that is old, or a site without TLS
		// Browsers send no Origin with a GET, unless a script of another origin sends it.
		return r.Method != http.MethodGet || h.Get("Origin") == "" ||
			byOrigin(r) || isReadable(h, answer)
	}
	if InFrame(h) {
		return site == "same-site"
	}
	return h.Get("Sec-Fetch-Mode") == "navigate" || h.Get("Sec-Fetch-Dest") == "document" ||
		isReadable(h, answer)
}

// isReadable reports whether the answer lets a script of another origin read it, although the
// request has cookies.
func isReadable(request, answer http.Header) bool {
	mode, origin := request.Get("Sec-Fetch-Mode"), request.Get("Origin")
	return (mode == "cors" || mode == "") && origin != "" &&
		answer.Get("Access-Control-Allow-Origin") == origin &&
		answer.Get("Access-Control-Allow-Credentials") == "true"
}
