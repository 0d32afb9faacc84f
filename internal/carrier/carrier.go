// Package carrier adds messages to answers that are not pages: behind the body, if that is markup
// for the page on screen, or in a header. It says how, and writes the header.
package carrier

import (
	"net/http"

	"github.com/flashgin/flashgin/internal/browser"
)

// A Carrier is how an answer takes messages along.
type Carrier int

// The carriers.
const (
	Nothing     Carrier = iota
	OutOfBand           // behind the body: htmx puts them into the list of the page
	TurboStream         // behind the body: Turbo does the same
	Trigger             // in HX-Trigger, as an event
	Notice              // in a header of ours
	Copy                // on the page, and in that header, too
)

// IsBehind reports whether the messages follow the body.
func (by Carrier) IsBehind() bool { return by == OutOfBand || by == TurboStream }

// An Answer is what counts for how it takes messages along.
type Answer struct {
	Request *http.Request
	Reader  browser.Audience
	Status  int
	Header  http.Header
	Body    bool   // a body follows the headers
	Packed  string // the coding in which middleware around ours compresses the body
	// ReadyMade reports whether the pages have our markup, and so a list to add messages to. It is
	// not asked for ordinary pages.
	ReadyMade func() bool
	// Mounted says that the routes of the script exist.
	Mounted bool
}

// Of returns how an answer takes messages along. mistake says what is wrong with the wiring of the
// application if that is the reason for Nothing.
func Of(a Answer) (by Carrier, mistake string) {
	switch a.Reader {
	case browser.ForBrowser, browser.ForHTMXPage, browser.ForFrame:
		return Nothing, ""
	}
	if a.Status < http.StatusOK || browser.LeadsAway(a.Status, a.Header) ||
		!browser.MayShow(a.Request, a.Header) || browser.IsEventStream(a.Header) {
		return Nothing, ""
	}
	if a.Reader == browser.ForScript {
		return Notice, ""
	}
	readyMade := a.ReadyMade()
	if readyMade && !a.Mounted {
		return Nothing, "answers to htmx and Turbo show no messages without Messenger.Mount: " +
			"call it where the routes are registered"
	}
	coding := a.Header.Get("Content-Encoding")
	// Nothing can be appended to a body that a handler, or middleware within ours, has compressed.
	// Middleware around ours compresses what we write.
	open := readyMade && a.Body && a.Status != http.StatusPartialContent &&
		(coding == "" || coding == a.Packed) && browser.IsUTF8(a.Header)
	switch {
	case a.Reader == browser.ForTurbo && open:
		return TurboStream, ""
	case a.Reader == browser.ForTurbo:
		return Notice, ""
	case open && a.Status < http.StatusMultipleChoices && browser.IsHTML(a.Header):
		return OutOfBand, ""
	}
	// In an error, htmx 2 ignores out-of-band markup, and htmx 4 swaps the body. Both fire an
	// event.
	return Trigger, ""
}
