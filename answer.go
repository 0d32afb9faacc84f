package flashgin

import (
	"net/http"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/shown"
)

// Pages show messages with their templates, and handlers put them into data of their own. flashgin
// adds messages to other answers if their reader will show them: behind the body, if that is markup
// for the page on screen, or in a header.

// part is what a request knows of an answer that is part of an open page, or data for it.
type part struct {
	handled bool    // the handler decides what messages the answer has
	packed  string  // the coding in which middleware around ours compresses the body
	pulls   bool    // a header says where the messages are
	behind  carrier // what follows the body
}

// leaving says how the headers of an answer leave.
type leaving int

const (
	headersAlone    leaving = iota // before the body, if there is any
	headersOnly                    // without a body: the handlers have ended
	headersWithBody                // with the first bytes of the body
	noHeaders                      // not at all: the handler has taken the connection over
)

func leavingBefore(bytes int) leaving {
	if bytes > 0 {
		return headersWithBody
	}
	return headersAlone
}

// A carrier is how flashgin adds messages to an answer.
type carrier int

const (
	byNothing     carrier = iota
	byOutOfBand           // behind the body: htmx puts them into the list of the page
	byTurboStream         // behind the body: Turbo does the same
	byTrigger             // in HX-Trigger, as an event
	byNotice              // in a header of ours
)

// readBy notes who reads the answer, as the answer itself tells.
func (r *request) readBy(reader browser.Audience) {
	r.views.ReadBy(reader)
	r.looked = false
}

// settleAudience notes who reads the answer, if only the answer itself tells.
func (r *request) settleAudience(how leaving) {
	header := r.writer.Header()
	switch audience := r.views.Reader(); {
	case audience == browser.ForHTMXPage && !(how == headersWithBody && browser.IsHTML(header)):
		r.readBy(browser.ForHTMX)
	case r.m.cfg.Turbo && browser.IsTurboStream(header) && audience != browser.ForHTMX:
		r.readBy(browser.ForTurbo)
	}
}

// carrier returns how flashgin adds messages to this answer.
func (r *request) carrier(how leaving) carrier {
	audience := r.views.Reader()
	switch audience {
	case browser.ForBrowser, browser.ForHTMXPage, browser.ForFrame:
		return byNothing
	}
	status, header := r.writer.Status(), r.writer.Header()
	if how == noHeaders || r.panicked || r.part.handled || status < http.StatusOK ||
		browser.LeadsAway(status, header) || !browser.MayShow(&r.http, header) ||
		browser.IsEventStream(header) {
		return byNothing
	}
	if audience == browser.ForScript {
		return byNotice
	}
	readyMade := r.in.printsReadyMade()
	if readyMade && r.m.mountedAt() == "" {
		r.warn("answers to htmx and Turbo show no messages without Messenger.Mount: " +
			"call it where the routes are registered")
		return byNothing
	}
	coding := header.Get("Content-Encoding")
	// Nothing can be appended to a body that a handler, or middleware within ours, has compressed.
	// Middleware around ours compresses what we write.
	open := readyMade && how == headersWithBody && status != http.StatusPartialContent &&
		(coding == "" || coding == r.part.packed) && browser.IsUTF8(header)
	switch {
	case audience == browser.ForTurbo && open:
		return byTurboStream
	case audience == browser.ForTurbo:
		return byNotice
	case open && status < http.StatusMultipleChoices && browser.IsHTML(header):
		return byOutOfBand
	}
	// In an error, htmx 2 ignores out-of-band markup, and htmx 4 swaps the body. Both fire an
	// event.
	return byTrigger
}

// carry adds to the answer the messages that no template and no handler has shown: those of the
// request, and those that wait. If the request has failed, the latter keep waiting.
func (r *request) carry(how leaving) {
	r.settleAudience(how)
	by := r.carrier(how)
	if by == byNothing {
		return
	}
	failed := r.writer.Status() >= http.StatusInternalServerError
	r.findName()
	if !failed && r.mayHaveKey() {
		if c := r.c; r.values.Load() == nil {
			r.outside(func() { r.noteValues(c) })
		}
		r.claim()
	}
	// If htmx preloads the answer, our script asks for the messages when htmx puts it into the
	// page.
	later := (by == byOutOfBand || by == byTrigger) && r.m.mountedAt() != "" &&
		r.views.Sight(r.writer.Status()) == browser.Likely
	if later {
		by = byTrigger
	}
	behind := by == byOutOfBand || by == byTurboStream
	if r.list.IsEmpty() {
		return
	}
	list := r.list.Unshown(r.views.List(), failed, func(m *Message) bool {
		return behind || m.hasText()
	})
	if len(list.Items()) == 0 || r.storedByPageCache(r.c.Writer) {
		return
	}
	switch {
	case later:
		r.carryAddress(by)
		return
	case !behind:
		r.carryInHeader(by, list)
		return
	}
	r.private = true
	r.part.behind = by
	r.writer.Header().Del("Content-Length")
	list.Are(shown.Following)
}

// mayHaveKey reports whether there is a session to read the key from. Without it, a route that has
// no session and asks for no messages would report an error.
func (r *request) mayHaveKey() bool {
	if r.m.cfg.SessionKey != nil {
		return true
	}
	_, err := r.m.session(r.c)
	return err == nil
}

// follow writes the messages behind the body when the handlers have ended.
func (r *request) follow() {
	r.mu.Lock()
	var list shown.Selection[Message]
	if r.part.behind != byNothing && !r.panicked && !r.broken && !r.clientGone() {
		list = r.list.Following(r.m.cfg.Lease)
	}
	messages := messagesOf(list.Items())
	r.mu.Unlock()
	if len(messages) == 0 {
		return
	}
	text, err := r.additions(r.part.behind, messages)
	if err == nil {
		// A short write is an error, too.
		_, err = r.writer.ResponseWriter.Write([]byte(text))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.broken = true
		return
	}
	list.Are(shown.Carried)
}
