package foreign_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/queue/foreign"
)

type (
	message struct{ Text string }
	list    []message
	claim   struct {
		Session  string
		Messages list
		Tickets  map[string]string
	}
)

// ours are servers that note what they are asked.
type ours struct{ asked []string }

func (o *ours) note(what string) error {
	o.asked = append(o.asked, what)
	return nil
}

func (o *ours) Node(session string) string { return "node of " + session }

func (o *ours) Name(session string) string { return "name of " + session }

func (o *ours) PingNode(_ context.Context, node string) error { return o.note("ping " + node) }

func (o *ours) TellEnd(_ context.Context, session string) error { return o.note("end " + session) }

func (o *ours) Watch(context.Context, func(queue.Wake)) error { return nil }

// A wrapper embeds a store of ours, and has a Ping and a Watch that replace ours.
type wrapper struct {
	foreign.Store[message, list, claim]
	wakes []queue.Wake
}

var errWrapper = errors.New("the wrapper's own")

func (*wrapper) Ping(context.Context) error { return errWrapper }

func (w *wrapper) Watch(_ context.Context, wake func(session string)) error {
	tell := foreign.InWords(wake)
	for _, each := range w.wakes {
		tell(each)
	}
	return errWrapper
}

// A store that embeds ours is asked for what it may have replaced, and ours for what it cannot
// have.
func TestStoreThatEmbedsOurs(t *testing.T) {
	ctx, servers := t.Context(), &ours{}
	store := &wrapper{wakes: []queue.Wake{{Name: "a"}, {Name: "b", Ends: true}, {}}}
	q := foreign.Embedded[message, list, claim]{
		Queue: foreign.Queue[message, list, claim]{Store: store}, Ours: servers,
	}
	assert.Equal(t, "node of s", q.Node("s"))
	assert.Equal(t, "name of s", q.Name("s"))
	assert.NoError(t, q.PingNode(ctx, "a server"))
	assert.ErrorIs(t, q.PingNode(ctx, ""), errWrapper)
	assert.NoError(t, q.TellEnd(ctx, "s"))
	assert.Equal(t, []string{"ping a server", "end s"}, servers.asked)

	var woken []queue.Wake
	err := q.Watch(ctx, func(w queue.Wake) { woken = append(woken, w) })
	assert.ErrorIs(t, err, errWrapper)
	assert.Equal(t, store.wakes, woken, "the store tells names, and an end is one, too")
}
