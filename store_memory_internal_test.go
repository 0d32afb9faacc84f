package flashgin

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Sessions that are never opened again, the common fate of a session, must not stay in memory for ever; and no goroutine is there to remove them.
func TestMemoryStoreDoesNotGrow(t *testing.T) {
	for _, test := range []struct {
		name string
		use  func(t *testing.T, s *MemoryStore, session string)
	}{
		{"added", func(t *testing.T, s *MemoryStore, session string) {
			require.NoError(t, s.Add(t.Context(), session, Message{ID: newID(), View: "/", Text: "x"}, Message{ID: "given", View: "/other", Text: "x"}))
		}},
		{"claimed and never settled", func(t *testing.T, s *MemoryStore, session string) {
			require.NoError(t, s.Add(t.Context(), session, Message{ID: newID(), View: "/", Text: "x"}))
			_, err := s.Claim(t.Context(), session, []string{"/"}, time.Hour)
			require.NoError(t, err)
		}},
		{"only looked for", func(t *testing.T, s *MemoryStore, session string) {
			_, err := s.Peek(t.Context(), session, []string{"/"})
			require.NoError(t, err)
			_, err = s.Claim(t.Context(), session, []string{"/"}, time.Hour)
			require.NoError(t, err)
			require.NoError(t, s.Withdraw(t.Context(), session, "/", "key"))
			require.NoError(t, s.Confirm(t.Context(), Claim{Session: session, Messages: Messages{{View: "/"}}, Tickets: map[string]string{"/": "1"}}))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &MemoryStore{TTL: time.Minute}
				for round := range 5 {
					for i := range 1000 {
						test.use(t, s, fmt.Sprint(round, "-", i))
					}
					assert.LessOrEqual(t, len(s.queues), 2000)
					assert.Len(t, s.expiring, len(s.queues))
					time.Sleep(time.Minute)
				}
				for range 2000/expiredAtMost + 1 {
					_, err := s.Peek(t.Context(), "anybody", []string{"/"})
					require.NoError(t, err)
				}
				assert.Empty(t, s.queues)
				assert.Empty(t, s.expiring)
			})
		})
	}
}

// No call removes all that has expired at once, whatever it is that calls; and what was not yet
// removed is gone for everybody.
func TestMemoryStoreExpiresInSteps(t *testing.T) {
	const many = 20_000
	message := Message{ID: "given", View: "/", Text: "x"}
	views := []string{"/"}
	for name, call := range map[string]func(ctx context.Context, s *MemoryStore, session string) error{
		"add": func(ctx context.Context, s *MemoryStore, session string) error {
			return s.Add(ctx, session, message)
		},
		"claim": func(ctx context.Context, s *MemoryStore, session string) error {
			claim, err := s.Claim(ctx, session, views, time.Minute)
			assert.Empty(t, claim.Messages)
			return err
		},
		"peek": func(ctx context.Context, s *MemoryStore, session string) error {
			messages, err := s.Peek(ctx, session, views)
			assert.Empty(t, messages)
			return err
		},
		"withdraw": func(ctx context.Context, s *MemoryStore, session string) error {
			return s.Withdraw(ctx, session, "/", "key")
		},
		"confirm": func(ctx context.Context, s *MemoryStore, session string) error {
			messages := Messages{message}
			return s.Confirm(ctx, Claim{session, messages, map[string]string{"/": "1"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := new(MemoryStore)
				for i := range many {
					require.NoError(t, s.Add(t.Context(), strconv.Itoa(i), message))
				}
				time.Sleep(24 * time.Hour)
				most := 0
				for i := range many {
					before := len(s.queues)
					require.NoError(t, call(t.Context(), s, strconv.Itoa(many-1-i)))
					most = max(most, before-len(s.queues))
				}
				assert.LessOrEqual(t, most, 2*expiredAtMost, "removed by one call")
				if name == "add" { // each ID was free again
					assert.Len(t, s.queues, many)
					waiting, err := s.Peek(t.Context(), "0", views)
					require.NoError(t, err)
					assert.Len(t, waiting, 1)
				} else {
					assert.Empty(t, s.queues)
				}
			})
		})
	}
}

// What was shown is gone within seconds, but for given IDs, of which an address keeps so many and no more.
func TestMemoryStoreKeepsLittleOfWhatWasShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(MemoryStore)
		show := func(session, id string) {
			require.NoError(t, s.Add(t.Context(), session, Message{ID: id, View: "/", Text: "x"}))
			claim, err := s.Claim(t.Context(), session, []string{"/"}, time.Minute)
			require.NoError(t, err)
			require.NoError(t, s.Confirm(t.Context(), claim))
		}
		for i := range 1000 {
			show(fmt.Sprint(i), newID())
		}
		assert.Len(t, s.queues, 1000)
		time.Sleep(rememberFor)
		for i := range 3 * rememberedAtMost {
			show("one session", fmt.Sprint("given ", i))
		}
		require.Len(t, s.queues, 1)
		for _, q := range s.queues {
			assert.Empty(t, q.messages)
			assert.Len(t, q.remembered.ids, rememberedAtMost)
		}
	})
}
