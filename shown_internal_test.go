package flashgin

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The rule by which a message counts as shown.
func TestOutcomeShows(t *testing.T) {
	taken := item{state: itemTaken, from: 10}
	printed := item{state: itemPrinted, status: 200, from: 10}
	errorPage := item{state: itemPlaced, status: 500, from: 10}
	found := item{state: itemTaken, from: 10, probe: "hello", seen: true}
	missed := item{state: itemTaken, from: 10, probe: "hello"}
	carried := item{state: itemCarried}
	waiting := item{state: itemWaiting}
	flushed := item{state: itemDelivered}
	ok := outcome{status: 200, written: 11}
	with := func(change func(*outcome)) outcome {
		o := ok
		change(&o)
		return o
	}
	status := func(status int) outcome { return with(func(o *outcome) { o.status = status }) }
	away := with(func(o *outcome) { o.away = true })
	gone := with(func(o *outcome) { o.gone = true })
	panicked := with(func(o *outcome) { o.panicked = true })
	flush := with(func(o *outcome) { o.goesOn = true })
	nothing := with(func(o *outcome) { o.written = 10 })
	hijacked := with(func(o *outcome) { o.written, o.hijacked = 0, true })
	for _, test := range []struct {
		name string
		outcome
		it   item
		want bool
	}{
		{"taken, then a body", ok, taken, true},
		{"taken, then nothing", nothing, taken, false},
		{"taken, and sent away", away, taken, false},
		{"taken, and gone", gone, taken, false},
		{"taken, a body, and a panic", panicked, taken, true},
		{"taken, found in the body, and a panic", panicked, found, true},
		{"taken, not found in the body, and a panic", panicked, missed, false},
		{"taken, found in the body, and a flush", flush, found, true},
		{"taken, not found in the body, and a flush", flush, missed, false},
		{"taken, not found in the body", ok, missed, true},
		{"taken, for a connection of the handler's", hijacked, taken, true},
		{"printed", ok, printed, true},
		{"printed to a page that was swallowed", nothing, printed, false},
		{"printed, and another answer", status(404), printed, false},
		{"printed, and sent away", away, printed, false},
		{"printed, and gone", gone, printed, false},
		{"printed, and a panic", panicked, printed, true},
		{"carried", ok, carried, true},
		{"carried without a body", nothing, carried, true},
		{"carried, and gone", gone, carried, false},
		{"carried, and a panic", panicked, carried, false},
		{"on an error page", status(500), errorPage, true},
		{"on an error page, and another error", status(502), errorPage, false},
		{"not taken", ok, waiting, false},
		{"flushed, and gone", gone, flushed, true},
		{"flushed, and sent away", away, flushed, true},
	} {
		t.Run(test.name, func(t *testing.T) { assert.Equal(t, test.want, test.shows(&test.it)) })
	}
	for code, want := range map[int]bool{
		http.StatusOK: true, http.StatusCreated: true, http.StatusBadRequest: true, http.StatusForbidden: true,
		http.StatusNotFound: true, http.StatusUnprocessableEntity: true, http.StatusTooManyRequests: true,
		http.StatusNoContent: false, http.StatusResetContent: false, http.StatusPartialContent: false,
		http.StatusRequestTimeout: false, http.StatusPreconditionFailed: false,
		http.StatusRequestedRangeNotSatisfiable: false, http.StatusInternalServerError: false, 599: false,
	} {
		t.Run(http.StatusText(code), func(t *testing.T) { assert.Equal(t, want, status(code).shows(&taken)) })
	}
}

// What is looked for in the body is a part of the text that no way of writing it changes.
func TestProbeOf(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"a & b":                     "",
		"Saved.":                    "Saved",
		"Tom's <b>password</b> is?": "password",
		"Gespeichert: Größe":        "Gespeichert",
		"保存しました":                    "保存しました",
	} {
		assert.Equal(t, want, probeOf(Message{Text: text}), text)
	}
	assert.Equal(t, "title", probeOf(Message{Title: "title", HTML: "<b>html</b>"}))
	assert.Equal(t, "bold", probeOf(Message{HTML: "<b>bold</b>"}))
}
