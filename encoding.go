package flashgin

import (
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/stored"
)

// encodingVersion is raised when a message is stored in a way that older versions would misread.
// Older versions skip it.
const encodingVersion = queue.Version

// storedMessage is the form in which every store that needs bytes keeps a message. Unknown fields
// are ignored when it is read.
type storedMessage struct {
	Version int `json:"v"`
	Message
}

// encodeMessage returns the stored form of m.
func encodeMessage(m Message) ([]byte, error) {
	o := stored.New(encodingVersion, 192+len(m.Text)+len(m.HTML))
	o.Text("view", m.View)
	o.Text("status", string(m.Status))
	o.Text("title", m.Title)
	o.Text("text", m.Text)
	o.Text("html", string(m.HTML))
	o.Bool("autoClose", m.AutoClose)
	if m.Link != nil {
		o.Pair("link", "label", m.Link.Label, "url", m.Link.URL)
	}
	o.Texts("data", m.Data)
	o.Text("key", m.Key)
	o.Text("id", m.ID)
	o.Int("ttl", int64(m.TTL))
	if err := o.Time("created", m.Created); err != nil {
		return nil, err
	}
	return o.End(), nil
}

// encodedAtMost returns an upper bound for the length of what encodeMessage returns: a byte of text
// becomes six at most.
func encodedAtMost(m Message) int {
	texts := len(m.View) + len(m.Status) + len(m.Title) + len(m.Text) + len(m.HTML)
	texts += len(m.Key) + len(m.ID)
	if m.Link != nil {
		texts += len(m.Link.Label) + len(m.Link.URL)
	}
	for name, value := range m.Data {
		texts += len(name) + len(value) + len(`"":"",`)
	}
	return 512 + 6*texts
}

// setPlain sets one of the fields that most messages have. It returns false for another one.
func (m *Message) setPlain(name, text string) bool {
	switch name {
	case "status":
		m.Status = Status(text)
	case "title":
		m.Title = text
	case "text":
		m.Text = text
	case "created":
		return m.Created.UnmarshalText([]byte(text)) == nil
	default:
		return false
	}
	return true
}

// decodeMessage reads what encodeMessage made.
func decodeMessage(data []byte) (Message, error) {
	if m := (Message{}); stored.Plain(data, encodingVersion, m.setPlain) {
		return m, nil
	}
	var s storedMessage
	if err := stored.Read(data, &s, &s.Version, encodingVersion); err != nil {
		return Message{}, err
	}
	return s.Message, nil
}
