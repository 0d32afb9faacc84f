package flashtest

import (
	"strings"

	"github.com/flashgin/flashgin"
)

// T is what the helpers need of a *testing.T, or whatever else runs tests.
type T interface {
	Helper()                           // as in testing.TB
	Errorf(format string, args ...any) // as in testing.TB: the test has failed, and goes on
}

// Equal fails the test, which goes on, unless got are the messages wanted, in that order. It tells
// the difference field by field. If got comes from [Store.Waiting] and a message is missing, it
// tells what waits at other views instead.
//
// What flashgin fills in where it is empty, View, ID and Created, counts only if the message wanted
// has it. The empty Status is StatusInfo.
func Equal(t T, got flashgin.Messages, want ...flashgin.Message) {
	t.Helper()
	lines := difference(number(got), number(want))
	if len(lines) == 0 {
		return
	}
	if more, missing := unmatched(got, want); len(more)+len(missing) == 0 {
		lines = append(lines,
			"they are the messages wanted, in another order; ElementsMatch takes any")
	}
	fail(t, got, want, lines)
}

// ElementsMatch is [Equal] in any order.
func ElementsMatch(t T, got flashgin.Messages, want ...flashgin.Message) {
	t.Helper()
	if lines := difference(unmatched(got, want)); len(lines) > 0 {
		fail(t, got, want, lines)
	}
}

func fail(t T, got flashgin.Messages, want []flashgin.Message, lines []string) {
	t.Helper()
	if len(got) < len(want) || strings.Contains(strings.Join(lines, "\n"), "is missing") {
		lines = append(lines, elsewhere(got)...)
	}
	t.Errorf("flash messages: got %d, want %d:\n\t%s", len(got), len(want),
		strings.Join(lines, "\n\t"))
}
