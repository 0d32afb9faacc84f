package flashgin

import (
	"net/http"
	"strings"
)

// ofThisSite reports whether a page of this very origin sends the request, or its user by hand. Where the browser does not say, a request without Origin
// counts as such.
func ofThisSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
		return r.Header.Get("Origin") == "" || byOrigin(r)
	}
	return false
}

// byThisSite is ofThisSite for requests that change something: the browser has to say so.
func byThisSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin":
		return true
	case "": // a browser that is old, or a site without TLS
		return byOrigin(r)
	}
	return false
}

func byOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if !strings.Contains(origin, "://") { // such as "null"
		return false
	}
	_, ok := onThisHost(r, origin)
	return ok
}
