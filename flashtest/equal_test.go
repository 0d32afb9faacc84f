package flashtest_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/flashtest"
)

var _ flashtest.T = (testing.TB)(nil)

// recorder is a T that keeps its failures.
type recorder struct {
	failures []string
	helped   bool
}

func (r *recorder) Helper() { r.helped = true }

func (r *recorder) Errorf(format string, args ...any) {
	if !r.helped {
		panic("Errorf before Helper: the failure would name a line of flashtest")
	}
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// stored is a message as it comes from a store.
func stored(msg flashgin.Message) flashgin.Message {
	msg.View, msg.ID, msg.Created = "/settings", "f-ABC", time.Date(2026, 1, 2, 3, 4, 5, 6000,
		time.UTC)
	return msg
}

// every returns a message with every field set.
func every() flashgin.Message {
	return stored(flashgin.Message{
		Status: "urgent", Title: "Title", Text: "Text", HTML: "<b>HTML</b>", AutoClose: true,
		Link: &flashgin.Link{Label: "View order", URL: "/orders/5"},
		Data: map[string]string{"a": "1", "b": "2"},
		Key:  "key", TTL: time.Minute,
	})
}

var (
	saved  = flashgin.Success("Saved.")
	sent   = flashgin.Info("Sent.")
	full   = flashgin.Warning("The disk is full.")
	failed = flashgin.Error("Not sent.")
)

func list(msgs ...flashgin.Message) flashgin.Messages {
	for i := range msgs {
		msgs[i] = stored(msgs[i])
	}
	return msgs
}

var equalTests = []struct {
	name      string
	got       flashgin.Messages
	want      []flashgin.Message
	ordered   string // what Equal says; "" if nothing
	unordered string // what ElementsMatch says; "=" for the same
}{
	{name: "none"},
	{name: "one", got: list(saved), want: []flashgin.Message{saved}},
	{name: "every field", got: flashgin.Messages{every()}, want: []flashgin.Message{every()}},
	{name: "the empty status", got: list(flashgin.Message{Status: "info", Text: "Sent."}),
		want: []flashgin.Message{{Text: "Sent."}}},
	{name: "the empty status, of a list that was in no store",
		got: flashgin.Messages{{Text: "Sent."}}, want: []flashgin.Message{sent}},
	{name: "no data", got: list(flashgin.Message{Text: "Sent.", Data: map[string]string{}}),
		want: []flashgin.Message{sent}},
	{name: "the same instant", got: list(sent), want: []flashgin.Message{
		{Text: "Sent.", Created: stored(sent).Created.In(time.FixedZone("", 3600))},
	}},
	{
		name: "none where one is wanted", want: []flashgin.Message{saved},
		ordered:   "flash messages: got 0, want 1:\n\twant[0] is missing: {Status: \"success\", Text: \"Saved.\"}",
		unordered: "=",
	},
	{
		name: "one where none is wanted", got: list(saved),
		ordered:   "flash messages: got 1, want 0:\n\tgot[0] is not wanted: {View: \"/settings\", Status: \"success\", Text: \"Saved.\"}",
		unordered: "=",
	},
	{
		name: "fields that differ", got: list(saved),
		want: []flashgin.Message{{Title: "Settings", Text: "Sent.", View: "/mail"}},
		ordered: "flash messages: got 1, want 1:\n" +
			"\tgot[0].View is \"/settings\", want[0].View is \"/mail\"\n" +
			"\tgot[0].Status is \"success\", want[0].Status is \"info\"\n" +
			"\tgot[0].Title is empty, want[0].Title is \"Settings\"\n" +
			"\tgot[0].Text is \"Saved.\", want[0].Text is \"Sent.\"", unordered: "=",
	},
	{
		name: "every field differs", got: flashgin.Messages{every()},
		want: []flashgin.Message{{View: "/", ID: "mine",
			Created: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Link: &flashgin.Link{}}},
		ordered: "flash messages: got 1, want 1:\n" +
			"\tgot[0].View is \"/settings\", want[0].View is \"/\"\n" +
			"\tgot[0].Status is \"urgent\", want[0].Status is \"info\"\n" +
			"\tgot[0].Title is \"Title\", want[0].Title is empty\n" +
			"\tgot[0].Text is \"Text\", want[0].Text is empty\n" +
			"\tgot[0].HTML is \"<b>HTML</b>\", want[0].HTML is empty\n" +
			"\tgot[0].AutoClose is true, want[0].AutoClose is empty\n" +
			"\tgot[0].Link is {Label: \"View order\", URL: \"/orders/5\"}, want[0].Link is {Label: \"\", URL: \"\"}\n" +
			"\tgot[0].Data is map[\"a\":\"1\" \"b\":\"2\"], want[0].Data is empty\n" +
			"\tgot[0].Key is \"key\", want[0].Key is empty\n" +
			"\tgot[0].ID is \"f-ABC\", want[0].ID is \"mine\"\n" +
			"\tgot[0].TTL is 1m0s, want[0].TTL is empty\n" +
			"\tgot[0].Created is 2026-01-02 03:04:05.000006 +0000 UTC, want[0].Created is 2026-01-01 00:00:00 +0000 UTC",
		unordered: "=",
	},
	{
		name: "the first is missing", got: list(sent, full),
		want:      []flashgin.Message{saved, sent, full},
		ordered:   "flash messages: got 2, want 3:\n\twant[0] is missing: {Status: \"success\", Text: \"Saved.\"}",
		unordered: "=",
	},
	{
		name: "one too many, and one that differs",
		got:  list(saved, sent, full),
		want: []flashgin.Message{saved, flashgin.Warning("The disk is nearly full.")},
		ordered: "flash messages: got 3, want 2:\n" +
			"\tgot[1] is not wanted: {View: \"/settings\", Status: \"info\", Text: \"Sent.\"}\n" +
			"\tgot[2].Text is \"The disk is full.\", want[1].Text is \"The disk is nearly full.\"",
		unordered: "=",
	},
	{
		name: "equal ones that are too few", got: list(saved),
		want:      []flashgin.Message{saved, saved},
		ordered:   "flash messages: got 1, want 2:\n\twant[1] is missing: {Status: \"success\", Text: \"Saved.\"}",
		unordered: "=",
	},
	{
		name: "another order", got: list(sent, full, saved),
		want: []flashgin.Message{saved, sent, full},
		ordered: "flash messages: got 3, want 3:\n" +
			"\twant[0] is missing: {Status: \"success\", Text: \"Saved.\"}\n" +
			"\tgot[2] is not wanted: {View: \"/settings\", Status: \"success\", Text: \"Saved.\"}\n" +
			"\tthey are the messages wanted, in another order; ElementsMatch takes any",
	},
	{
		name: "another order, and one that differs",
		got:  list(sent, failed, saved),
		want: []flashgin.Message{saved, sent, flashgin.Error("Not saved.")},
		ordered: "flash messages: got 3, want 3:\n" +
			"\twant[0] is missing: {Status: \"success\", Text: \"Saved.\"}\n" +
			"\tgot[1].Text is \"Not sent.\", want[2].Text is \"Not saved.\"\n" +
			"\tgot[2] is not wanted: {View: \"/settings\", Status: \"success\", Text: \"Saved.\"}",
		unordered: "flash messages: got 3, want 3:\n\tgot[1].Text is \"Not sent.\", want[2].Text is \"Not saved.\"",
	},
	{
		name: "two that fit the first wanted, of which one fits the second, too",
		got:  flashgin.Messages{saved.At("/b"), saved.At("/a")},
		want: []flashgin.Message{saved, saved.At("/b")},
		ordered: "flash messages: got 2, want 2:\n" +
			"\tgot[1].View is \"/a\", want[1].View is \"/b\"\n" +
			"\tthey are the messages wanted, in another order; ElementsMatch takes any",
	},
}

func TestEqual(t *testing.T) {
	for _, test := range equalTests {
		t.Run(test.name, func(t *testing.T) {
			check(t, test.ordered, func(r *recorder) { flashtest.Equal(r, test.got, test.want...) })
		})
	}
}

func TestElementsMatch(t *testing.T) {
	for _, test := range equalTests {
		t.Run(test.name, func(t *testing.T) {
			want := test.unordered
			if want == "=" {
				want = test.ordered
			}
			check(t, want, func(r *recorder) { flashtest.ElementsMatch(r, test.got, test.want...) })
		})
	}
}

func check(t *testing.T, want string, compare func(*recorder)) {
	t.Helper()
	r := new(recorder)
	compare(r)
	if got := strings.Join(r.failures, "\n"); got != want {
		t.Errorf("it says\n%s\n\nwant\n%s", got, want)
	}
	if !r.helped {
		t.Error("it never called Helper")
	}
}

// Every field of a message is compared, also one that is added some day.
func TestEqualSeesEveryField(t *testing.T) {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[flashgin.Message]()) {
		without := every()
		reflect.ValueOf(&without).Elem().FieldByIndex(field.Index).SetZero()
		r := new(recorder)
		flashtest.Equal(r, flashgin.Messages{without}, every())
		if len(r.failures) != 1 || !strings.Contains(r.failures[0], "got[0]."+field.Name+" is ") {
			t.Errorf("without %s it says %q", field.Name, r.failures)
		}
	}
}

// A message that is missing where the test looks may wait somewhere else: the failure says where.
func TestFailureSaysWhereMessagesWait(t *testing.T) {
	store := new(flashtest.Store)
	messages, err := flashgin.New(flashgin.Config{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	add := func(msgs ...flashgin.Message) {
		t.Helper()
		if err := messages.Add(t.Context(), "session", msgs...); err != nil {
			t.Fatal(err)
		}
	}
	add(saved.At("/orders/5"), sent.At("/settings"))
	for name, compare := range map[string]func(flashtest.T, flashgin.Messages, ...flashgin.Message){
		"Equal": flashtest.Equal, "ElementsMatch": flashtest.ElementsMatch,
	} {
		t.Run(name, func(t *testing.T) {
			r := new(recorder)
			compare(r, store.Waiting("/settings"), sent, saved)
			if len(r.failures) != 1 ||
				!strings.Contains(r.failures[0],
					`at /orders/5 waits {Status: "success", Text: "Saved."}`) {
				t.Errorf("got %q", r.failures)
			}
			r = new(recorder)
			compare(r, store.Waiting("/settings"))
			if len(r.failures) != 1 || strings.Contains(r.failures[0], "/orders/5") {
				t.Errorf("nothing is missing: got %q", r.failures)
			}
			r = new(recorder)
			compare(r, append(store.Waiting("/settings"), full), sent, full, saved)
			if len(r.failures) != 1 || strings.Contains(r.failures[0], "waits") {
				t.Errorf("not what Waiting returned: got %q", r.failures)
			}
		})
	}
	flashtest.Equal(t, store.Waiting("/settings"), sent)
	for i := range 20 {
		add(flashgin.Info("x").At(fmt.Sprint("/", i)))
	}
	r := new(recorder)
	flashtest.Equal(r, store.Waiting("/nowhere"), saved)
	if n := strings.Count(r.failures[0], " waits "); n != 10 {
		t.Errorf("got %d lines", n)
	}
}
