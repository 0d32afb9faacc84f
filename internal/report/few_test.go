package report_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/report"
)

// A name is new once, and the log is not filled by a client that makes names up.
func TestFewNamesAreNew(t *testing.T) {
	var few report.Few
	assert.True(t, few.IsNew("a"))
	assert.False(t, few.IsNew("a"))
	fresh := 0
	for i := range 100 {
		if few.IsNew(strconv.Itoa(i)) {
			fresh++
		}
	}
	assert.Equal(t, 9, fresh)
	assert.False(t, few.IsNew("b"))
}
