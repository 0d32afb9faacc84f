package redis

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/flashgin/flashgin/internal/refusal"
)

// redisError is an error of the client or of the server. A server may name a Redis key, and the
// client may quote a reply that it could not parse, so the text ends before the quotation. The
// cause is for errors.Is and errors.As.
type redisError struct {
	text  string
	cause error
}

func (e *redisError) Error() string { return e.text }
func (e *redisError) Unwrap() error { return e.cause }

// refusedError is an error of the server.
type refusedError struct {
	redisError
	kind refusal.Kind
}

// ErrorType is for metrics: a label with few values.
func (e *refusedError) ErrorType() string { return string(e.kind) }

// A command's name is no secret, and an operator whose user lacks the right to it needs the name.
var quotedCommand = regexp.MustCompile(` '[a-z|]+' command`)

// failed returns err with the name of the call that failed, or nil if err is nil.
func (s *Store[T]) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	kind, text := refusal.Read(err)
	if kind != refusal.None && !quotedCommand.MatchString(text) {
		text, _, _ = strings.Cut(text, " '")
	}
	if i := strings.IndexAny(text, "\"`{"); i >= 0 { // a quotation, or the hash in a Redis key
		text = text[:i]
	}
	text = strings.TrimRight(text, " :,.")
	if hint := kind.Hint(s.cluster != nil); hint != "" {
		text += " (" + hint + ")"
	}
	failed := redisError{text, err}
	if kind == refusal.None {
		return fmt.Errorf("flashgin: redis: %s: %w", doing, &failed)
	}
	return fmt.Errorf("flashgin: redis: %s: %w", doing, &refusedError{failed, kind})
}

// unreadable says that read has skipped entries at a view, or the whole Redis key.
func (s *Store[T]) unreadable(doing string, entries int) error {
	if entries == notSortedSet {
		return fmt.Errorf("flashgin: redis: %s: skipped a Redis key that is not a sorted set: "+
			"who else writes Redis keys that begin with %q?", doing, s.prefix)
	}
	return fmt.Errorf("flashgin: redis: %s: skipped %d entries at a view: "+
		"garbage, or messages of another version of flashgin", doing, entries)
}
