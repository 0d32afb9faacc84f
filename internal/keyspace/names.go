// Package keyspace is what messages look like in Redis: how their Redis keys are named, and what an
// entry says. Operators see the same.
package keyspace

import (
	"net/url"
	"strings"

	"github.com/flashgin/flashgin/internal/queue"
)

// Names makes the names of an application's Redis keys.
type Names struct{ prefix, channel, quiet string }

// Of returns the Names of an application.
func Of(app string) Names {
	app = "flash:" + app
	return Names{app + ":{", app + ":wake", app + ":news"}
}

// Prefix is what the name of each Redis key of the application begins with.
func (n Names) Prefix() string { return n.prefix }

// Channel is where adds are published.
func (n Names) Channel() string { return n.channel }

// Quiet is where adds that wake no open page are published, if anybody wants to know.
func (n Names) Quiet() string { return n.quiet }

// Key returns the Redis key under which the items of session wait at view.
func (n Names) Key(session, view string) string { return n.Mailbox(session) + Escape(view) }

// Mailbox returns the first part of a session's Redis keys. It has a hash of the session key:
// whoever knows a session key can read a visitor's messages, and SLOWLOG and MONITOR print Redis
// keys. The braces put all views of a session into one slot of a cluster. No view can change that,
// because the first pair of braces counts.
func (n Names) Mailbox(session string) string {
	hash := queue.HashOf(session)
	return n.prefix + string(hash[:]) + "}:"
}

// Pattern matches, as SCAN does, the Redis keys of the session with that hash; of all sessions if
// the hash is empty. Neither an application's name nor a hash has letters that mean anything there.
func (n Names) Pattern(hash string) string {
	if hash == "" {
		return n.prefix + "*"
	}
	return n.prefix + hash + "}:*"
}

// Split returns the hash of the session and the view that a Redis key is for. It returns false for
// the index of a session, and for a name that is none of Key.
func (n Names) Split(key string) (hash, view string, ok bool) {
	hash, view, ok = strings.Cut(strings.TrimPrefix(key, n.prefix), "}:")
	if !ok || !strings.HasPrefix(key, n.prefix) {
		return "", "", false
	}
	view, ok = Unescape(view)
	return hash, view, ok
}

// IsIndex reports whether a Redis key is the index of a session's views: see views.lua.
func IsIndex(key string) bool { return strings.HasSuffix(key, "}") }

// Index returns the Redis key of a session's index. Those of views go on after the brace.
func Index(mailbox string) string { return strings.TrimSuffix(mailbox, ":") }

// Escape writes the unusual bytes of a view as %XX. Operators can read the others.
func Escape(view string) string {
	var escaped []byte
	for i := range len(view) {
		c := view[i]
		switch {
		case escaped == nil && usual(c):
		case usual(c):
			escaped = append(escaped, c)
		default:
			if escaped == nil {
				escaped = append(make([]byte, 0, len(view)+16), view[:i]...)
			}
			escaped = append(escaped, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
		}
	}
	if escaped == nil {
		return view
	}
	return string(escaped)
}

func usual(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("/:*-._~", c) >= 0
}

// Unescape returns the view that Escape has written. It returns false for anything else.
func Unescape(escaped string) (view string, ok bool) {
	view, err := url.PathUnescape(escaped)
	return view, err == nil && Escape(view) == escaped
}

const appLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

// ValidApp reports whether Redis keys can have the name of the application in them.
func ValidApp(app string) bool { return app != "" && strings.Trim(app, appLetters) == "" }
