package browser

import "net/http"

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

// asksForText reports whether the browser asks for a page, or a script for something that it may
// put into one. All other destinations of the Fetch standard, also those to come, are seen by
// nobody.
func asksForText(h http.Header) bool {
	switch h.Get("Sec-Fetch-Dest") {
	case "", "document", "empty":
		return true
	}
	return InFrame(h)
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
