package queue

import (
	"cmp"
	"context"
	"time"
)

// A Call is one call of a store that has ended.
type Call struct {
	Name     string // "add", "claim", "confirm", "release", "peek", "withdraw"
	Node     string // as Nodes names it; "" if the store is no Nodes
	Duration time.Duration
	Err      error
}

// Observed is a store that tells of each call. Who would miss it: the owner of an application who
// wants metrics of the store. Without an observer there is no Observed, and nothing is measured.
// Its fields are set before it is used.
type Observed[T any] struct {
	Store     Store[T]
	Called    func(context.Context, Call)
	Confirmed func(ctx context.Context, items int) // one or more
	Released  func(ctx context.Context, items int) // one or more
}

// Add implements Store.
func (q *Observed[T]) Add(
	ctx context.Context, session string, items []Item[T], quietly bool,
) error {
	return q.call(ctx, "add", session, func() error {
		return q.Store.Add(ctx, session, items, quietly)
	})
}

// Claim implements Store.
func (q *Observed[T]) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (claim Claim[T], err error) {
	err = q.call(ctx, "claim", session, func() (err error) {
		claim, err = q.Store.Claim(ctx, session, views, lease)
		return err
	})
	return claim, err
}

// Confirm implements Store.
func (q *Observed[T]) Confirm(
	ctx context.Context, claim Claim[T],
) (settled int, err error) {
	err = q.call(ctx, "confirm", claim.Session, func() (err error) {
		settled, err = q.Store.Confirm(ctx, claim)
		return err
	})
	tell(ctx, q.Confirmed, settled)
	return settled, err
}

// ConfirmAll may only be called if Store is a Groups.
func (q *Observed[T]) ConfirmAll(
	ctx context.Context, claims []Claim[T],
) (results []Settled) {
	_ = q.call(ctx, "confirm", claims[0].Session, func() (err error) {
		results = q.Store.(Groups[T]).ConfirmAll(ctx, claims)
		for _, result := range results {
			err = cmp.Or(err, result.Err)
		}
		return err
	})
	for _, result := range results {
		tell(ctx, q.Confirmed, result.Items)
	}
	return results
}

// Release implements Store.
func (q *Observed[T]) Release(
	ctx context.Context, claim Claim[T],
) (settled int, err error) {
	err = q.call(ctx, "release", claim.Session, func() (err error) {
		settled, err = q.Store.Release(ctx, claim)
		return err
	})
	tell(ctx, q.Released, settled)
	return settled, err
}

// tell calls told for items. A call that has settled some of them may have failed.
func tell(ctx context.Context, told func(context.Context, int), items int) {
	if items > 0 {
		told(ctx, items)
	}
}

// Peek implements Store.
func (q *Observed[T]) Peek(
	ctx context.Context, session string, views []string,
) (items []Item[T], err error) {
	err = q.call(ctx, "peek", session, func() (err error) {
		items, err = q.Store.Peek(ctx, session, views)
		return err
	})
	return items, err
}

// Withdraw implements Store.
func (q *Observed[T]) Withdraw(ctx context.Context, session, view, key string) error {
	return q.call(ctx, "withdraw", session, func() error {
		return q.Store.Withdraw(ctx, session, view, key)
	})
}

// call measures what do does.
func (q *Observed[T]) call(ctx context.Context, name, session string, do func() error) error {
	start := time.Now()
	err := do()
	call := Call{Name: name, Duration: time.Since(start), Err: err}
	if nodes, ok := q.Store.(Nodes); ok {
		call.Node = nodes.Node(session)
	}
	q.Called(ctx, call)
	return err
}
