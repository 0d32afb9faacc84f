package redis

import (
	"fmt"

	"github.com/flashgin/flashgin/internal/refusal"
)

// failed returns err with the name of the call that failed, or nil if err is nil.
func (s *Store[T]) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("flashgin: redis: %s: %w", doing, refusal.Explain(err, s.cluster != nil))
}

// unreadable says that read has skipped entries at a view, or the whole Redis key.
func (s *Store[T]) unreadable(doing string, entries int) error {
	if entries == notSortedSet {
		return fmt.Errorf("flashgin: redis: %s: skipped a Redis key that is not a sorted set: "+
			"who else writes Redis keys that begin with %q?", doing, s.names.Prefix())
	}
	return fmt.Errorf("flashgin: redis: %s: skipped %d entries at a view: "+
		"garbage, or messages of another version of flashgin", doing, entries)
}
