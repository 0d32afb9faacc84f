package flashgin

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

// claimCounter counts the claims of each session, when they begin.
type claimCounter struct {
	queue.Store[Message]
	claims sync.Map // session → *atomic.Int64
}

func (q *claimCounter) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (queue.Claim[Message], error) {
	n, _ := q.claims.LoadOrStore(session, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
	return q.Store.Claim(ctx, session, views, lease)
}

func (q *claimCounter) ConfirmAll(ctx context.Context, claims []queue.Claim[Message]) []queue.Settled {
	return q.Store.(queue.Groups[Message]).ConfirmAll(ctx, claims)
}

// CountClaims returns a function that tells how often m has asked the store for a session, from now
// on. A store that counts would not be one of ours, which confirms several pages together.
func CountClaims(m *Messenger) func(session string) int64 {
	counter := &claimCounter{Store: m.store.store.Store}
	m.store.store = messageQueue{counter}
	return func(session string) int64 {
		if n, ok := counter.claims.Load(session); ok {
			return n.(*atomic.Int64).Load()
		}
		return 0
	}
}
