package flashgin

import (
	"fmt"
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
				_, err := s.Peek(t.Context(), "anybody", []string{"/"})
				require.NoError(t, err)
				assert.Empty(t, s.queues)
				assert.Empty(t, s.expiring)
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
