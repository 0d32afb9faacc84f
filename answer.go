package flashgin

import (
	"net/http"
	"time"

	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/shown"
)

// Pages show messages by their templates, and handlers put them into data of their own. Other
// answers take them along by themselves, if what reads them will show them: behind the body, where
// that is markup for the page on screen, or in a header.

// part is what a request knows of an answer that is part of a page which is open already, or data
// for it.
type part struct {
	reads    browser.Audience // who reads it, once that was asked
	sight    browser.Sight    // of a page, once that was asked
	screen   place            // the page on screen, once it was looked for
	searched bool             // it was
	handled  bool             // the handler decides what messages the answer has
	packed   string           // the coding in which what the handlers write is compressed later
	pulls    bool             // a header says where the messages are
	behind   carrier          // what follows the body
}

// leaving is what is known of an answer when its headers leave.
type leaving int

const (
	headersAlone    leaving = iota // the headers leave first; what follows is not known
	headersOnly                    // the handlers have ended without a body
	headersWithBody                // with the first bytes of the body
	noHeaders                      // not at all: the connection is the handler's from here on
)

func leavingBefore(bytes int) leaving {
	if bytes > 0 {
		return headersWithBody
	}
	return headersAlone
}

// A carrier is how an answer takes messages along.
type carrier int

const (
	byNothing     carrier = iota
	byOutOfBand           // behind the body, for htmx to put into the list of the page
	byTurboStream         // behind the body, for Turbo
	byTrigger             // in HX-Trigger, as an event
	byNotice              // in a header of ours
)

// settleAudience notes who reads the answer, where only the answer tells.
func (r *request) settleAudience(how leaving) {
	header := r.writer.Header()
	switch audience := r.audience(); {
	case audience == browser.ForHTMXPage && !(how == headersWithBody && browser.IsHTML(header)):
		r.readBy(browser.ForHTMX)
	case r.m.cfg.Turbo && browser.IsTurboStream(header) && audience != browser.ForHTMX:
		r.readBy(browser.ForTurbo)
	}
}

// carrier returns how this answer takes messages along.
func (r *request) carrier(how leaving) carrier {
	audience := r.audience()
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
	// Nothing can be appended to what a handler, or middleware within ours, has compressed; what
	// middleware around ours compresses, we see before.
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
	// htmx 2 ignores markup for elsewhere in an error, and htmx 4 swaps the body of one. Both fire
	// an event.
	return byTrigger
}

// carry takes along what the answer shows by itself, of the messages that no template and no
// handler has shown: those of the request, and those that wait. If the request has failed, the
// latter wait on.
func (r *request) carry(how leaving) {
	r.settleAudience(how)
	by := r.carrier(how)
	if by == byNothing {
		return
	}
	failed := r.writer.Status() >= http.StatusInternalServerError
	r.findName()
	if !failed && r.mayHaveKey() {
		r.claim()
	}
	r.hideReplaced(r.items)
	// What htmx has preloaded makes the script ask, once it is put into the page.
	later := (by == byOutOfBand || by == byTrigger) && r.m.mountedAt() != "" &&
		r.sight(r.writer.Status()) == browser.Likely
	if later {
		by = byTrigger
	}
	behind := by == byOutOfBand || by == byTurboStream
	var list []*item
	for _, it := range r.items {
		if it.State == shown.Waiting && r.joins(it) && (behind || it.hasText()) &&
			!(failed && it.claim >= 0) {
			list = append(list, it)
		}
	}
	if len(listed(list)) == 0 || r.storedByPageCache(r.c.Writer) {
		return
	}
	if !behind {
		r.carryInHeader(by, list, later)
		return
	}
	r.private = true
	r.part.behind = by
	r.writer.Header().Del("Content-Length")
	for _, it := range list {
		it.State = shown.Following
	}
}

// mayHaveKey reports whether there is a session to look into. Not every route needs one, and this
// one did not ask for messages.
func (r *request) mayHaveKey() bool {
	if r.m.cfg.SessionKey != nil {
		return true
	}
	_, err := r.m.session(r.c)
	return err == nil
}

// listed returns the messages of items, without those that another one replaces.
func listed(list []*item) Messages {
	var messages Messages
	for _, it := range list {
		if !it.hidden {
			messages = append(messages, it.Message)
		}
	}
	return messages
}

// follow writes what goes behind the body, when the handlers have ended.
func (r *request) follow() {
	r.mu.Lock()
	var list []*item
	if r.part.behind != byNothing && !r.panicked && !r.broken && !r.clientGone() {
		// What was claimed longer ago than that waits for another page by now.
		late := len(r.claims) > 0 && time.Since(r.claims[0].since) >= r.m.cfg.Lease
		for _, it := range r.items {
			if it.State == shown.Following && !(late && it.claim >= 0) {
				list = append(list, it)
			}
		}
	}
	messages := listed(list)
	r.mu.Unlock()
	if len(messages) == 0 {
		return
	}
	text, err := r.additions(r.part.behind, messages)
	if err == nil {
		// An error, if that is not all.
		_, err = r.writer.ResponseWriter.Write([]byte(text))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.broken = true
		return
	}
	for _, it := range list {
		it.State = shown.Carried
	}
}
