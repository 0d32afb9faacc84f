package queue

import (
	"crypto/rand"
	"fmt"
	"strings"
	"time"
)

// The defaults of our stores, and the bounds that rule 15 names.
const (
	DefaultTTL   = 24 * time.Hour
	DefaultCap   = 50
	DefaultViews = 100

	// RememberFor is how long a generated ID is remembered: longer than any retry of an add.
	RememberFor = 10 * time.Second
	// RememberedAtMost is how many IDs are remembered for a session at a view.
	RememberedAtMost = 1000
)

// Version is raised when an item is stored in a way that older versions would misread. Older
// versions skip it.
const Version = 1

const generatedPrefix = "f-"

// NewID returns a generated ID.
func NewID() string { return generatedPrefix + rand.Text() }

// Generated reports whether NewID made id.
func Generated(id string) bool {
	random, ok := strings.CutPrefix(id, generatedPrefix)
	return ok && len(random) == 26 && strings.Trim(random, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == ""
}

// The errors by which a store reports what it has dropped name neither a session nor a text.

// CapError says that more waited at a view than limit.
func CapError(dropped, limit int) error {
	return fmt.Errorf("flashgin: add: dropped the %d oldest messages of an address, which holds %d: "+
		"is its page never opened?", dropped, limit)
}

// ViewsError says that a session had items at more views than limit.
func ViewsError(dropped, limit int) error {
	return fmt.Errorf("flashgin: add: dropped %d messages at the oldest views of a session, which may have %d: "+
		"do clients choose the paths that messages are for?", dropped, limit)
}
