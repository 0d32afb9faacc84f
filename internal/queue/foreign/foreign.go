// Package foreign adapts queues of items to stores of messages, whose methods applications see: a
// [Queue] is a queue on an application's store, and [Methods] make a store of a queue of ours.
//
// M is the type of a message, L that of a list of them, and C that of a claim.
package foreign

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flashgin/flashgin/internal/inprocess"
	"github.com/flashgin/flashgin/internal/queue"
)

// A Store is what an application may write.
type Store[M any, L ~[]M, C any] interface {
	Add(ctx context.Context, session string, msgs ...M) error
	Claim(ctx context.Context, session string, views []string, lease time.Duration) (C, error)
	Confirm(ctx context.Context, claim C) error
	Release(ctx context.Context, claim C) error
	Peek(ctx context.Context, session string, views []string) (L, error)
	Withdraw(ctx context.Context, session, view, key string) error
}

// claimOf is what a claim is made of.
type claimOf[L any] = struct {
	Session  string
	Messages L
	Tickets  map[string]string
}

// A Claim is any type that is made like claimOf.
type Claim[L any] interface{ ~claimOf[L] }

// Types says what a message is in a queue.
type Types[M any, L ~[]M, C Claim[L]] struct {
	Item    func(M) queue.Item[M]
	Message func(queue.Item[M]) M
}

// Items returns messages as items of a queue.
func (t *Types[M, L, C]) Items(msgs []M) []queue.Item[M] {
	items := make([]queue.Item[M], len(msgs))
	for i, m := range msgs {
		items[i] = t.Item(m)
	}
	return items
}

// Messages returns the messages of items.
func (t *Types[M, L, C]) Messages(items []queue.Item[M]) L {
	if len(items) == 0 {
		return nil
	}
	msgs := make(L, len(items))
	for i, it := range items {
		msgs[i] = t.Message(it)
	}
	return msgs
}

func (t *Types[M, L, C]) inside(claim C) queue.Claim[M] {
	c := claimOf[L](claim)
	return queue.Claim[M]{Session: c.Session, Items: t.Items(c.Messages), Tickets: c.Tickets}
}

func (t *Types[M, L, C]) outside(c queue.Claim[M]) C {
	return C(claimOf[L]{c.Session, t.Messages(c.Items), c.Tickets})
}

// Methods are those of a store on a queue.
type Methods[M any, L ~[]M, C Claim[L]] struct {
	Queue queue.Store[M]
	Types *Types[M, L, C]
}

// Add makes the IDs that are missing: an application that calls the store itself may give none.
func (m Methods[M, L, C]) Add(ctx context.Context, session string, msgs []M) error {
	items := m.Types.Items(msgs)
	for i := range items {
		if items[i].ID == "" {
			items[i].ID = queue.NewID()
		}
	}
	return m.Queue.Add(ctx, session, items, false)
}

func (m Methods[M, L, C]) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (C, error) {
	claim, err := m.Queue.Claim(ctx, session, views, lease)
	return m.Types.outside(claim), err
}

func (m Methods[M, L, C]) Confirm(ctx context.Context, claim C) error {
	_, err := m.Queue.Confirm(ctx, m.Types.inside(claim))
	return err
}

func (m Methods[M, L, C]) Release(ctx context.Context, claim C) error {
	_, err := m.Queue.Release(ctx, m.Types.inside(claim))
	return err
}

func (m Methods[M, L, C]) Peek(ctx context.Context, session string, views []string) (L, error) {
	items, err := m.Queue.Peek(ctx, session, views)
	return m.Types.Messages(items), err
}

// ErrNoViews is what Views says of a store that cannot tell.
var ErrNoViews = fmt.Errorf("flashgin: Waiting: the store has no ViewsOf: %w",
	errors.ErrUnsupported)

// A Queue is a queue on a store that is not one of ours.
type Queue[M any, L ~[]M, C Claim[L]] struct {
	Store Store[M, L, C]
	Types *Types[M, L, C]
}

func (q Queue[M, L, C]) Add(
	ctx context.Context, session string, items []queue.Item[M], _ bool,
) error {
	return q.Store.Add(ctx, session, q.Types.Messages(items)...)
}

func (q Queue[M, L, C]) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (queue.Claim[M], error) {
	claim, err := q.Store.Claim(ctx, session, views, lease)
	return q.Types.inside(claim), err
}

// Confirm assumes that a call without an error has settled the whole claim.
func (q Queue[M, L, C]) Confirm(ctx context.Context, claim queue.Claim[M]) (int, error) {
	if err := q.Store.Confirm(ctx, q.Types.outside(claim)); err != nil {
		return 0, err
	}
	return len(claim.Items), nil
}

// Release is like Confirm.
func (q Queue[M, L, C]) Release(ctx context.Context, claim queue.Claim[M]) (int, error) {
	if err := q.Store.Release(ctx, q.Types.outside(claim)); err != nil {
		return 0, err
	}
	return len(claim.Items), nil
}

func (q Queue[M, L, C]) Peek(
	ctx context.Context, session string, views []string,
) ([]queue.Item[M], error) {
	msgs, err := q.Store.Peek(ctx, session, views)
	return q.Types.Items(msgs), err
}

func (q Queue[M, L, C]) Withdraw(ctx context.Context, session, view, key string) error {
	return q.Store.Withdraw(ctx, session, view, key)
}

// Views implements queue.Viewer.
func (q Queue[M, L, C]) Views(ctx context.Context, session string) ([]string, error) {
	store, ok := q.Store.(interface {
		ViewsOf(ctx context.Context, session string) ([]string, error)
	})
	if !ok {
		return nil, ErrNoViews
	}
	return store.ViewsOf(ctx, session)
}

// InProcess reports whether no call can hang. It asks the store of flashtest, which returns true
// until a test makes the store fail or wait.
func (q Queue[M, L, C]) InProcess() bool {
	store, ok := q.Store.(inprocess.Store)
	return ok && bool(store.InProcess())
}

// Node implements queue.Nodes: a store that is not ours counts as one server.
func (q Queue[M, L, C]) Node(string) string { return "" }

func (q Queue[M, L, C]) PingNode(ctx context.Context, _ string) error {
	if store, ok := q.Store.(interface{ Ping(context.Context) error }); ok {
		return store.Ping(ctx)
	}
	_, err := q.Store.Peek(ctx, "flashgin", []string{"/"}) // any read will do
	return err
}

func (q Queue[M, L, C]) Watch(ctx context.Context, wake func(queue.Wake)) error {
	return q.watch(ctx, func(name string) { wake(queue.Wake{Name: name}) })
}

// watch returns nil if the store cannot tell when messages are added.
func (q Queue[M, L, C]) watch(ctx context.Context, wake func(name string)) error {
	store, ok := q.Store.(interface {
		Watch(ctx context.Context, wake func(session string)) error
	})
	if !ok {
		return nil
	}
	return store.Watch(ctx, wake)
}

func (q Queue[M, L, C]) Name(session string) string { return session }
