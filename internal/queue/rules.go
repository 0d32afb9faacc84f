package queue

import (
	"crypto/rand"
	"fmt"
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

// CapError reports that more items waited at a view than limit. Like ViewsError it names neither a
// session nor a text.
func CapError(dropped, limit int) error {
	return fmt.Errorf("flashgin: add: dropped the %d oldest messages at a view, "+
		"which holds %d: is its page never opened?", dropped, limit)
}

// ViewsError reports that a session had items at more views than limit.
func ViewsError(dropped, limit int) error {
	return fmt.Errorf("flashgin: add: dropped %d messages at the oldest views of a session, "+
		"which may have %d: do clients choose the paths that messages are for?", dropped, limit)
}
