// Package shown decides whether a message counts as shown: when the bytes that hold it were handed
// on, to a client who was still there. Which bytes hold what a handler took, only the handler knows:
// any that follow may. The package knows answers and texts, not messages or requests. Who would miss
// it: a user whose browser never got the page with the message.
package shown

import (
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A State is how far a message of a request has come. What follows it, by who shows the
// message:
//
//	Flashes              waiting   taken               delivered   confirmed
//	Markup               waiting   placed              delivered   confirmed
//	{{flashes}}          waiting   printing  printed   delivered   confirmed
//	behind the body      waiting   following carried   delivered   confirmed
//	in a header          waiting             carried   delivered   confirmed
//
// What a flush has shown is confirmed at once; the rest is when the request ends, and stays delivered
// here. What does not come as far as that waits again, for another page.
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
	Confirmed              // and the store was told
)

// An Item is what is known of one message. It is not safe for concurrent use.
type Item struct {
	State State
	Code  int    // the status of the page that it was placed or printed on
	From  int64  // how many bytes of the body were written before
	Probe string // a part of its text that is looked for in the body; "" if there is none
	Seen  bool   // it was found there
}

// Find looks for the item's text in a part of the body.
func (it *Item) Find(part string) {
	it.Seen = it.Seen || it.Probe != "" && strings.Contains(part, it.Probe)
}

// An Outcome is what is known of an answer when its messages are judged.
type Outcome struct {
	Status   int
	Away     bool  // the headers that have left send the user to another page
	Hijacked bool  // the handler has taken the connection over
	Panicked bool  // the handlers did not come to their end
	GoesOn   bool  // they have not yet: this is a flush
	Gone     bool  // the client, or what was written did not leave
	Written  int64 // bytes of the body
}

// Shows reports whether the answer has shown the item, if nothing more of it comes.
func (o Outcome) Shows(it *Item) bool {
	switch {
	case it.State >= Delivered:
		return true
	case o.Gone || o.Away:
		return false
	}
	switch it.State {
	case Taken, Placed:
		// What of the body holds it, only the handler knows: something that was written since. If
		// the handler has not come to its end, that may be anything, so the text itself is looked
		// for.
		if (o.Panicked || o.GoesOn) && !it.Seen {
			return false
		}
		return it.Fits(o.Status) && (o.Written > it.From || o.Hijacked && !o.Panicked)
	case Carried:
		return !o.Panicked
	case Printed:
		// Another answer may have taken the page's place, or middleware may have swallowed it.
		return o.Status == it.Code && o.Written > it.From
	}
	return false
}

// Fits reports whether an answer of that status can be the one that the item was taken for. A 5xx
// is, if it was known before, and so is 101, if the connection is taken over then. The others have
// no body, or one that the handler has not made.
func (it *Item) Fits(status int) bool {
	switch status {
	case http.StatusNoContent, http.StatusResetContent, http.StatusPartialContent,
		http.StatusRequestTimeout, http.StatusPreconditionFailed,
		http.StatusRequestedRangeNotSatisfiable:
		return false
	}
	return status == it.Code || status == http.StatusSwitchingProtocols ||
		status >= http.StatusOK && status < http.StatusInternalServerError
}

// A part of a text that is looked for in the body is long enough to be hardly there by chance, and
// short enough to be hardly cut in two: templates write a text at once, or in steps of some KB.
const (
	probeAtLeast = 3  // bytes
	probeAtMost  = 40 // bytes
)

// ProbeOf returns the part of a text that is looked for in the body, or "": the longest one that
// pages and JSON write as it is. c.AsciiJSON does not, if it has other letters than those of ASCII.
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

// OutOfTime reports whether the time for writing an answer is over. net/http takes what is written
// then, and nothing of it leaves. deadline is what a handler has set, nil if none has, and zero if
// it has taken the server's away. limit is the server's, zero if there is none. It counts from
// before the request came here, by however long middleware around flashgin took.
func OutOfTime(deadline *time.Time, began time.Time, limit time.Duration) bool {
	if deadline != nil {
		return !deadline.IsZero() && !time.Now().Before(*deadline)
	}
	return limit > 0 && time.Since(began) >= limit
}

// IsCut reports whether the headers of an answer say that it is shorter than what was written,
// which HTTP/2 takes without an error.
func IsCut(header http.Header, written int64) bool {
	length := header.Get("Content-Length")
	if length == "" {
		return false
	}
	declared, err := strconv.ParseInt(length, 10, 64)
	return err == nil && declared < written
}
