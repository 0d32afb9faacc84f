package queue

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// The defaults of our stores, and the bounds of rule 15 of flashgin.Store.
const (
	DefaultTTL   = 24 * time.Hour
	DefaultCap   = 50
	DefaultViews = 100

	// RememberFor is how long stores remember a generated ID. Every retry of an add ends earlier.
	RememberFor = 10 * time.Second
	// RememberedAtMost is how many IDs stores remember for a session at a view.
	RememberedAtMost = 1000
)

// Version goes up when an item is stored in a way that older versions of flashgin would misread.
// They skip items of a version that they do not know.
const Version = 1

const generatedPrefix = "f-"

// NewID returns a generated ID.
func NewID() string { return generatedPrefix + rand.Text() }

// Generated reports whether NewID made id.
func Generated(id string) bool {
	random, ok := strings.CutPrefix(id, generatedPrefix)
	return ok && len(random) == 26 && strings.Trim(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// DroppedAt counts by view the items that an add has dropped, because more waited there than the
// limit.
type DroppedAt map[string]int

// Add counts more items.
func (d *DroppedAt) Add(view string, items int) {
	if items == 0 {
		return
	}
	if *d == nil {
		*d = DroppedAt{}
	}
	(*d)[view] += items
}

// Sum returns how many items were dropped.
func (d DroppedAt) Sum() (items int) {
	for _, n := range d {
		items += n
	}
	return items
}

// Error reports the items that were dropped, or returns nil. It names the first views, as far as
// they are short, and neither a session nor a text.
func (d DroppedAt) Error(limit int) error {
	if len(d) == 0 {
		return nil
	}
	const most = 3
	var views []string
	for i, view := range slices.Sorted(maps.Keys(d)) {
		if i == most {
			views = append(views, fmt.Sprintf("%d more views", len(d)-most))
			break
		}
		views = append(views, fmt.Sprintf("%.100q", view))
	}
	return fmt.Errorf("flashgin: add: dropped the %d oldest messages at %s, "+
		"where %d may wait: is its page never opened?", d.Sum(), strings.Join(views, ", "), limit)
}

// ViewsError reports that a session had items at more views than limit. It names neither a session
// nor a text.
func ViewsError(dropped, limit int) error {
	return fmt.Errorf("flashgin: add: dropped %d messages at the oldest views of a session, "+
		"which may have %d: do clients choose the paths that messages are for?", dropped, limit)
}
