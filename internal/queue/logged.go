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
	What     string // "added", "claimed", "shown", "released" or "withdrawn"
	Session  string // its Hash
	View, ID string // without an ID, of a withdrawal
	Status   string
}

// Logged is a store that writes lines for all items of a call that has changed some. Who would miss
// it: an operator whose user says that she never saw her message. Set its fields before its use.
type Logged[T any] struct {
	Store[T]
	On     func(context.Context) bool // whether anybody reads the lines
	Write  func(context.Context, Line)
	Status func(T) string
}

// Add implements Store.
func (q *Logged[T]) Add(ctx context.Context, session string, items []Item[T], quietly bool) error {
	err := q.Store.Add(ctx, session, items, quietly)
	q.tell(ctx, "added", session, items, err == nil)
	return err
}

// Claim implements Store.
func (q *Logged[T]) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (Claim[T], error) {
	claim, err := q.Store.Claim(ctx, session, views, lease)
	q.tell(ctx, "claimed", session, claim.Items, true)
	return claim, err
}

// Confirm implements Store.
func (q *Logged[T]) Confirm(ctx context.Context, claim Claim[T]) (int, error) {
	n, err := q.Store.Confirm(ctx, claim)
	q.tell(ctx, "shown", claim.Session, claim.Items, n > 0)
	return n, err
}

// ConfirmAll may only be called if the store is a Groups.
func (q *Logged[T]) ConfirmAll(ctx context.Context, claims []Claim[T]) []Settled {
	results := q.Store.(Groups[T]).ConfirmAll(ctx, claims)
	for i, claim := range claims {
		q.tell(ctx, "shown", claim.Session, claim.Items, results[i].Items > 0)
	}
	return results
}

// Release implements Store.
func (q *Logged[T]) Release(ctx context.Context, claim Claim[T]) (int, error) {
	n, err := q.Store.Release(ctx, claim)
	q.tell(ctx, "released", claim.Session, claim.Items, n > 0)
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

// tell writes a line for each item if it has happened and anybody reads it.
func (q *Logged[T]) tell(
	ctx context.Context, what, session string, items []Item[T], happened bool,
) {
	if !happened || len(items) == 0 || !q.On(ctx) {
		return
	}
	hash := Hash(session)
	for _, item := range items {
		q.Write(ctx, Line{what, hash, item.View, item.ID, q.Status(item.Value)})
	}
}
