package flashgin

import (
	"cmp"
	"encoding/json"

	"github.com/flashgin/flashgin/internal/ascii"
	"github.com/flashgin/flashgin/internal/browser"
	"github.com/flashgin/flashgin/internal/htmx"
	"github.com/flashgin/flashgin/internal/markup"
	"github.com/flashgin/flashgin/internal/shown"
)

// noticeHeader has {"messages": […]}, or {"pull": "…"}, the URL to get them from.
const noticeHeader = "Flash-Messages"

type notice struct {
	Messages Messages `json:"messages,omitempty"`
	Pull     string   `json:"pull,omitempty"`
}

const (
	// headAtMost is how many bytes the head of an answer may have if we add to it. Proxies keep it
	// in a buffer, of 4 KB in nginx. Without room there, nginx answers 502.
	headAtMost = 4 << 10
	// headReserved of them are left free by messages, for a cookie and what middleware adds later.
	headReserved = 512
	// carriedAtMost is more than a header has room for: a message in JSON has more than 32 bytes.
	carriedAtMost = headAtMost / 32
)

// carryInHeader puts messages into a header. If they are too large for it, they wait, and the
// header says where the script gets them. If no script is mounted, the header has as many messages
// as there is room for.
func (r *request) carryInHeader(by carrier, list shown.Selection[Message]) {
	mounted := r.m.mountedAt() != ""
	if !mounted {
		list = list[:min(len(list), carriedAtMost)]
	}
	for ; len(list) > 0; list = list[:len(list)-1] {
		if r.setHeader(by, messagesOf(list.Items()), "") {
			list.Are(shown.Carried)
			return
		}
		if mounted {
			r.carryAddress(by)
			return
		}
	}
}

// carryAddress puts the address into a header at which the script gets the messages. They wait.
func (r *request) carryAddress(by carrier) {
	if r.setHeader(by, nil, r.m.mountedURL("messages")+"?"+r.views.Query()) {
		r.part.pulls = true
		r.giveBack()
	}
}

// setHeader sets the header with messages, or with the URL to get them from, and reports whether it
// could.
func (r *request) setHeader(by carrier, messages Messages, url string) bool {
	header := r.writer.Header()
	name, value := noticeHeader, ""
	if by == byTrigger {
		name = htmx.TriggerHeader
		list, ok := htmx.ParseTriggers(header[name])
		switch {
		case !ok:
			r.warn("a handler's HX-Trigger is neither a list of names nor a JSON object: " +
				"htmx fires nothing for it, and no messages come with it")
		case url != "":
			list, ok = htmx.WithPull(list, url)
		default:
			list, ok = htmx.WithMessages(list, forScripts(messages))
		}
		if !ok {
			return false
		}
		value = list.String()
	} else {
		var said notice
		_ = json.Unmarshal([]byte(header.Get(name)), &said) // of an engine within this one
		said.Messages = append(said.Messages, forScripts(messages)...)
		said.Pull = cmp.Or(url, said.Pull)
		text, err := json.Marshal(said)
		if err != nil {
			return false
		}
		value = string(ascii.JSON(text))
	}
	if !r.hasRoom(name, value, url != "") {
		return false
	}
	header.Set(name, value)
	r.private = true
	return true
}

// hasRoom reports whether the head of the answer has room for a header. The address of messages
// also joins a head that is too large already: then the proxies here have larger buffers.
func (r *request) hasRoom(name, value string, isAddress bool) bool {
	status, header := r.writer.Status(), r.writer.Header()
	head := browser.HeadSize(status, header, name) + browser.HeaderSize(name, value)
	if isAddress {
		return head <= headAtMost || browser.HeadSize(status, header, "") > headAtMost
	}
	return head <= headAtMost-headReserved
}

// hasText reports whether scripts can show the message: they show text alone. A message with only
// HTML waits for a page that a template renders.
func (m Message) hasText() bool { return m.Text != "" || m.Title != "" }

// forScripts clears the fields that scripts do not show.
func forScripts(messages Messages) Messages {
	for i := range messages {
		messages[i].HTML, messages[i].TTL = "", 0
	}
	return withKinds(messages)
}

// withKinds makes our statuses of the words of other frameworks: our script knows no other words.
func withKinds(messages Messages) Messages {
	for i := range messages {
		messages[i].Status = Status(markup.Kind(string(messages[i].Status)))
	}
	return messages
}

// giveBack releases the claimed messages that were not shown, and waits for that: the page is about
// to ask for them.
func (r *request) giveBack() {
	r.outside(r.list.GiveBack().ReleaseNow)
}
