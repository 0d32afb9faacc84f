package shown_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/shown"
)

// The rule by which a message counts as shown.
func TestOutcomeShows(t *testing.T) {
	taken := shown.Trace{State: shown.Taken, From: 10}
	printed := shown.Trace{State: shown.Printed, Code: 200, From: 10}
	kept := shown.Trace{State: shown.Printed, Code: 200, From: 10, Probe: "hello", Unsure: true}
	keptFound, keptTextless := kept, kept
	keptFound.Seen, keptTextless.Probe = true, ""
	packed := shown.Outcome{Status: 422, Written: 11, Packed: true}
	errorPage := shown.Trace{State: shown.Placed, Code: 500, From: 10}
	found := shown.Trace{State: shown.Taken, From: 10, Probe: "hello", Seen: true}
	missed := shown.Trace{State: shown.Taken, From: 10, Probe: "hello"}
	carried := shown.Trace{State: shown.Carried}
	waiting := shown.Trace{State: shown.Waiting}
	flushed := shown.Trace{State: shown.Delivered}
	ok := shown.Outcome{Status: 200, Written: 11}
	with := func(change func(*shown.Outcome)) shown.Outcome {
		o := ok
		change(&o)
		return o
	}
	status := func(status int) shown.Outcome {
		return with(func(o *shown.Outcome) { o.Status = status })
	}
	away := with(func(o *shown.Outcome) { o.Away = true })
	gone := with(func(o *shown.Outcome) { o.Gone = true })
	panicked := with(func(o *shown.Outcome) { o.Panicked = true })
	flush := with(func(o *shown.Outcome) { o.GoesOn = true })
	nothing := with(func(o *shown.Outcome) { o.Written = 10 })
	hijacked := with(func(o *shown.Outcome) { o.Written, o.Hijacked = 0, true })
	for _, test := range []struct {
		name string
		shown.Outcome
		it   shown.Trace
		want bool
	}{
		{"taken, then a body", ok, taken, true},
		{"taken, then nothing", nothing, taken, false},
		{"taken, and sent away", away, taken, false},
		{"taken, and gone", gone, taken, false},
		{"taken, a body, and a panic", panicked, taken, false},
		{"taken, found in the body, and a panic", panicked, found, true},
		{"taken, not found in the body, and a panic", panicked, missed, false},
		{"taken, found in the body, and a flush", flush, found, true},
		{"taken, not found in the body, and a flush", flush, missed, false},
		{"taken, not found in the body", ok, missed, true},
		{"taken, for a connection of the handler's", hijacked, taken, true},
		{"printed", ok, printed, true},
		{"printed to a page that was swallowed", nothing, printed, false},
		{"printed, and another answer", status(404), printed, false},
		{"printed, and kept without another status", ok, kept, true},
		{"printed, kept, found in the body", status(422), keptFound, true},
		{"printed, kept, not found in the body", status(422), kept, false},
		{"printed, kept, not to be found in the body", status(422), keptTextless, true},
		{"printed, kept, in a compressed body", packed, kept, true},
		{"printed, kept, and an error", status(500), keptFound, false},
		{"printed, not kept, in another compressed body", packed, printed, false},
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
		t.Run(test.name, func(t *testing.T) { assert.Equal(t, test.want, test.Shows(&test.it)) })
	}
	for code, want := range map[int]bool{
		http.StatusOK: true, http.StatusCreated: true, http.StatusBadRequest: true,
		http.StatusForbidden: true, http.StatusNotFound: true,
		http.StatusUnprocessableEntity: true, http.StatusTooManyRequests: true,
		http.StatusNoContent: false, http.StatusResetContent: false,
		http.StatusPartialContent: false, http.StatusRequestTimeout: false,
		http.StatusPreconditionFailed: false, http.StatusRequestedRangeNotSatisfiable: false,
		http.StatusInternalServerError: false, 599: false,
	} {
		t.Run(http.StatusText(code), func(t *testing.T) {
			assert.Equal(t, want, status(code).Shows(&taken))
		})
	}
}

// What is looked for in the body is a part of the text that no way of writing it changes.
func TestProbeOf(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "",
		"a & b":                     "",
		"Saved.":                    "Saved.",
		"Settings saved":            "Settings saved",
		"Tom's <b>password</b> is?": "password",
		"Gespeichert: Größe":        "Gespeichert: Größe",
		"保存しました":                    "保存しました",
		"one\ntwo lines":            "two lines",
		"a\u2028separated line":     "separated line",
		strings.Repeat("long ", 9):  strings.Repeat("long ", 8),
	} {
		assert.Equal(t, want, shown.ProbeOf(text), text)
	}
}

func TestFind(t *testing.T) {
	it := shown.Trace{Probe: "saved"}
	it.Find("<p>sav")
	assert.False(t, it.Seen)
	it.Find("<p>Settings saved</p>")
	it.Find("more")
	assert.True(t, it.Seen)
	var textless shown.Trace
	textless.Find("anything")
	assert.False(t, textless.Seen)
}

func TestIsCut(t *testing.T) {
	for length, want := range map[string]bool{"": false, "9": true, "10": false, "x": false} {
		assert.Equal(t, want, shown.IsCut(http.Header{"Content-Length": {length}}, 10), length)
	}
}
