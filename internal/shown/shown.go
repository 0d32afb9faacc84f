// Package shown decides whether a message counts as shown: the bytes with the message must have
// left, to a client that was still there. If a handler takes a message, only the handler knows
// which bytes have it: any later bytes may. The package also keeps the [List] of the messages of
// one answer. It knows no requests. Who would miss it: a user whose browser never got the page with
// the message.
package shown

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A State is how far a message of a request has come. The order of states depends on what shows the
// message:
//
//	Flashes              waiting   taken               delivered   confirmed
//	Markup               waiting   placed              delivered   confirmed
//	{{flashes}}          waiting   printing  printed   delivered   confirmed
//	behind the body      waiting   following carried   delivered   confirmed
//	in a header          waiting             carried   delivered   confirmed
//
// If a flush has shown a message, it is confirmed at once. Other messages are confirmed when the
// request ends, and stay Delivered here. A message that does not become Delivered waits again, for
// another page.
type State int

const (
	Waiting   State = iota // not shown by this request
	Taken                  // given to the handler
	Placed                 // in markup that was given to a component
	Printing               // on a page that is being rendered
	Printed                // on a page that was written
	Following              // to be written behind the body
	Carried                // taken along by the answer itself
	Delivered              // shown
	Confirmed              // shown, and the store was told
)

// A Trace is what is known of one message in an answer. It is not safe for concurrent use.
type Trace struct {
	State State
	Code  int    // the status of the page that it was placed or printed on
	From  int64  // how many bytes of the body were written before
	Probe string // the part of its text that Find looks for in the body; "" if there is none
	Seen  bool   // Find has found it
	Ours  bool   // our markup shows it

	// Unsure says that Code may be wrong: a writer keeps the page, and perhaps its status.
	Unsure bool
}

// Find looks for the message's text in a part of the body.
func (it *Trace) Find(part string) {
	it.Seen = it.Seen || it.Probe != "" && strings.Contains(part, it.Probe)
}

// An Outcome is what is known of an answer when its messages are judged.
type Outcome struct {
	Status   int
	Away     bool  // the headers that have left send the user to another page
	Hijacked bool  // the handler has taken the connection over
	Panicked bool  // the handlers did not come to their end
	GoesOn   bool  // the handlers still run: this is a flush
	Gone     bool  // the client has gone, or what was written did not leave
	Written  int64 // bytes of the body
	Packed   bool  // the body is compressed, so Find finds nothing in it
}

// Shows reports whether the answer has shown the message, as far as it was written.
func (o Outcome) Shows(it *Trace) bool {
	switch {
	case it.State >= Delivered:
		return true
	case o.Gone || o.Away:
		return false
	}
	switch it.State {
	case Taken, Placed:
		// Only the handler knows which part of the body has the message: it was written since the
		// handler took it. If the handler has not come to its end, it may have written something
		// else, so the text itself must be there.
		if (o.Panicked || o.GoesOn) && !it.Seen {
			return false
		}
		return it.Fits(o.Status) && (o.Written > it.From || o.Hijacked && !o.Panicked)
	case Carried:
		return !o.Panicked
	case Printed:
		return o.isPage(it) && o.Written > it.From // middleware may have swallowed it
	}
	return false
}

// isPage reports whether the answer is the page on which the message was printed, as far as can be
// told: another answer may have taken its place. If the status of the page is not known for sure,
// the text tells, unless there is none to be found.
func (o Outcome) isPage(it *Trace) bool {
	return o.Status == it.Code ||
		it.Unsure && it.Fits(o.Status) && (it.Seen || it.Probe == "" || o.Packed)
}

// Fits reports whether an answer with that status can have the message. A 5xx can if the status was
// set before the message was taken, and a 101 can because the handler takes the connection over.
// The statuses below have no body, or one that the handler has not written.
func (it *Trace) Fits(status int) bool {
	switch status {
	case http.StatusNoContent, http.StatusResetContent, http.StatusPartialContent,
		http.StatusRequestTimeout, http.StatusPreconditionFailed,
		http.StatusRequestedRangeNotSatisfiable:
		return false
	}
	return status == it.Code || status == http.StatusSwitchingProtocols ||
		status >= http.StatusOK && status < http.StatusInternalServerError
}

// A probe is long enough to be in the body hardly ever by chance, and short enough to be cut in two
// hardly ever: templates write a text at once, or in steps of some KB.
const (
	probeAtLeast = 3  // bytes
	probeAtMost  = 40 // bytes
)

// ProbeOf returns the part of a text that Find looks for in the body, or "". It is the longest part
// that pages and JSON write as it is. c.AsciiJSON escapes letters that are not ASCII, so Find may
// miss them there.
func ProbeOf(text string) (probe string) {
	for part := range strings.FieldsFuncSeq(text, isEscaped) {
		if part = strings.TrimSpace(part); len(part) > len(probe) {
			probe = part
		}
	}
	if len(probe) < probeAtLeast {
		return ""
	}
	return probe[:min(len(probe), probeAtMost)]
}

// isEscaped reports whether pages or JSON write a character in another way.
func isEscaped(c rune) bool {
	return c < ' ' || strings.ContainsRune("\"&'+<>`\\\u2028\u2029", c) || c == utf8.RuneError
}

// IsCut reports whether the Content-Length of an answer is less than what was written. HTTP/2
// accepts that without an error, and cuts the body.
func IsCut(header http.Header, written int64) bool {
	length := header.Get("Content-Length")
	if length == "" {
		return false
	}
	declared, err := strconv.ParseInt(length, 10, 64)
	return err == nil && declared < written
}
