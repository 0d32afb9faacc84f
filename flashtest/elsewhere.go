package flashtest

import (
	"fmt"
	"slices"

	"github.com/flashgin/flashgin"
)

// A list of Store.Waiting has, behind its end, a mark and the messages that wait at other views: so
// a comparison that fails can say where a missing message waits, and needs no store for that. Who
// would miss it: whoever expects a message at /settings/ that waits at the target of a redirect.

// mark tells such a list from a list that happens to have room.
var mark = flashgin.Message{ID: "flashtest: the messages behind this one wait elsewhere"}

const elsewhereAtMost = 10 // of a failure's lines

// withElsewhere puts the messages that wait elsewhere behind the end of a list.
func withElsewhere(list, all flashgin.Messages) flashgin.Messages {
	tail := flashgin.Messages{mark}
	for _, m := range all {
		same := func(listed flashgin.Message) bool {
			return listed.ID == m.ID && listed.View == m.View
		}
		if !slices.ContainsFunc(list, same) {
			tail = append(tail, m)
		}
	}
	if len(tail) == 1 {
		return list
	}
	n := len(list)
	return append(slices.Clip(list), tail...)[:n]
}

// elsewhere returns a line for each message behind the end of the list that Store.Waiting returned.
func elsewhere(list flashgin.Messages) (lines []string) {
	behind := list[len(list):cap(list)]
	if len(behind) == 0 || behind[0].ID != mark.ID {
		return nil
	}
	for _, m := range behind[1:] {
		if m.View == "" || len(lines) == elsewhereAtMost {
			break // room that append has made, or enough
		}
		view := m.View
		m.View, m.ID, m.Created = "", "", mark.Created
		lines = append(lines, fmt.Sprintf("at %s waits %s", view, describe(m)))
	}
	return lines
}
