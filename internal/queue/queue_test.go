package queue

import (
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

// What was dropped is reported with the first views, which may be long.
func TestDroppedAt(t *testing.T) {
	var dropped DroppedAt
	dropped.Add("/a", 0)
	assert.NoError(t, dropped.Error(5))
	dropped.Add("/a", 1)
	dropped.Add("/a", 2)
	assert.ErrorContains(t, dropped.Error(5),
		`dropped the 3 oldest messages at "/a", where 5 may wait`)
	for _, view := range []string{"/b", "/c" + strings.Repeat("x", 200), "/d", "/e"} {
		dropped.Add(view, 1)
	}
	assert.Equal(t, 7, dropped.Sum())
	assert.ErrorContains(t, dropped.Error(5),
		`at "/a", "/b", "/c`+strings.Repeat("x", 98)+`", 2 more views, where`)
}
