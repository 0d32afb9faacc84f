package flashgin

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
)

// The events that our script listens to. htmx fires them for what it reads in a header; so may others.
const (
	showEvent = "flash:show" // detail {"messages": […]}
	pullEvent = "flash:pull" // detail {"url": "…"}, where messages are to be had
)

// A trigger is an event that htmx fires when it gets an answer.
type trigger struct {
	name   string
	detail json.RawMessage
}

// parseTriggers reads the lines of a header HX-Trigger, in either of its grammars: names with commas between them, or a JSON object that gives each name a
// detail. It reports false for what is neither, for which htmx fires nothing.
func parseTriggers(lines []string) (list []trigger, ok bool) {
	text := strings.TrimSpace(strings.Join(lines, ", "))
	if !strings.HasPrefix(text, "{") {
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name != "" {
				list = setTrigger(list, name, json.RawMessage("{}"))
			}
		}
		return list, true
	}
	if !json.Valid([]byte(text)) {
		return nil, false
	}
	dec := json.NewDecoder(strings.NewReader(text)) // which keeps the order, as htmx does
	_, _ = dec.Token()
	for dec.More() {
		var detail json.RawMessage
		name, _ := dec.Token()
		if err := dec.Decode(&detail); err != nil {
			return nil, false
		}
		list = setTrigger(list, name.(string), detail)
	}
	return list, true
}

// setTrigger sets the detail of an event. Of several in one header the last counts, as in JavaScript.
func setTrigger(list []trigger, name string, detail json.RawMessage) []trigger {
	for i := range list {
		if list[i].name == name {
			list[i].detail = detail
			return list
		}
	}
	return append(list, trigger{name, detail})
}

// formatTriggers returns the header for events: one line of printable ASCII.
func formatTriggers(list []trigger) string {
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
	return string(toASCII(text.Bytes()))
}

// onBody is for our own events: htmx fires events on the element that asked, and htmx 2 also if another answer has replaced that meanwhile, so that nobody hears
// them. In htmx 2 later events of the header go there, too, so that ours must be the last.
var onBody = map[string]json.RawMessage{"target": json.RawMessage(`"body"`)}

// withMessages adds the event that shows messages to those of a handler. A handler's own event of that name shows them together with its own, or, if that has
// another form, there is no room for ours: then it returns false.
func withMessages(list []trigger, messages Messages) ([]trigger, bool) {
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
	return setDetail(list, showEvent, detail, "messages", shown)
}

// withPull adds the event that makes the page come for messages. It returns false if a handler has one of that name.
func withPull(list []trigger, url string) ([]trigger, bool) {
	for _, t := range list {
		if t.name == pullEvent {
			return nil, false
		}
	}
	return setDetail(list, pullEvent, maps.Clone(onBody), "url", url)
}

// setDetail returns a copy of list in which the event has the detail, with value at key.
func setDetail(list []trigger, name string, detail map[string]json.RawMessage, key string, value any) ([]trigger, bool) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, false
	}
	detail[key] = text
	if text, err = json.Marshal(detail); err != nil {
		return nil, false
	}
	return setTrigger(append([]trigger(nil), list...), name, text), true
}
