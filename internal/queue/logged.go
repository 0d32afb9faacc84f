package queue

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// Hash returns the name of a session for people: in the log and, by the store in Redis, in Redis
// keys. It gives no access to the session's messages.
func Hash(session string) string {
	hash := HashOf(session)
	return string(hash[:])
}

// HashOf is Hash without an allocation. Its 22 characters are 132 bits.
func HashOf(session string) (hash [22]byte) {
	sum := sha256.Sum256([]byte(session))
	var whole [43]byte
	base64.RawURLEncoding.Encode(whole[:], sum[:])
	copy(hash[:], whole[:])
	return hash
}

// A Line says what has happened to one item.
type Line struct {
	// What is "added", "claimed", "shown", "released", "withdrawn", or an Event.
	What     string
	Session  string // its Hash; "" if a request without a session has shown its own message
	View, ID string // without an ID, of a withdrawal
	Status   string
	Page     string // the path of the page, if the line is of one
}

// Logged is a store that writes a line for each item that a call has changed, or the store itself.
// Who would miss it: an operator whose user says that she never saw her message. Set its fields
// before its use. A nil Logged writes nothing.
type Logged[T any] struct {
	Store[T]
	On     func(context.Context) bool // whether anybody reads the lines
	Write  func(context.Context, Line)
	Status func(T) string
}

// Around returns a Logged around a store that writes as q does, or the store itself if q is nil.
func (q *Logged[T]) Around(store Store[T]) Store[T] {
	if q == nil {
		return store
	}
	logged := *q
	logged.Store = store
	return &logged
}

// Listen makes Write hear also what the store tells by itself, if it can.
func (q *Logged[T]) Listen(store Store[T]) {
	if teller, ok := store.(interface{ OnLine(Tell[T]) }); ok && q != nil {
		teller.OnLine(func(ctx context.Context, what Event, session string, items []Item[T]) {
			q.Tell(ctx, string(what), session, "", items)
		})
	}
}

// Add implements Store.
func (q *Logged[T]) Add(ctx context.Context, session string, items []Item[T], quietly bool) error {
	err := q.Store.Add(ctx, session, items, quietly)
	if err == nil {
		q.Tell(ctx, "added", session, "", items)
	}
	return err
}

// Claim implements Store.
func (q *Logged[T]) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (Claim[T], error) {
	claim, err := q.Store.Claim(ctx, session, views, lease)
	q.Tell(ctx, "claimed", session, "", claim.Items)
	return claim, err
}

// Confirm implements Store.
func (q *Logged[T]) Confirm(ctx context.Context, claim Claim[T]) (int, error) {
	n, err := q.Store.Confirm(ctx, claim)
	if n > 0 {
		q.Tell(ctx, "shown", claim.Session, claim.Page, claim.Items)
	}
	return n, err
}

// ConfirmAll may only be called if the store is a Groups.
func (q *Logged[T]) ConfirmAll(ctx context.Context, claims []Claim[T]) []Settled {
	results := q.Store.(Groups[T]).ConfirmAll(ctx, claims)
	for i, claim := range claims {
		if results[i].Items > 0 {
			q.Tell(ctx, "shown", claim.Session, claim.Page, claim.Items)
		}
	}
	return results
}

// Release implements Store.
func (q *Logged[T]) Release(ctx context.Context, claim Claim[T]) (int, error) {
	n, err := q.Store.Release(ctx, claim)
	if n > 0 {
		q.Tell(ctx, "released", claim.Session, claim.Page, claim.Items)
	}
	return n, err
}

// Withdraw implements Store.
func (q *Logged[T]) Withdraw(ctx context.Context, session, view, key string) error {
	err := q.Store.Withdraw(ctx, session, view, key)
	if err == nil && q.On(ctx) {
		q.Write(ctx, Line{What: "withdrawn", Session: Hash(session), View: view})
	}
	return err
}

// TellOf is Tell for the items that list returns. It calls list only if anybody reads lines.
func (q *Logged[T]) TellOf(
	ctx context.Context, what, session, page string, list func() []Item[T],
) {
	if q != nil && q.On(ctx) {
		q.Tell(ctx, what, session, page, list())
	}
}

// Tell writes a line for each item, if anybody reads it. session is the key, or "".
func (q *Logged[T]) Tell(ctx context.Context, what, session, page string, items []Item[T]) {
	if len(items) == 0 || !q.On(ctx) {
		return
	}
	line := Line{What: what, Page: page}
	if session != "" {
		line.Session = Hash(session)
	}
	for _, item := range items {
		line.View, line.ID, line.Status = item.View, item.ID, q.Status(item.Value)
		q.Write(ctx, line)
	}
}
