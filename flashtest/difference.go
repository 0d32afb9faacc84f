package flashtest

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/flashgin/flashgin"
)

// numbered is a message with its place in the list that it is from.
type numbered struct {
	flashgin.Message
	index int
}

func number(msgs []flashgin.Message) []numbered {
	list := make([]numbered, len(msgs))
	for i, msg := range msgs {
		list[i] = numbered{msg, i}
	}
	return list
}

// difference returns a line for each field that differs, and for each message that is missing or
// not wanted: of the ways to make one list of the other, the one that touches the fewest messages
// and, of them, the fewest fields.
func difference(got, want []numbered) (lines []string) {
	const touch = 100 // the cost of a message, far above that of all its fields
	pair := func(i, j int) int {
		if n := len(differences(got[i].Message, want[j].Message)); n > 0 {
			return touch + n
		}
		return 0
	}
	cost := make([][]int, len(got)+1) // of the messages from got[i] and want[j] on
	for i := len(got); i >= 0; i-- {
		cost[i] = make([]int, len(want)+1)
		for j := len(want); j >= 0; j-- {
			switch {
			case i == len(got):
				cost[i][j] = touch * (len(want) - j)
			case j == len(want):
				cost[i][j] = touch * (len(got) - i)
			default:
				cost[i][j] = min(pair(i, j)+cost[i+1][j+1], touch+cost[i+1][j], touch+cost[i][j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(got) || j < len(want); {
		switch {
		case i < len(got) && j < len(want) && cost[i][j] == pair(i, j)+cost[i+1][j+1]:
			for _, d := range differences(got[i].Message, want[j].Message) {
				lines = append(lines, fmt.Sprintf("got[%d].%s is %s, want[%d].%s is %s",
					got[i].index, d.name, cmp.Or(d.got, "empty"), want[j].index, d.name,
					cmp.Or(d.want, "empty")))
			}
			i, j = i+1, j+1
		case i < len(got) && cost[i][j] == touch+cost[i+1][j]:
			unwanted := got[i].Message
			unwanted.ID, unwanted.Created = "", time.Time{}
			lines = append(lines,
				fmt.Sprintf("got[%d] is not wanted: %s", got[i].index, describe(unwanted)))
			i++
		default:
			lines = append(lines,
				fmt.Sprintf("want[%d] is missing: %s", want[j].index, describe(want[j].Message)))
			j++
		}
	}
	return lines
}

// unmatched pairs as many messages as it can, in any order, and returns the rest. A message wanted
// that leaves fields open may fit several others: it makes way for one that fits less.
func unmatched(got, want []flashgin.Message) (more, missing []numbered) {
	const nobody = -1
	taker := make([]int, len(got)) // of each message got: its partner's index
	for i := range taker {
		taker[i] = nobody
	}
	var seat func(j int, asked []bool) bool
	seat = func(j int, asked []bool) bool {
		for i := range got {
			if asked[i] || len(differences(got[i], want[j])) > 0 {
				continue
			}
			asked[i] = true
			if taker[i] == nobody || seat(taker[i], asked) {
				taker[i] = j
				return true
			}
		}
		return false
	}
	for j, msg := range want {
		if !seat(j, make([]bool, len(got))) {
			missing = append(missing, numbered{msg, j})
		}
	}
	for i, msg := range got {
		if taker[i] == nobody {
			more = append(more, numbered{msg, i})
		}
	}
	return more, missing
}

// A field is one of a message, printed; "" if it is empty.
type field struct{ name, value string }

func fields(m flashgin.Message) []field {
	return []field{
		{"View", quote(m.View)},
		{"Status", quote(string(cmp.Or(m.Status, flashgin.StatusInfo)))},
		{"Title", quote(m.Title)},
		{"Text", quote(m.Text)},
		{"HTML", quote(string(m.HTML))},
		{"AutoClose", printIf(m.AutoClose, "%t", m.AutoClose)},
		{"Link", link(m.Link)},
		{"Data", printIf(len(m.Data) > 0, "%q", m.Data)},
		{"Key", quote(m.Key)},
		{"ID", quote(m.ID)},
		{"TTL", printIf(m.TTL != 0, "%v", m.TTL)},
		{"Created", printIf(!m.Created.IsZero(), "%v", m.Created.UTC())},
	}
}

func printIf(set bool, format string, value any) string {
	if !set {
		return ""
	}
	return fmt.Sprintf(format, value)
}

func quote(s string) string { return printIf(s != "", "%q", s) }

func link(l *flashgin.Link) string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf("{Label: %q, URL: %q}", l.Label, l.URL)
}

// differing is a field that two messages do not have in common.
type differing struct{ name, got, want string }

func differences(got, want flashgin.Message) (list []differing) {
	wanted := fields(want)
	for i, f := range fields(got) {
		filledIn := f.name == "View" || f.name == "ID" || f.name == "Created"
		if w := wanted[i].value; f.value != w && !(filledIn && w == "") {
			list = append(list, differing{f.name, f.value, w})
		}
	}
	return list
}

// describe prints a message as a literal.
func describe(m flashgin.Message) string {
	var set []string
	for _, f := range fields(m) {
		if f.value != "" {
			set = append(set, f.name+": "+f.value)
		}
	}
	return "{" + strings.Join(set, ", ") + "}"
}
