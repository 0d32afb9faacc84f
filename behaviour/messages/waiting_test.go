package messages_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/flashtest"
)

// An embeddingStore changes what its store returns: Waiting must ask it, and not the store within.
type embeddingStore struct{ *flashgin.RedisStore }

func (s embeddingStore) Peek(
	ctx context.Context, session string, views []string,
) (flashgin.Messages, error) {
	msgs, err := s.RedisStore.Peek(ctx, session, views)
	for i := range msgs {
		msgs[i].Title = "decrypted"
	}
	return msgs, err
}

// Waiting returns all that waits for a session, at whichever views, and takes nothing.
func TestWaitingNamesEveryView(t *testing.T) {
	for name, test := range map[string]struct {
		open  func(t *testing.T) flashgin.Store
		title string
	}{
		"memory": {func(*testing.T) flashgin.Store { return new(flashgin.MemoryStore) }, ""},
		"redis": {func(t *testing.T) flashgin.Store {
			return apptest.NewRedisStore(t, apptest.StartMiniredis(t))
		}, ""},
		"embedded": {func(t *testing.T) flashgin.Store {
			return embeddingStore{apptest.NewRedisStore(t, apptest.StartMiniredis(t))}
		}, "decrypted"},
		"flashtest": {func(*testing.T) flashgin.Store { return new(flashtest.Store) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			store := test.open(t)
			messages, err := flashgin.New(flashgin.Config{Store: store, Timeout: time.Minute})
			require.NoError(t, err)
			ctx := t.Context()
			add := func(session, text, view string) {
				require.NoError(t, messages.Add(ctx, session, flashgin.Info(text).At(view)))
			}
			waiting := func(session string) (found []string) {
				msgs, err := messages.Waiting(ctx, session)
				require.NoError(t, err)
				for _, m := range msgs {
					assert.Equal(t, test.title, m.Title)
					found = append(found, m.Text+" at "+m.View)
				}
				return found
			}
			assert.Empty(t, waiting("alice"))
			add("alice", "one", "/wrong page/é")
			add("alice", "two", flashgin.Anywhere)
			add("bob", "not hers", "/bob")
			add("alice", "three", "/orders/:id")
			want := []string{"one at /wrong page/é", "two at *", "three at /orders/:id"}
			for range 2 {
				assert.Equal(t, want, waiting("alice"), "it takes nothing")
			}
			assert.Equal(t, []string{"not hers at /bob"}, waiting("bob"))

			claim, err := store.Claim(ctx, "alice", []string{"*"}, time.Minute)
			require.NoError(t, err)
			assert.Equal(t, []string{want[0], want[2]}, waiting("alice"),
				"one is on its way to a page")
			require.NoError(t, store.Release(ctx, claim))
			assert.Equal(t, want, waiting("alice"))

			_, err = messages.Waiting(ctx, "")
			assert.ErrorIs(t, err, flashgin.ErrNoSession)
			ended, cancel := context.WithCancel(ctx)
			cancel()
			_, err = messages.Waiting(ended, "alice")
			assert.ErrorIs(t, err, context.Canceled)
		})
	}
}

// A store need not be able to tell.
func TestWaitingNeedsAStoreThatKnowsItsViews(t *testing.T) {
	store := struct{ flashgin.Store }{new(flashgin.MemoryStore)}
	messages, err := flashgin.New(flashgin.Config{Store: store})
	require.NoError(t, err)
	_, err = messages.Waiting(t.Context(), "alice")
	assert.ErrorIs(t, err, errors.ErrUnsupported)
	assert.ErrorContains(t, err, "ViewsOf")
}
