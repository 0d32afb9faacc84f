// Package queue is the contract between the code that delivers messages and the stores. It knows
// items, not messages, so you can read and test a store alone.
//
// An item waits for a session at a view until it is claimed. The numbered rules of flashgin.Store
// hold for a [Store], too. Read "item" for "message" there.
package queue

import (
	"context"
	"errors"
	"io"
	"iter"
	"syscall"
	"time"
)

// An Item is a message as a store knows it. T is the type of the message.
type Item[T any] struct {
	View, ID, Key string
	TTL           time.Duration // zero is the store's; only Add reads it
	Value         T
}

// A Claim has the items that [Store.Claim] took out of the queue. The zero Claim has none.
type Claim[T any] struct {
	Session string
	Items   []Item[T]         // in the order of their adds, over all views
	Tickets map[string]string // view → the store's own mark of this claim
	Page    string            // the path of the page that is to show them, for the log, or ""
	// Nothing says that the views have no item, not even one that another claim has. Without it,
	// nobody knows.
	Nothing bool
}

// A Store keeps items that wait. It is safe for concurrent use by multiple goroutines.
//
// It may have more methods, those of the other interfaces of this package.
type Store[T any] interface {
	// Add puts items into the queue. If quietly is set, it does not wake open pages.
	Add(ctx context.Context, session string, items []Item[T], quietly bool) error
	// Claim takes the items that wait at views out of the queue, until lease has passed.
	Claim(
		ctx context.Context, session string, views []string, lease time.Duration,
	) (Claim[T], error)
	// Confirm removes the items of a claim for good, and returns how many it has removed, also with
	// an error. It removes fewer than the claim has if it is called twice or after the lease, or if
	// a browser has invented the claim.
	Confirm(ctx context.Context, claim Claim[T]) (items int, err error)
	// Release puts the items of a claim back, and returns how many, as Confirm does.
	Release(ctx context.Context, claim Claim[T]) (items int, err error)
	// Peek returns the items that wait at views, and leaves them there.
	Peek(ctx context.Context, session string, views []string) ([]Item[T], error)
	// Withdraw removes the items with key.
	Withdraw(ctx context.Context, session, view, key string) error
}

// Viewer is a store that tells at which views items wait.
type Viewer interface {
	// Views returns each view at which an item of session waits, and maybe others.
	Views(ctx context.Context, session string) ([]string, error)
}

// InProcess is a store that may be in the same process.
type InProcess interface {
	// InProcess reports whether no call can hang now.
	InProcess() bool
}

// Groups is a store that confirms several claims in one round trip. Without it, the owner of a busy
// Redis would spend a tenth more on each page that shows messages.
type Groups[T any] interface {
	// ConfirmAll returns what Confirm does for each claim.
	ConfirmAll(ctx context.Context, claims []Claim[T]) []Settled
}

// Settled is how many items of a claim were confirmed or released, and the error if any were not.
type Settled struct {
	Items int
	Err   error
}

// Nodes is a store on one server or several. If one server hangs, pages still ask the others.
type Nodes interface {
	// Node names the server that keeps the session's items. It does not block. "" is the only
	// server.
	Node(session string) string
	// PingNode returns nil if the server answers.
	PingNode(ctx context.Context, node string) error
}

// A Refusal is the error of a server that answers and refuses a call. Others may succeed.
type Refusal interface {
	error
	// ErrorType says why, in one word.
	ErrorType() string
}

// IsClosed reports whether a call failed because its connection was closed: during the call, or
// long before it.
func IsClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// Views returns the views of items, one by one.
func Views[T any](items []Item[T]) iter.Seq[string] {
	return func(yield func(view string) bool) {
		for _, it := range items {
			if !yield(it.View) {
				return
			}
		}
	}
}

// Watcher is a store that tells when items are added.
type Watcher interface {
	// Watch calls wake as flashgin.Store says. It returns nil if the store cannot tell after all.
	Watch(ctx context.Context, wake func(Wake)) error
	// Name returns the name of a session in a Wake.
	Name(session string) string
}

// A Wake says that items may wait for a session.
type Wake struct {
	Name  string // of the session; "" is all sessions
	Ends  bool   // the streams of the session end, and its open pages find their session again
	Quiet bool   // the next page takes the items, so open pages are not woken
}

// Ender is a store that can end the streams of a session in all processes.
type Ender interface {
	// TellEnd makes Watch call wake with Ends, in all processes.
	TellEnd(ctx context.Context, session string) error
}

// An Event is something that only the store knows.
type Event string

// The events.
const (
	// Dropped items were removed because of a bound of the store. Nobody has seen them.
	Dropped Event = "dropped"
	// LeaseExpired items were claimed again because the lease of an earlier claim has ended.
	LeaseExpired Event = "lease expired"
	// Expired items are gone because their time has ended, or that of their view. A store tells it
	// when it notices, and not if its server removes them by itself.
	Expired Event = "expired"
)
