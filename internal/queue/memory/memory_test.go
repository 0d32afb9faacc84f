package memory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/queue"
)

func newStore(cfg Config[string]) *Store[string] {
	cfg.Clone = func(value string) string { return value }
	cfg.Keep = func(value string) string { return value }
	cfg.Size = func(value string) int { return len(value) }
	return New(cfg)
}

func addItems(t *testing.T, s *Store[string], session string, items ...queue.Item[string]) {
	t.Helper()
	require.NoError(t, s.Add(t.Context(), session, items, false))
}

// Most sessions are never opened again. They must not stay in memory for ever, although no
// goroutine removes them.
func TestStoreDoesNotGrow(t *testing.T) {
	for _, test := range []struct {
		name string
		use  func(t *testing.T, s *Store[string], session string)
	}{
		{"added", func(t *testing.T, s *Store[string], session string) {
			addItems(t, s, session, queue.Item[string]{ID: queue.NewID(), View: "/", Value: "x"},
				queue.Item[string]{ID: "given", View: "/other", Value: "x"})
		}},
		{"claimed and never settled", func(t *testing.T, s *Store[string], session string) {
			addItems(t, s, session, queue.Item[string]{ID: queue.NewID(), View: "/", Value: "x"})
			_, err := s.Claim(t.Context(), session, []string{"/"}, time.Hour)
			require.NoError(t, err)
		}},
		{"only looked for", func(t *testing.T, s *Store[string], session string) {
			_, err := s.Peek(t.Context(), session, []string{"/"})
			require.NoError(t, err)
			_, err = s.Claim(t.Context(), session, []string{"/"}, time.Hour)
			require.NoError(t, err)
			require.NoError(t, s.Withdraw(t.Context(), session, "/", "key"))
			_, err = s.Confirm(t.Context(), queue.Claim[string]{
				Session: session, Items: []queue.Item[string]{{View: "/"}},
				Tickets: map[string]string{"/": "1"},
			})
			require.NoError(t, err)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore(Config[string]{TTL: time.Minute})
				for round := range 5 {
					for i := range 1000 {
						test.use(t, s, fmt.Sprint(round, "-", i))
					}
					assert.LessOrEqual(t, len(s.lines), 2000)
					assert.Len(t, s.expiring, len(s.lines))
					time.Sleep(time.Minute)
				}
				for range 2000/expiredAtMost + 1 {
					_, err := s.Peek(t.Context(), "anybody", []string{"/"})
					require.NoError(t, err)
				}
				assert.Empty(t, s.lines)
				assert.Empty(t, s.expiring)
			})
		})
	}
}

// No call removes everything that has expired at once. Calls do not see what is not yet removed.
func TestStoreExpiresInSteps(t *testing.T) {
	const many = 20_000
	item := queue.Item[string]{ID: "given", View: "/", Value: "x"}
	views := []string{"/"}
	type call func(ctx context.Context, s *Store[string], session string) error
	for name, call := range map[string]call{
		"add": func(ctx context.Context, s *Store[string], session string) error {
			return s.Add(ctx, session, []queue.Item[string]{item}, false)
		},
		"claim": func(ctx context.Context, s *Store[string], session string) error {
			claim, err := s.Claim(ctx, session, views, time.Minute)
			assert.Empty(t, claim.Items)
			return err
		},
		"peek": func(ctx context.Context, s *Store[string], session string) error {
			items, err := s.Peek(ctx, session, views)
			assert.Empty(t, items)
			return err
		},
		"withdraw": func(ctx context.Context, s *Store[string], session string) error {
			return s.Withdraw(ctx, session, "/", "key")
		},
		"confirm": func(ctx context.Context, s *Store[string], session string) error {
			_, err := s.Confirm(ctx, queue.Claim[string]{
				Session: session, Items: []queue.Item[string]{item},
				Tickets: map[string]string{"/": "1"},
			})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStore(Config[string]{})
				for i := range many {
					addItems(t, s, strconv.Itoa(i), item)
				}
				time.Sleep(24 * time.Hour)
				most := 0
				for i := range many {
					before := len(s.lines)
					require.NoError(t, call(t.Context(), s, strconv.Itoa(many-1-i)))
					most = max(most, before-len(s.lines))
				}
				assert.LessOrEqual(t, most, 2*expiredAtMost, "removed by one call")
				if name == "add" { // each ID was free again
					assert.Len(t, s.lines, many)
					waiting, err := s.Peek(t.Context(), "0", views)
					require.NoError(t, err)
					assert.Len(t, waiting, 1)
				} else {
					assert.Empty(t, s.lines)
				}
			})
		})
	}
}

// Items that were shown leave memory within seconds. A line remembers given IDs for longer, up to a
// number.
func TestStoreKeepsLittleOfWhatWasShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(Config[string]{})
		show := func(session, id string) {
			addItems(t, s, session, queue.Item[string]{ID: id, View: "/", Value: "x"})
			claim, err := s.Claim(t.Context(), session, []string{"/"}, time.Minute)
			require.NoError(t, err)
			shown, err := s.Confirm(t.Context(), claim)
			require.NoError(t, err)
			assert.Equal(t, 1, shown)
		}
		for i := range 1000 {
			show(fmt.Sprint(i), queue.NewID())
		}
		assert.Len(t, s.lines, 1000)
		time.Sleep(queue.RememberFor)
		for i := range 3 * queue.RememberedAtMost {
			show("one session", fmt.Sprint("given ", i))
		}
		require.Len(t, s.lines, 1)
		for _, l := range s.lines {
			assert.Empty(t, l.entries)
			assert.Len(t, l.remembered.ids, queue.RememberedAtMost)
		}
		assert.Equal(t, recount(s), s.Stats())
	})
}

// recount counts what Stats tells.
func recount(s *Store[string]) (stats Stats) {
	sessions := map[string]bool{}
	for _, l := range s.lines {
		stats.Bytes += lineBytes + len(l.address.session) + len(l.address.view)
		for _, e := range l.entries {
			stats.Items++
			stats.Bytes += s.size(e)
			sessions[l.address.session] = true
		}
		for _, gone := range l.remembered.ids {
			stats.Bytes += idBytes + len(gone.id)
		}
	}
	stats.Sessions = len(sessions)
	return stats
}

// The counts are right after any calls in any order.
func TestStoreCountsWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(Config[string]{TTL: time.Minute, Cap: 3, Views: 3, MaxBytes: 12_000})
		random := rand.New(rand.NewPCG(1, 2))
		pick := func(n int) string { return strconv.Itoa(random.IntN(n)) }
		var claims []queue.Claim[string]
		most := Stats{}
		for range 20_000 {
			session, views := pick(6), []string{pick(6), pick(6)}
			switch random.IntN(6) {
			case 0, 1, 2:
				item := queue.Item[string]{ID: pick(50), View: pick(6), Value: pick(1e6)}
				item.Key = []string{"", "", "key"}[random.IntN(3)]
				item.TTL = []time.Duration{0, time.Second, time.Hour}[random.IntN(3)]
				if random.IntN(2) == 0 {
					item.ID = queue.NewID()
				}
				addItems(t, s, session, item)
			case 3:
				lease := time.Duration(random.IntN(5)) * time.Second
				claim, err := s.Claim(t.Context(), session, views, lease)
				require.NoError(t, err)
				claims = append(claims, claim)
			case 4:
				if len(claims) == 0 {
					continue
				}
				settle := s.Confirm
				if random.IntN(2) == 0 {
					settle = s.Release
				}
				_, err := settle(t.Context(), claims[random.IntN(len(claims))])
				require.NoError(t, err)
				claims = claims[max(len(claims)-5, 0):]
			case 5:
				require.NoError(t, s.Withdraw(t.Context(), session, views[0], "key"))
			}
			time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)

			got := s.Stats()
			require.Equal(t, recount(s), got)
			most.Sessions, most.Items = max(most.Sessions, got.Sessions), max(most.Items, got.Items)
			most.Bytes = max(most.Bytes, got.Bytes)
		}
		t.Logf("at the most: %+v", most)
		assert.Greater(t, most.Bytes, 11_000, "the bound has a part in this")
	})
}
