package flashgin

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"time"
)

// Pages show messages by their templates, and handlers put them into data of their own. Other answers take them along by themselves, if what reads them will
// show them: behind the body, where that is markup for the page on screen, or in a header.

// leaving is what is known of an answer when its headers leave.
type leaving int

const (
	ahead      leaving = iota // the headers leave first; what follows, if anything, is not known
	beforeBody                // with the first bytes of the body
	takenOver                 // not at all: the connection is the handler's from here on
)

func leavingBefore(bytes int) leaving {
	if bytes > 0 {
		return beforeBody
	}
	return ahead
}

// A carrier is how an answer takes messages along.
type carrier int

const (
	nothing     carrier = iota
	outOfBand           // behind the body, for htmx to put into the list of the page
	turboStream         // behind the body, for Turbo
	inTrigger           // in HX-Trigger, as an event
	inNotice            // in a header of ours
)

// noticeHeader has {"messages": […]}, or {"pull": "…"}, the address to get them from.
const noticeHeader = "Flash-Messages"

// headerAtMost is how many bytes a header with messages may have: proxies keep all headers of an answer in a buffer, which has 4 or 8 KB by default.
const headerAtMost = 4 << 10

// carrier returns how this answer takes messages along.
func (r *request) carrier(how leaving) carrier {
	status, header := r.writer.Status(), r.writer.Header()
	if r.m.cfg.Turbo && isStream(header) && r.audience() != forHTMX {
		r.answers, r.searched, r.views, r.looked = forTurbo, false, nil, false
	}
	audience := r.audience()
	if audience == forBrowser || audience == forFrame {
		return nothing
	}
	if how == takenOver || r.panicked || r.handled || status < http.StatusOK || leadsAway(status, header) || !mayShow(r.c.Request) || isEventStream(header) {
		return nothing
	}
	if audience == forScript {
		return inNotice
	}
	readyMade := r.in.printsReadyMade()
	if readyMade && r.m.mountedAt() == "" {
		r.m.errs.warn("answers to htmx and Turbo show no messages without Messenger.Mount: call it where the routes are registered")
		return nothing
	}
	// What was compressed by middleware within ours has an end.
	open := readyMade && how == beforeBody && status != http.StatusPartialContent && (r.packed || header.Get("Content-Encoding") == "") && isUTF8(header)
	switch {
	case audience == forTurbo && open:
		return turboStream
	case audience == forTurbo:
		return inNotice
	case open && status < http.StatusMultipleChoices && strings.HasPrefix(header.Get("Content-Type"), "text/html"):
		return outOfBand
	}
	// htmx 2 ignores markup for elsewhere in an error, and htmx 4 swaps the body of one. An event both of them fire.
	return inTrigger
}

func isEventStream(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "text/event-stream")
}

// isUTF8 reports whether text may be appended to the body as we write it.
func isUTF8(h http.Header) bool {
	_, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (params["charset"] == "" || strings.EqualFold(params["charset"], "utf-8"))
}

// carry takes along what the answer shows by itself, of the messages that no template and no handler has shown: those of the request, and those that wait. If
// the request has failed, the latter wait on.
func (r *request) carry(how leaving) {
	by := r.carrier(how)
	if by == nothing {
		return
	}
	failed := r.writer.Status() >= http.StatusInternalServerError
	if !failed {
		r.claim()
	}
	r.hideReplaced(r.items)
	behind := by == outOfBand || by == turboStream
	var list []*item
	for _, it := range r.items {
		if it.state == waiting && r.joins(it) && (behind || it.plain()) && !(failed && it.claim >= 0) {
			list = append(list, it)
		}
	}
	if len(shown(list)) == 0 {
		return
	}
	r.private = true
	if !behind {
		r.carryInHeader(by, list)
		return
	}
	r.behind = by
	r.writer.Header().Del("Content-Length")
	for _, it := range list {
		it.state = following
	}
}

// shown returns the messages of items, without those that another one replaces.
func shown(list []*item) Messages {
	var messages Messages
	for _, it := range list {
		if !it.hidden {
			messages = append(messages, it.Message)
		}
	}
	return messages
}

// carryInHeader puts messages into a header. What is too large for it waits, and the header says where, if there is a script to read that; else as many go along as
// there is room for.
func (r *request) carryInHeader(by carrier, list []*item) {
	mounted := r.m.mountedAt() != ""
	for ; len(list) > 0; list = list[:len(list)-1] {
		if r.setHeader(by, shown(list), "") {
			for _, it := range list {
				it.state = carried
			}
			return
		}
		if mounted {
			break
		}
	}
	if mounted && r.setHeader(by, nil, r.m.mountedURL("messages")+"?"+r.viewQuery()) {
		r.pulls = true
		r.giveBack()
	}
}

// setHeader sets the header that says what is to be shown, or where to get it, and reports whether it could.
func (r *request) setHeader(by carrier, messages Messages, url string) bool {
	header := r.writer.Header()
	name, value := noticeHeader, ""
	if by == inTrigger {
		name = "Hx-Trigger"
		list, ok := parseTriggers(header[name])
		switch {
		case !ok:
			r.m.errs.warn("a handler's HX-Trigger is neither a list of names nor a JSON object: htmx fires nothing for it, and no messages come with it")
		case url != "":
			list, ok = withPull(list, url)
		default:
			list, ok = withMessages(list, forScripts(messages))
		}
		if !ok {
			return false
		}
		value = formatTriggers(list)
	} else {
		text, err := json.Marshal(struct {
			Messages Messages `json:"messages,omitempty"`
			Pull     string   `json:"pull,omitempty"`
		}{forScripts(messages), url})
		if err != nil {
			return false
		}
		value = string(toASCII(text))
	}
	if len(value) > headerAtMost {
		return false
	}
	header.Set(name, value)
	return true
}

// plain reports whether scripts, which show text alone, have something to show. What is nothing but HTML waits for what a template renders.
func (m Message) plain() bool { return m.Text != "" || m.Title != "" }

// forScripts leaves out what scripts do not show.
func forScripts(messages Messages) Messages {
	for i := range messages {
		messages[i].HTML, messages[i].TTL = "", 0
	}
	return messages
}

// giveBack releases what was claimed and is not shown, and waits for it: the page is about to ask.
func (r *request) giveBack() {
	for i, claim := range r.claims {
		claim.Messages = nil
		var rest []*item
		for _, it := range r.items {
			if it.claim == i && it.state == waiting {
				claim.Messages = append(claim.Messages, it.Message)
			} else {
				rest = append(rest, it)
			}
		}
		r.items = rest
		claim.store.releaseNow(r.holding(r.client), claim.Claim)
	}
}

// follow writes what goes behind the body, when the handlers have ended.
func (r *request) follow() {
	r.mu.Lock()
	var list []*item
	if r.behind != nothing && !r.panicked && !r.broken && r.client.Err() == nil {
		late := !r.since.IsZero() && time.Since(r.since) >= r.m.cfg.Lease // what was claimed then, waits for another page by now
		for _, it := range r.items {
			if it.state == following && !(late && it.claim >= 0) {
				list = append(list, it)
			}
		}
	}
	messages := shown(list)
	r.mu.Unlock()
	if len(messages) == 0 {
		return
	}
	text, err := r.additions(r.behind, messages)
	if err == nil {
		_, err = r.writer.ResponseWriter.Write([]byte(text)) // which returns an error if that is not all
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.broken = true
		return
	}
	for _, it := range list {
		it.state = carried
	}
}
