package flashgin

import (
	"net/http"
	"strings"
)

// A sender is who sends a request, as far as the browser says.
type sender int

const (
	unsaid     sender = iota // by a browser that is old or asks without TLS, or by no browser
	thisOrigin               // a page of this very origin
	byHand                   // the user, in the address bar, say
	another                  // any other page
)

// senderOf is the one place that decides whether a page of this origin asks.
func senderOf(r *http.Request) sender {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin":
		return thisOrigin
	case "none":
		return byHand
	case "":
		switch {
		case r.Header.Get("Origin") == "":
			return unsaid
		case byOrigin(r):
			return thisOrigin
		}
	}
	return another
}

// byOrigin reports whether the header Origin names this very one.
func byOrigin(r *http.Request) bool {
	origin := sentIn(r.Header, "Origin")
	if !strings.Contains(origin, "://") { // such as "null"
		return false
	}
	_, ok := onThisHost(r, origin)
	return ok
}
