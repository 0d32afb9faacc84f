package browser

import (
	"net/http"
	"strings"
)

// A Sender is who makes the browser send a request, as far as the browser says.
type Sender int

// The senders.
const (
	Unsaid     Sender = iota // the browser is old or asks without TLS, or the client is no browser
	ThisOrigin               // a page of this very origin
	ByHand                   // the user, in the address bar, say
	Another                  // any other page
)

// SenderOf returns who sends a request. Nothing else decides whether a page of this origin asks.
func SenderOf(r *http.Request) Sender {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin":
		return ThisOrigin
	case "none":
		return ByHand
	case "":
		switch {
		case r.Header.Get("Origin") == "":
			return Unsaid
		case byOrigin(r):
			return ThisOrigin
		}
	}
	return Another
}

// byOrigin reports whether the header Origin names the origin of this host.
func byOrigin(r *http.Request) bool {
	origin := Sent(r.Header, "Origin")
	if !strings.Contains(origin, "://") { // such as "null"
		return false
	}
	_, ok := OnThisHost(r, r.URL, origin)
	return ok
}
