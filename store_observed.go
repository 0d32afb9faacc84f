package flashgin

import (
	"cmp"
	"context"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

// An observedQueue tells an Observer of the calls of a queue. Without an Observer there is no
// observedQueue, and nothing is measured.
type observedQueue struct {
	queue queue.Store[Message]
	cfg   *Config
}

func (q *observedQueue) Add(
	ctx context.Context, session string, items []queue.Item[Message], quietly bool,
) error {
	return q.call(ctx, "add", session, func() error {
		return q.queue.Add(ctx, session, items, quietly)
	})
}

func (q *observedQueue) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (claim queue.Claim[Message], err error) {
	err = q.call(ctx, "claim", session, func() (err error) {
		claim, err = q.queue.Claim(ctx, session, views, lease)
		return err
	})
	return claim, err
}

func (q *observedQueue) Confirm(
	ctx context.Context, claim queue.Claim[Message],
) (settled int, err error) {
	err = q.call(ctx, "confirm", claim.Session, func() (err error) {
		settled, err = q.queue.Confirm(ctx, claim)
		return err
	})
	q.settled(ctx, EventShown, settled)
	return settled, err
}

// ConfirmAll may only be called if the queue implements queue.Groups.
func (q *observedQueue) ConfirmAll(
	ctx context.Context, claims []queue.Claim[Message],
) (results []queue.Settled) {
	_ = q.call(ctx, "confirm", claims[0].Session, func() (err error) {
		results = q.queue.(queue.Groups[Message]).ConfirmAll(ctx, claims)
		for _, result := range results {
			err = cmp.Or(err, result.Err)
		}
		return err
	})
	for _, result := range results {
		q.settled(ctx, EventShown, result.Items)
	}
	return results
}

func (q *observedQueue) Release(
	ctx context.Context, claim queue.Claim[Message],
) (settled int, err error) {
	err = q.call(ctx, "release", claim.Session, func() (err error) {
		settled, err = q.queue.Release(ctx, claim)
		return err
	})
	q.settled(ctx, EventReleased, settled)
	return settled, err
}

// settled tells the Observer how many messages a call has settled, maybe before it failed.
func (q *observedQueue) settled(ctx context.Context, kind EventKind, messages int) {
	if messages > 0 {
		q.cfg.observe(ctx, Event{Kind: kind, Messages: messages})
	}
}

func (q *observedQueue) Peek(
	ctx context.Context, session string, views []string,
) (items []queue.Item[Message], err error) {
	err = q.call(ctx, "peek", session, func() (err error) {
		items, err = q.queue.Peek(ctx, session, views)
		return err
	})
	return items, err
}

func (q *observedQueue) Withdraw(ctx context.Context, session, view, key string) error {
	return q.call(ctx, "withdraw", session, func() error {
		return q.queue.Withdraw(ctx, session, view, key)
	})
}

// call calls do, and tells the Observer how long it took and whether it failed.
func (q *observedQueue) call(ctx context.Context, name, session string, do func() error) error {
	start := time.Now()
	err := do()
	e := Event{Kind: EventStoreCall, Call: name, Duration: time.Since(start), Err: err}
	if nodes, ok := q.queue.(queue.Nodes); ok {
		e.Node = nodes.Node(session)
	}
	q.cfg.observe(ctx, e)
	return err
}
