package flashgin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/flashgin/flashgin/internal/queue"
)

// encodingVersion is raised when a message is stored in a way that older versions would misread.
// Older versions skip it.
const encodingVersion = queue.Version

// stored is the form in which every store that needs bytes keeps a message. Unknown fields are
// ignored when it is read.
type stored struct {
	Version int `json:"v"`
	Message
}

// encodeMessage returns the stored form of m, one line of JSON. encoding/json would encode stored
// in the same way, but takes several times as long, and every message is encoded.
func encodeMessage(m Message) ([]byte, error) {
	e := encoder{make([]byte, 0, 192+len(m.Text)+len(m.HTML))}
	e.buf = strconv.AppendInt(append(e.buf, `{"v":`...), encodingVersion, 10)
	e.field("view", m.View)
	e.field("status", string(m.Status))
	e.field("title", m.Title)
	e.field("text", m.Text)
	e.field("html", string(m.HTML))
	if m.AutoClose {
		e.raw(`,"autoClose":true`)
	}
	if m.Link != nil {
		e.raw(`,"link":{"label":`)
		e.text(m.Link.Label)
		e.raw(`,"url":`)
		e.text(m.Link.URL)
		e.raw(`}`)
	}
	if len(m.Data) > 0 {
		e.raw(`,"data":`)
		before := `{`
		for _, name := range slices.Sorted(maps.Keys(m.Data)) {
			e.raw(before)
			e.text(name)
			e.raw(`:`)
			e.text(m.Data[name])
			before = `,`
		}
		e.raw(`}`)
	}
	e.field("key", m.Key)
	e.field("id", m.ID)
	if m.TTL != 0 {
		e.buf = strconv.AppendInt(append(e.buf, `,"ttl":`...), int64(m.TTL), 10)
	}
	if !m.Created.IsZero() {
		e.raw(`,"created":"`)
		var err error
		if e.buf, err = m.Created.AppendText(e.buf); err != nil {
			return nil, fmt.Errorf("flashgin: encode message: %w", err)
		}
		e.raw(`"`)
	}
	return append(e.buf, '}'), nil
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

// An encoder appends JSON.
type encoder struct{ buf []byte }

func (e *encoder) raw(text string) { e.buf = append(e.buf, text...) }

// field appends a member to an object that already has one. It leaves out an empty value.
func (e *encoder) field(name, value string) {
	if value != "" {
		e.raw(`,"`)
		e.raw(name)
		e.raw(`":`)
		e.text(value)
	}
}

// text appends a string.
func (e *encoder) text(s string) {
	if plain(s) {
		e.buf = append(append(append(e.buf, '"'), s...), '"')
		return
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // nobody puts the stored form into a page
	_ = enc.Encode(s)        // fails for no string
	e.buf = append(e.buf, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}

// plain reports whether encoding/json would write s as it is, without escaping.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return false
		}
	}
	return utf8.ValidString(s) && !strings.Contains(s, "\u2028") && !strings.Contains(s, "\u2029")
}

// decodeMessage reads what encodeMessage made. Its errors never quote data.
func decodeMessage(data []byte) (Message, error) {
	var s stored
	err := json.Unmarshal(data, &s)
	if err == nil && s.Version == encodingVersion {
		return s.Message, nil
	}
	var head struct {
		Version int `json:"v"`
	}
	if json.Unmarshal(data, &head) != nil {
		return Message{}, fmt.Errorf("flashgin: a stored message of %d bytes "+
			"is not JSON of ours", len(data))
	}
	if head.Version != encodingVersion {
		return Message{}, fmt.Errorf("flashgin: a stored message has version %d; "+
			"this flashgin reads version %d", head.Version, encodingVersion)
	}
	return Message{}, fmt.Errorf("flashgin: a stored message of %d bytes does not fit version %d",
		len(data), encodingVersion)
}
