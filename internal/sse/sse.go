// Package sse writes the streams to open pages, in the format of server-sent events. The events
// have names of their own: clients that take unnamed events for markup can read the stream. The
// data of a message is one line of ASCII, so no client can take a part of it for a field.
//
//	flash      {"messages": […], "tickets": {view: ticket}}: to be shown, and acknowledged
//	flash-hb   a sign of life
//	flash-bye the stream ends; the data says why
package sse

import (
	"encoding/json"
	"fmt"

	"github.com/flashgin/flashgin/internal/ascii"
)

// Why a stream ends.
const (
	ByeAge     = "age"     // its time is over: come back at once
	ByeFull    = "full"    // the session has newer streams, or the process has too many
	ByeOver    = "over"    // the session has given up its key
	ByeAgain   = "again"   // come back, so that the session is found again
	ByeClosing = "closing" // the server is being shut down
)

// Opening begins a stream. If the connection breaks, the client comes back after retry
// milliseconds.
func Opening(retry int) []byte { return fmt.Appendf(nil, "retry: %d\n: open\n\n", retry) }

// Later is the whole answer if a stream is not opened now: the client comes back after retry
// milliseconds. An error status would make browsers give up for good.
func Later(retry int) []byte { return fmt.Appendf(nil, "retry: %d\n\n", retry) }

// Beat is a sign of life.
func Beat() []byte { return event("flash-hb", "") }

// Goodbye ends a stream. The client comes back after retry milliseconds, or, if retry is zero,
// after as many as Opening has said.
func Goodbye(why string, retry int) []byte {
	text := event("flash-bye", why)
	if retry == 0 {
		return text
	}
	return append(fmt.Appendf(nil, "retry: %d\n", retry), text...)
}

// Handover is the event that hands over messages, and the tickets of their claim by view.
func Handover[M any](messages []M, tickets map[string]string) ([]byte, error) {
	text, err := Parcel(messages, tickets)
	if err != nil {
		return nil, err
	}
	return event("flash", string(text)), nil
}

// Parcel is the data of that event.
func Parcel[M any](messages []M, tickets map[string]string) ([]byte, error) {
	if tickets == nil {
		tickets = map[string]string{} // the script looks into it
	}
	text, err := json.Marshal(struct {
		Messages []M               `json:"messages"`
		Tickets  map[string]string `json:"tickets"`
	}{messages, tickets})
	if err != nil {
		return nil, fmt.Errorf("flashgin: encode messages: %w", err)
	}
	return ascii.JSON(text), nil
}

func event(name, data string) []byte {
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, data)
}
