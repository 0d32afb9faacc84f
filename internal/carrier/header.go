package carrier

import (
	"cmp"
	"encoding/json"
	"net/http"

	"github.com/flashgin/flashgin/internal/ascii"
	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/htmx"
)

// noticeHeader has {"messages": […]}, or {"pull": "…"}, the URL to get them from, or
// {"printed": […]}, the messages that are on the page, too.
const noticeHeader = "Flash-Messages"

type notice[M any] struct {
	Messages []M    `json:"messages,omitempty"`
	Pull     string `json:"pull,omitempty"`
	Printed  []M    `json:"printed,omitempty"`
}

const (
	// headAtMost is how many bytes the head of an answer may have if we add to it. Proxies keep it
	// in a buffer, of 4 KB in nginx. Without room there, nginx answers 502.
	headAtMost = 4 << 10
	// headReserved of them are left free by messages, for a cookie and what middleware adds later.
	headReserved = 512
	// AtMost is more messages than a header has room for: one in JSON has more than 32 bytes.
	AtMost = headAtMost / 32
)

// Set sets the header of an answer with messages, or with the URL to get them from, and reports
// whether it could. mistake says what is wrong with a header that a handler has set.
func Set[M any](
	status int, h http.Header, by Carrier, messages []M, url string,
) (ok bool, mistake string) {
	name, value := noticeHeader, ""
	if by == Trigger {
		name = htmx.TriggerHeader
		list, ok := htmx.ParseTriggers(h[name])
		if !ok {
			return false, "a handler's HX-Trigger is neither a list of names nor a JSON object: " +
				"htmx fires nothing for it, and no messages come with it"
		}
		if url != "" {
			list, ok = htmx.WithPull(list, url)
		} else {
			list, ok = htmx.WithMessages(list, messages)
		}
		if !ok {
			return false, ""
		}
		value = list.String()
	} else {
		var said notice[M]
		_ = json.Unmarshal([]byte(h.Get(name)), &said) // of an engine within this one
		if by == Copy {
			said.Printed = append(said.Printed, messages...)
		} else {
			said.Messages = append(said.Messages, messages...)
		}
		said.Pull = cmp.Or(url, said.Pull)
		text, err := json.Marshal(said)
		if err != nil {
			return false, ""
		}
		value = string(ascii.JSON(text))
	}
	if !hasRoom(status, h, name, value, url != "") {
		return false, ""
	}
	h.Set(name, value)
	return true, ""
}

// hasRoom reports whether the head of an answer has room for a header. The URL of messages also
// joins a head that is too large already: then the proxies here have larger buffers.
func hasRoom(status int, h http.Header, name, value string, isURL bool) bool {
	head := browser.HeadSize(status, h, name) + browser.HeaderSize(name, value)
	if isURL {
		return head <= headAtMost || browser.HeadSize(status, h, "") > headAtMost
	}
	return head <= headAtMost-headReserved
}
