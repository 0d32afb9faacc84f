package redis

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
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

// redisHints say what a server's error means for the store, by the code with which it begins.
var redisHints = map[string]string{
	"CLUSTERDOWN": "the cluster does not serve all of its slots",
	"LOADING":     "the server is still loading its data",
	"MISCONF":     "the server refuses writes because it cannot save them",
	"NOAUTH":      "the client has no password",
	"NOPERM":      "the ACL user lacks a right that docs/redis.md lists",
	"NOREPLICAS":  "the server refuses writes because too few replicas follow it",
	"OOM":         "the server's memory is full",
	"READONLY":    "the server is a replica, where messages can be neither added nor taken",
	"WRONGTYPE":   "the Redis key of a view holds something else",
}

// failed returns err with the name of the call that failed, or nil if err is nil.
func (s *Store[T]) failed(doing string, err error) error {
	if err == nil {
		return nil
	}
	text, hint := err.Error(), ""
	if server := redis.Error(nil); errors.As(err, &server) {
		text, _, _ = strings.Cut(text, " '")
		text, _, _ = strings.Cut(text, " script: ") // its hash, and the line
		code, _, _ := strings.Cut(text, " ")
		if strings.Contains(text, "user executing the script") {
			code = "NOPERM" // which Redis 7.0 does not say
		}
		hint = redisHints[code]
	}
	if i := strings.IndexAny(text, "\"`{"); i >= 0 { // a quotation, or the hash in a Redis key
		text = text[:i]
	}
	text = strings.TrimRight(text, " :,.")
	if hint != "" {
		text += " (" + hint + ")"
	}
	return fmt.Errorf("flashgin: redis: %s: %w", doing, &redisError{text, err})
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
