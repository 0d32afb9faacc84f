package queue

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Generated tells our IDs from given ones, which are remembered for longer.
func TestGeneratedID(t *testing.T) {
	for range 100 {
		id := NewID()
		assert.True(t, Generated(id), id)
		assert.NotEqual(t, id, NewID())
	}
	for _, given := range []string{
		"", "f-", "job-1", "f-short",
		"f-" + strings.Repeat("a", 26), "f-" + strings.Repeat("1", 26),
		strings.Repeat("A", 28), "f-" + strings.Repeat("A", 27),
	} {
		assert.False(t, Generated(given), given)
	}
}

// What was dropped is reported with the first views, which may be long, and with the session as the
// log calls it.
func TestDroppedItemsAreReported(t *testing.T) {
	at := func(views ...string) (items []Item[string]) {
		for _, view := range views {
			items = append(items, Item[string]{View: view, Value: "a text"})
		}
		return items
	}
	few, many := at("/a", "/a", "/a"), at("/b", "/a", "/c"+strings.Repeat("x", 200), "/d", "/e")
	named := `"/a", "/b", "/c` + strings.Repeat("x", 98) + `", 2 more views`
	for want, err := range map[string]error{
		`dropped the 3 oldest messages at "/a", where 5 may`:  CapError("alice", few, 5),
		`at ` + named + `, where 5`:                           CapError("alice", many, 5),
		`dropped 5 messages at the oldest views of a session`: ViewsError("alice", many, 3),
		`7 oldest messages in memory, which hold 9 bytes`:     BytesError("alice", 7, 9),
	} {
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, Hash("alice"))
		assert.NotContains(t, err.Error(), "alice")
		assert.NotContains(t, err.Error(), "text")
	}
	assert.NotContains(t, ViewsError("alice", few, 3).Error(), "/a")
}

func TestEachViewIsToldOnce(t *testing.T) {
	items := []Item[string]{{View: "/b"}, {View: "/a"}, {View: "/b"}, {View: "/b"}}
	for n, want := range map[int][]string{
		0: nil, 2: {"/b 1", "/a 1"}, 4: {"/b 3", "/a 1"},
	} {
		assert.Equal(t, want, toldOf(items[:n]))
	}
	assert.Equal(t, []string{"/b 2"}, toldOf(items[2:]))
}

func toldOf(items []Item[string]) (told []string) {
	EachView(items, func(view string, n int) { told = append(told, fmt.Sprint(view, " ", n)) })
	return told
}
