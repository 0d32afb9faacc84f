// Package sketch is a count-min sketch: it counts events for any number of names in memory of a
// fixed size. A count may be too high, but never too low, so no name with a high count is missed.
package sketch

import (
	"hash/maphash"
	"math"
	"sync"
	"time"
)

const (
	// AtMost is the highest count.
	AtMost = math.MaxUint8
	// width is how many counters a row has: enough for a million names; see TestCounts.
	width = 1 << 17
)

// Counts are the counts of names. The zero Counts are all zero. They are safe for concurrent use by
// multiple goroutines.
type Counts struct {
	mu    sync.Mutex
	seed  maphash.Seed
	rows  *[2][width]uint8
	since time.Time
}

// Of returns the count of name.
func (c *Counts) Of(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil {
		return 0
	}
	first, second := c.counters(name)
	return int(min(*first, *second))
}

// Add adds n to the count of name. All counts start over when they are older than life.
func (c *Counts) Add(name string, n int, life time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); c.rows == nil {
		c.seed, c.rows, c.since = maphash.MakeSeed(), new([2][width]uint8), now
	} else if now.Sub(c.since) > life {
		clear(c.rows[:])
		c.since = now
	}
	first, second := c.counters(name)
	count := uint8(min(int(min(*first, *second))+n, AtMost))
	*first, *second = max(*first, count), max(*second, count)
}

func (c *Counts) counters(name string) (first, second *uint8) {
	hash := maphash.String(c.seed, name)
	return &c.rows[0][hash%width], &c.rows[1][hash>>32%width]
}
