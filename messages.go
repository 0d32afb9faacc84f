package flashgin

import (
	"cmp"
	"encoding/json"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/flashgin/flashgin/internal/markup"
	"github.com/flashgin/flashgin/internal/queue"
)

// Messages is a list of messages, in order of creation. Printed as text it is [Messages.String]; in
// a script, html/template prints it as JSON.
type Messages []Message

// ByStatus returns the messages that have one of the statuses, in the same order. Without an
// argument it returns all of them. The empty Status counts as StatusInfo. Statuses are compared as
// they are written: "Error" is not StatusError.
func (ms Messages) ByStatus(statuses ...Status) Messages {
	if len(statuses) == 0 {
		return slices.Clone(ms)
	}
	chosen := withStatus(statuses)
	var found Messages
	for i := range ms {
		if chosen(&ms[i]) {
			found = append(found, ms[i])
		}
	}
	return found
}

// anyStatus and withStatus choose messages.
func anyStatus(*Message) bool { return true }

func withStatus(statuses []Status) func(*Message) bool {
	if len(statuses) == 0 {
		return anyStatus
	}
	return func(m *Message) bool {
		return slices.ContainsFunc(statuses, func(s Status) bool {
			return s.orInfo() == m.Status.orInfo()
		})
	}
}

func (s Status) orInfo() Status { return cmp.Or(s, StatusInfo) }

// JSON returns the messages as a JSON array that is safe inside a script element. Without messages
// it is "[]". The error is always nil for messages that a Messenger returned.
func (ms Messages) JSON() (template.JS, error) {
	// json.Marshal escapes <, >, &, U+2028 and U+2029, so the text cannot end the script.
	text, err := json.Marshal(ms)
	return template.JS(text), err
}

// MarshalJSON returns the messages as a JSON array for scripts: with our statuses for the words of
// other frameworks, StatusError for "danger". Without messages it is "[]". A list in a script needs
// this method: html/template prints a value with a String method as text, unless the value is a
// json.Marshaler.
func (ms Messages) MarshalJSON() ([]byte, error) { return json.Marshal(forScripts(ms)) }

// String returns the messages as plain text, one line each: the title and the text. If a message
// has only HTML, its line is the HTML without tags.
func (ms Messages) String() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.line()
	}
	return strings.Join(lines, "\n")
}

func (m Message) line() string {
	text := cmp.Or(m.Text, markup.PlainText(string(m.HTML)))
	if m.Title != "" && text != "" {
		text = m.Title + ": " + text
	} else {
		text = m.Title + text
	}
	return strings.Join(strings.Fields(text), " ")
}

// hasText reports whether scripts can show the message: they show text alone. A message with only
// HTML waits for a page that a template renders.
func (m Message) hasText() bool { return m.Text != "" || m.Title != "" }

// forScripts returns messages, not nil, as our script gets them: it knows no statuses but ours.
func forScripts(ms Messages) []Message {
	messages := make([]Message, len(ms))
	for i, m := range ms {
		m.Status = Status(markup.Kind(string(m.Status)))
		messages[i] = m
	}
	return messages
}

func messagesForScripts(items []queue.Item[Message]) []Message {
	return forScripts(messagesOf(items))
}

// messagesForHeader is messagesForScripts without the fields that the script does not show.
func messagesForHeader(items []queue.Item[Message]) []Message {
	messages := messagesForScripts(items)
	for i := range messages {
		messages[i].HTML, messages[i].TTL = "", 0
	}
	return messages
}

// distinct leaves out the messages for which an equal one stands on a page.
func (m *Messenger) distinct(items []queue.Item[Message]) (list []queue.Item[Message]) {
	if len(items) < 2 { // as on nearly all pages
		return items
	}
	for i, by := range markup.Standing(m.itemsOf(messagesOf(items))) {
		if i == by {
			list = append(list, items[i])
		}
	}
	return list
}

// translate puts messages into the words of their reader. What tells them apart stays.
func (m *Messenger) translate(c *gin.Context, items []queue.Item[Message]) {
	for i, it := range items {
		items[i].Value = m.cfg.Translate(c, messageOf(it))
		items[i].Value.Created = it.Value.Created
	}
}

// namedItem returns the item of a message that our script names.
func namedItem(view, id string, created time.Time) queue.Item[Message] {
	return queueItem(Message{View: view, ID: id, Created: created})
}
