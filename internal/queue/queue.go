// Package queue says what a store is to those who deliver messages. It knows items, not messages,
// so a store can be read and tested alone.
//
// An item waits for a session at a view until it is claimed. The numbered rules of flashgin.Store
// hold for a [Store] as well, with items for messages.
package queue

import (
	"context"
	"time"
)

// An Item is a message as a store knows it. T is what the store keeps it as: the message itself, or
// bytes.
type Item[T any] struct {
	View, ID, Key string
	TTL           time.Duration // zero is the store's; only Add reads it
	Value         T
}

// A Claim is what [Store.Claim] took out of the queue. The zero Claim holds nothing.
type Claim[T any] struct {
	Session string
	Items   []Item[T]         // in order of creation, over all views
	Tickets map[string]string // view → the store's own mark of this claim
}

// A Store keeps items that wait. It is safe for concurrent use by multiple goroutines.
type Store[T any] interface {
	// Add puts items into the queue. Quietly does not wake open pages.
	Add(ctx context.Context, session string, items []Item[T], quietly bool) error
	// Claim takes what waits at views out of the queue, for the length of lease.
	Claim(ctx context.Context, session string, views []string, lease time.Duration) (Claim[T], error)
	// Confirm removes the items of a claim for good, and returns how many that were, also with an
	// error. They are fewer than the claim has if that was sent twice, came after the lease, or is a
	// browser's invention.
	Confirm(ctx context.Context, claim Claim[T]) (items int, err error)
	// Release puts the items of a claim back, and returns how many that were, as Confirm does.
	Release(ctx context.Context, claim Claim[T]) (items int, err error)
	// Peek returns what waits at views and leaves it there.
	Peek(ctx context.Context, session string, views []string) ([]Item[T], error)
	// Withdraw removes the items with key.
	Withdraw(ctx context.Context, session, view, key string) error
}

// The other interfaces are parts that a [Store] may have beside.

// InProcess is a store that may be in the same process.
type InProcess interface {
	// InProcess reports whether no call can hang now.
	InProcess() bool
}

// Groups is a store that confirms several claims in one round trip.
type Groups[T any] interface {
	// ConfirmAll returns what Confirm does for each claim.
	ConfirmAll(ctx context.Context, claims []Claim[T]) []Settled
}

// Settled is how many items of a claim were settled, and why it may be fewer than the claim has.
type Settled struct {
	Items int
	Err   error
}

// Nodes is a store of one server or several.
type Nodes interface {
	// Node names the server that keeps the session's items. It does not block.
	Node(session string) string
	// PingNode returns nil if the server answers.
	PingNode(ctx context.Context, node string) error
}

// Watcher is a store that tells when items are added.
type Watcher interface {
	// Watch calls wake as flashgin.Store says. It returns nil if the store cannot tell after all.
	Watch(ctx context.Context, wake func(Wake)) error
	// Name returns the name of a session in a Wake.
	Name(session string) string
}

// A Wake says that items may wait for a session, or that its open pages are to ask again whose they
// are.
type Wake struct {
	Name string // empty is all sessions
	Ends bool
}

// Ender is a store that reaches the open pages of other processes.
type Ender interface {
	// TellEnd has Watch tell all processes that the open pages of a session end.
	TellEnd(ctx context.Context, session string) error
}

// An Event is what a store alone knows.
type Event string

// The events.
const (
	// Dropped items were removed unseen, by a bound of the store.
	Dropped Event = "dropped"
	// LeaseExpired items were claimed again after a claim that nobody has settled.
	LeaseExpired Event = "lease expired"
)
