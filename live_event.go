package flashgin

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/flashgin/flashgin/internal/ascii"
)

// A stream is text in the format of server-sent events. Its events have names of their own, so that it can be read by clients that take unnamed ones for
// markup. What comes from a message is one line of ASCII, so nothing in it can be taken for a field.
//
//	flash      {"messages": […], "tickets": {view: ticket}}: to be shown, and acknowledged
//	flash-hb   a sign of life
//	flash-bye  the stream ends; the data says why

// Why a stream ends.
const (
	byeAge     = "age"     // it has lived its time: come back at once
	byeFull    = "full"    // the session has newer ones, or the process too many: come back in a minute
	byeOver    = "over"    // the session has given up its key
	byeAgain   = "again"   // come back and show whose you are
	byeClosing = "closing" // the server is being shut down
)

func event(name, data string) []byte {
	return fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, data)
}

// goodbye ends a stream. If it has only lived its time, its page hears nothing until it is back, so
// it need not wait.
func goodbye(why string) []byte {
	text := event("flash-bye", why)
	if why == byeAge {
		text = append(fmt.Appendf(nil, "retry: %d\n", 1+rand.IntN(retrySoon)), text...)
	}
	return text
}

// flashEvent hands over what claim holds.
func flashEvent(claim Claim) ([]byte, error) {
	text, err := json.Marshal(struct {
		Messages Messages          `json:"messages"`
		Tickets  map[string]string `json:"tickets"`
	}{claim.Messages, claim.Tickets})
	if err != nil {
		return nil, fmt.Errorf("flashgin: encode messages: %w", err)
	}
	return event("flash", string(ascii.JSON(text))), nil
}
