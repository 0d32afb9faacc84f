package sketch

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// Names that have many are found among those that have few, of which hardly any is taken for one.
func TestCounts(t *testing.T) {
	var c Counts
	assert.Zero(t, c.Of("many"))
	mistaken := 0
	for i := range 1_000_000 {
		name := strconv.Itoa(i)
		c.Add(name, 1, time.Hour)
		assert.Positive(t, c.Of(name))
		if c.Of(name) > 25 {
			mistaken++
		}
		if i%100_000 == 0 {
			c.Add("many", 3, time.Hour)
		}
	}
	assert.GreaterOrEqual(t, c.Of("many"), 30)
	assert.Less(t, mistaken, 1000, "of a million")
	c.Add("many", 1_000_000, time.Hour)
	assert.Equal(t, AtMost, c.Of("many"))
}

func TestCountsStartOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Counts
		c.Add("name", 3, time.Hour)
		time.Sleep(time.Hour)
		c.Add("name", 3, time.Hour)
		assert.Equal(t, 6, c.Of("name"))
		time.Sleep(time.Nanosecond)
		c.Add("other", 1, time.Hour)
		assert.Zero(t, c.Of("name"))
	})
}
