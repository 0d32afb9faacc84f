package flashgin

import (
	"html/template"
	"maps"
	"strings"
	"time"
)

// Anywhere is the view of a message that is shown on the next page of the session, whichever it is.
const Anywhere = "*"

// Status says what kind of news a message is. Any word of your own will do; it becomes the
// data-status of the markup. The ready-made markup takes some words of other frameworks, such as
// "danger" and "notice", for the statuses below: docs/from-others.md lists them.
type Status string

// The statuses that the ready-made markup has words and colours for. The zero Status counts as
// StatusInfo.
const (
	StatusInfo    Status = "info"
	StatusSuccess Status = "success"
	StatusWarning Status = "warning"
	StatusError   Status = "error"
)

// A Message is a notice that is shown once. Make one with [Info], [Success], [Warning] or [Error],
// or as a literal if it needs more than a text. A message without Text, Title and HTML is empty:
// adding it does nothing.
//
// Message is a value: a copy shares only Link and Data. When a message is added, flashgin copies
// them.
type Message struct {
	// View is where the message is shown: a route ("/problems/:id"), a path as in an href
	// ("/problems/108"), [Anywhere], or a name that Config.View returns. Empty means the page of
	// this answer or, if it shows none, where the answer sends the user; see the package
	// documentation.
	View string `json:"view,omitempty"`
	// Status is StatusInfo if empty.
	Status Status `json:"status,omitempty"`
	// Title is plain text, shown before the Text.
	Title string `json:"title,omitempty"`
	// Text is plain text. Templates escape it.
	Text string `json:"text,omitempty"`
	// HTML is shown by templates as it is, instead of Text. With the type you vouch for its safety.
	HTML template.HTML `json:"html,omitempty"`
	// AutoClose says that the message may leave the page by itself, after 13 seconds or more. It
	// needs the script that [Messenger.Mount] serves, which closes no warning, no error and no
	// message with a Link.
	AutoClose bool `json:"autoClose,omitempty"`
	// Link, if set, follows the text.
	Link *Link `json:"link,omitempty"`
	// Data is for your own templates. The ready-made markup does not show it.
	Data map[string]string `json:"data,omitempty"`
	// Key, if set, makes the message replace those with the same Key that wait at the same view:
	// "50 %", then "done".
	Key string `json:"key,omitempty"`
	// ID tells messages apart. One is generated when the message is added ("f-" and 26 characters
	// of A–Z and 2–7), unless you give your own. A view takes an ID of yours once until the TTL
	// ends, even if the message was shown. So a job that runs again does not repeat its message. A
	// message that its own request shows does not wait, so its ID is not remembered. If a message
	// with an ID of yours was taken and is added again, set another ID, or none: the view has taken
	// that one. A generated ID is replaced.
	ID string `json:"id,omitempty"`
	// TTL is how long the message waits at most. Zero means the store's TTL, and so does a longer
	// one; a negative TTL is an error. Its JSON form counts nanoseconds.
	TTL time.Duration `json:"ttl,omitempty"`
	// Created is set when the message is added: UTC, in whole microseconds.
	Created time.Time `json:"created,omitzero"`
}

// A Link leads from a message to a page, such as "View order". Browsers open it with GET, so it
// must not change anything.
type Link struct {
	Label string `json:"label"` // what it says
	URL   string `json:"url"`   // as in an href
}

// Info returns a message with StatusInfo.
func Info(text string) Message { return Message{Status: StatusInfo, Text: text} }

// Success returns a message with StatusSuccess.
func Success(text string) Message { return Message{Status: StatusSuccess, Text: text} }

// Warning returns a message with StatusWarning.
func Warning(text string) Message { return Message{Status: StatusWarning, Text: text} }

// Error returns a message with StatusError.
func Error(text string) Message { return Message{Status: StatusError, Text: text} }

// At returns a copy of m that is addressed to view; see [Message] for what a view is.
func (m Message) At(view string) Message {
	m.View = view
	return m
}

func (m Message) empty() bool { return m.Text == "" && m.Title == "" && m.HTML == "" }

// clone returns a copy that shares nothing with m.
func (m Message) clone() Message {
	m.Data = maps.Clone(m.Data)
	if m.Link != nil {
		link := *m.Link
		m.Link = &link
	}
	return m
}

// valid returns m with the bytes that are not UTF-8 replaced by U+FFFD, as html/template would
// replace them.
func (m Message) valid() Message {
	m = m.clone()
	for _, s := range []*string{
		&m.View, (*string)(&m.Status), &m.Title, &m.Text, (*string)(&m.HTML), &m.Key, &m.ID,
	} {
		*s = validUTF8(*s)
	}
	if m.Link != nil {
		m.Link.Label, m.Link.URL = validUTF8(m.Link.Label), validUTF8(m.Link.URL)
	}
	if m.Data != nil {
		data := make(map[string]string, len(m.Data))
		for key, value := range m.Data {
			data[validUTF8(key)] = validUTF8(value)
		}
		m.Data = data
	}
	return m
}

func validUTF8(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
