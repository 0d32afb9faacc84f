package queue_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/queue"
)

// halves settles one item of each claim, and then fails.
type halves struct{ err error }

func (h halves) Add(context.Context, string, []queue.Item[int], bool) error { return nil }

func (h halves) Claim(
	_ context.Context, session string, _ []string, _ time.Duration,
) (queue.Claim[int], error) {
	return queue.Claim[int]{Session: session}, nil
}

func (h halves) Confirm(context.Context, queue.Claim[int]) (int, error) { return 1, h.err }
func (h halves) Release(context.Context, queue.Claim[int]) (int, error) { return 0, h.err }

func (h halves) ConfirmAll(_ context.Context, claims []queue.Claim[int]) []queue.Settled {
	return []queue.Settled{{Items: 2}, {Err: h.err}}
}

func (h halves) Peek(context.Context, string, []string) ([]queue.Item[int], error) {
	return nil, nil
}

func (h halves) Withdraw(context.Context, string, string, string) error { return h.err }
func (h halves) Node(session string) string                             { return "of " + session }
func (h halves) PingNode(context.Context, string) error                 { return nil }

// Each call is told, with its server and its error, and what it has settled.
func TestObserved(t *testing.T) {
	failed := errors.New("failed")
	var told []string
	say := func(what string) func(context.Context, int) {
		return func(_ context.Context, items int) {
			told = append(told, fmt.Sprint(what, " ", items))
		}
	}
	store := &queue.Observed[int]{
		Store: halves{failed}, Confirmed: say("confirmed"), Released: say("released"),
		Called: func(_ context.Context, c queue.Call) {
			assert.GreaterOrEqual(t, c.Duration, time.Duration(0))
			told = append(told, fmt.Sprint(c.Name, " ", c.Node, " ", c.Err))
		},
	}
	ctx, claim := t.Context(), queue.Claim[int]{Session: "a"}
	assert.NoError(t, store.Add(ctx, "a", nil, false))
	_, err := store.Claim(ctx, "a", nil, time.Second)
	assert.NoError(t, err)
	n, err := store.Confirm(ctx, claim)
	assert.ErrorIs(t, err, failed)
	assert.Equal(t, 1, n)
	_, err = store.Release(ctx, claim)
	assert.ErrorIs(t, err, failed)
	assert.Len(t, store.ConfirmAll(ctx, []queue.Claim[int]{claim, claim}), 2)
	_, err = store.Peek(ctx, "a", nil)
	assert.NoError(t, err)
	assert.ErrorIs(t, store.Withdraw(ctx, "a", "/", "key"), failed)
	assert.Equal(t, []string{
		"add of a <nil>", "claim of a <nil>",
		"confirm of a failed", "confirmed 1",
		"release of a failed",
		"confirm of a failed", "confirmed 2",
		"peek of a <nil>", "withdraw of a failed",
	}, told)
}
