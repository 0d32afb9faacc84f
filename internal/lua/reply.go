package lua

import (
	"strconv"
	"strings"
)

// A Reply is text that a script has returned: fields, each of which ends with a space, and bytes. A
// script returns text because a table costs the server as much as several commands.
type Reply struct {
	text   string
	failed bool
}

// NewReply returns a Reply at its first field.
func NewReply(text string) Reply { return Reply{text: text} }

// Left reports whether anything is left to read.
func (r *Reply) Left() bool { return r.text != "" }

// Failed reports whether a field or bytes were missing.
func (r *Reply) Failed() bool { return r.failed }

// Word returns the next field.
func (r *Reply) Word() string {
	word, rest, ok := strings.Cut(r.text, " ")
	r.text, r.failed = rest, r.failed || !ok
	return word
}

// Number returns the next field, a number.
func (r *Reply) Number() int {
	n, err := strconv.Atoi(r.Word())
	r.failed = r.failed || err != nil
	return n
}

// Bytes returns the next n bytes. No space follows them.
func (r *Reply) Bytes(n int) string {
	if n < 0 || n > len(r.text) {
		r.failed = true
		return ""
	}
	bytes := r.text[:n]
	r.text = r.text[n:]
	return bytes
}
