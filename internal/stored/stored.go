// Package stored writes and reads the form in which stores that need bytes keep a value: one line
// of JSON, an object whose first member is the version of the form. It writes what encoding/json
// would write, in a fraction of the time, because every message is written.
package stored

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// An Object is JSON that is being written.
type Object struct{ buf []byte }

// New begins an object of the version. room is about how many bytes it will have.
func New(version, room int) *Object {
	o := &Object{make([]byte, 0, room)}
	o.buf = strconv.AppendInt(append(o.buf, `{"v":`...), int64(version), 10)
	return o
}

// Text adds a member. Like the other methods, it leaves out an empty value.
func (o *Object) Text(name, value string) {
	if value != "" {
		o.name(name)
		o.text(value)
	}
}

func (o *Object) Bool(name string, value bool) {
	if value {
		o.name(name)
		o.raw("true")
	}
}

func (o *Object) Int(name string, value int64) {
	if value != 0 {
		o.name(name)
		o.buf = strconv.AppendInt(o.buf, value, 10)
	}
}

// Time adds a time. The error is that of a year that the format cannot have.
func (o *Object) Time(name string, value time.Time) (err error) {
	if value.IsZero() {
		return nil
	}
	o.name(name)
	o.raw(`"`)
	if o.buf, err = value.AppendText(o.buf); err != nil {
		return fmt.Errorf("flashgin: encode message: %w", err)
	}
	o.raw(`"`)
	return nil
}

// Texts adds an object of texts, in the order of their names.
func (o *Object) Texts(name string, values map[string]string) {
	if len(values) == 0 {
		return
	}
	o.name(name)
	before := "{"
	for _, name := range slices.Sorted(maps.Keys(values)) {
		o.raw(before)
		o.text(name)
		o.raw(":")
		o.text(values[name])
		before = ","
	}
	o.raw("}")
}

// Pair adds an object of two texts, which are there even if they are empty.
func (o *Object) Pair(name, first, a, second, b string) {
	o.name(name)
	o.raw(`{"` + first + `":`)
	o.text(a)
	o.raw(`,"` + second + `":`)
	o.text(b)
	o.raw("}")
}

// End returns the finished object.
func (o *Object) End() []byte { return append(o.buf, '}') }

func (o *Object) raw(text string) { o.buf = append(o.buf, text...) }

func (o *Object) name(name string) {
	o.raw(`,"`)
	o.raw(name)
	o.raw(`":`)
}

func (o *Object) text(s string) {
	if isPlain(s) {
		o.buf = append(append(append(o.buf, '"'), s...), '"')
		return
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // nobody puts the stored form into a page
	_ = enc.Encode(s)        // fails for no string
	o.buf = append(o.buf, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}

// isPlain reports whether encoding/json would write s as it is, without escaping.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' {
			return false
		}
	}
	return utf8.ValidString(s) && !strings.Contains(s, "\u2028") && !strings.Contains(s, "\u2029")
}

// Plain calls member with the name and the text of each member of an object of the version, until
// member returns false. It reports whether it has read the whole object. It reads only what
// Object.Text and Object.Time have written, without an escape. Nearly all messages are like that,
// and Read takes several times as long.
func Plain(data []byte, version int, member func(name, text string) bool) bool {
	left, ok := strings.CutPrefix(string(data), `{"v":`+strconv.Itoa(version))
	for ok && left != "}" {
		var name, text string
		if left, ok = strings.CutPrefix(left, `,"`); ok {
			name, left, ok = strings.Cut(left, `":"`)
		}
		if ok {
			text, left, ok = strings.Cut(left, `"`)
		}
		ok = ok && isPlain(text) && member(name, text)
	}
	return ok
}

// Read reads an object into value, a pointer to a struct, whose version is then found at version. A
// member that value does not know is ignored. The errors never quote data; one says which version
// the object has, if it is not want.
func Read(data []byte, value any, version *int, want int) error {
	err := json.Unmarshal(data, value)
	if err == nil && *version == want {
		return nil
	}
	var head struct {
		Version int `json:"v"`
	}
	switch {
	case json.Unmarshal(data, &head) != nil:
		return fmt.Errorf("flashgin: a stored message of %d bytes is not JSON of ours", len(data))
	case head.Version != want:
		return fmt.Errorf(
			"flashgin: a stored message has version %d; this flashgin reads version %d",
			head.Version, want)
	}
	return fmt.Errorf("flashgin: a stored message of %d bytes does not fit version %d",
		len(data), want)
}
