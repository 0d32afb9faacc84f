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
