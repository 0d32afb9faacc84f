// Package htmx knows the headers by which htmx, versions 2 and 4, and a server talk.
package htmx

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"

	"github.com/flashgin/flashgin/internal/ascii"
)

// TriggerHeader has events that htmx fires when it gets an answer. The spelling is Go's canonical
// one.
const TriggerHeader = "Hx-Trigger"

// The events that our script listens to. htmx fires them; so may others.
const (
	showEvent = "flash:show" // detail {"messages": […]}
	pullEvent = "flash:pull" // detail {"url": "…"}: the messages are there
)

// Triggers are the events of a TriggerHeader, in order.
type Triggers []trigger

type trigger struct {
	name   string
	detail json.RawMessage
}

// ParseTriggers reads the lines of a TriggerHeader. It has two grammars: names with commas between
// them, or a JSON object that gives each name a detail. If the header is neither, ParseTriggers
// returns false, and htmx fires nothing.
func ParseTriggers(lines []string) (list Triggers, ok bool) {
	text := strings.TrimSpace(strings.Join(lines, ", "))
	if !strings.HasPrefix(text, "{") {
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name != "" {
				list = list.set(name, json.RawMessage("{}"))
			}
		}
		return list, true
	}
	if !json.Valid([]byte(text)) {
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(text)) // it keeps the order, as htmx does
	_, _ = dec.Token()
	for dec.More() {
		var detail json.RawMessage
		name, _ := dec.Token()
		if err := dec.Decode(&detail); err != nil {
			return nil, false
		}
		list = list.set(name.(string), detail)
	}
	return list, true
}

// String returns the header for the events: one line of printable ASCII.
func (list Triggers) String() string {
	var text bytes.Buffer
	text.WriteByte('{')
	for i, t := range list {
		if i > 0 {
			text.WriteByte(',')
		}
		name, _ := json.Marshal(t.name)
		text.Write(name)
		text.WriteByte(':')
		_ = json.Compact(&text, t.detail) // it was parsed
	}
	text.WriteByte('}')
	return string(ascii.JSON(text.Bytes()))
}

// WithMessages returns list and the event that shows messages. If the handler has an event of that
// name, WithMessages adds the messages to it. If that event has another form, WithMessages returns
// false.
func WithMessages[M any](list Triggers, messages []M) (Triggers, bool) {
	detail := maps.Clone(onBody)
	for _, t := range list {
		if t.name == showEvent {
			detail = map[string]json.RawMessage{}
			if json.Unmarshal(t.detail, &detail) != nil {
				return nil, false
			}
		}
	}
	if detail == nil { // null
		detail = map[string]json.RawMessage{}
	}
	var shown []json.RawMessage
	if theirs, ok := detail["messages"]; ok && json.Unmarshal(theirs, &shown) != nil {
		return nil, false
	}
	for _, msg := range messages {
		text, err := json.Marshal(msg)
		if err != nil {
			return nil, false
		}
		shown = append(shown, text)
	}
	return list.withDetail(showEvent, detail, "messages", shown)
}

// WithPull returns list and the event that makes the page ask for messages at url. It returns false
// if the handler has an event of that name.
func WithPull(list Triggers, url string) (Triggers, bool) {
	for _, t := range list {
		if t.name == pullEvent {
			return nil, false
		}
	}
	return list.withDetail(pullEvent, maps.Clone(onBody), "url", url)
}

// onBody is in the details of our own events. htmx fires events on the element that asked. htmx 2
// does so also if another answer has replaced the element: then nobody hears them. In htmx 2 the
// later events of the header go to the body, too, so ours must be the last.
var onBody = map[string]json.RawMessage{"target": json.RawMessage(`"body"`)}

// set sets the detail of an event. Of several in one header the last counts, as in JavaScript.
func (list Triggers) set(name string, detail json.RawMessage) Triggers {
	for i := range list {
		if list[i].name == name {
			list[i].detail = detail
			return list
		}
	}
	return append(list, trigger{name, detail})
}

// withDetail returns a copy of list in which the event has the detail, with value at key.
func (list Triggers) withDetail(name string, detail map[string]json.RawMessage, key string,
	value any) (Triggers, bool) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, false
	}
	detail[key] = text
	if text, err = json.Marshal(detail); err != nil {
		return nil, false
	}
	return append(Triggers(nil), list...).set(name, text), true
}
