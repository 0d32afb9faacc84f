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

// viewsNamed is how many views the errors below name.
const viewsNamed = 3

// viewsOf names the first views of items, as far as they are short.
func viewsOf[T any](items []Item[T]) string {
	seen := map[string]bool{}
	for i := range items {
		seen[items[i].View] = true
	}
	var views []string
	for i, view := range slices.Sorted(maps.Keys(seen)) {
		if i == viewsNamed {
			views = append(views, fmt.Sprintf("%d more views", len(seen)-i))
			break
		}
		views = append(views, fmt.Sprintf("%.100q", view))
	}
	return strings.Join(views, ", ")
}

// CapError reports items of a session that were dropped because more waited at their views than
// limit. Like the errors below, it has the session's Hash, and neither its key nor a text.
func CapError[T any](session string, dropped []Item[T], limit int) error {
	return fmt.Errorf("flashgin: add: dropped the %d oldest messages at %s, where %d may wait: "+
		"is its page never opened? (session %s)",
		len(dropped), viewsOf(dropped), limit, Hash(session))
}

// ViewsError reports items that were dropped because a session had items at more views than limit.
// It names none of these: a client may have chosen them.
func ViewsError[T any](session string, dropped []Item[T], limit int) error {
	return fmt.Errorf("flashgin: add: dropped %d messages at the oldest views of a session, "+
		"which may have %d: do clients choose the paths that messages are for? (session %s)",
		len(dropped), limit, Hash(session))
}

// BytesError reports items that were dropped because all together took more than limit. Of several
// sessions it names the first, and no view: a client may have chosen it.
func BytesError(session string, dropped, limit int) error {
	return fmt.Errorf("flashgin: add: dropped the %d oldest messages in memory, which hold %d bytes: "+
		"raise MemoryStore.MaxBytes, shorten its TTL, or use a RedisStore (first session %s)",
		dropped, limit, Hash(session))
}
