package flashgin

import (
	"context"
	"fmt"
	"html/template"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
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
		assert.Equal(t, recount(s), s.Stats())
	})
}

// held returns how many bytes of the heap are in use.
func held() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// What the store says it holds is what it takes of the heap, whatever the messages.
func TestMemoryStoreCountsBytes(t *testing.T) {
	short, long := "Your settings have been changed.", strings.Repeat("x", 2000)
	for name, add := range map[string]func(i int) (session string, m Message){
		"a message a session": func(i int) (string, Message) {
			return strconv.Itoa(i), Message{View: "/problems/" + strconv.Itoa(i), Text: short}
		},
		"a hundred views a session": func(i int) (string, Message) {
			return strconv.Itoa(i / 100), Message{View: "/problems/" + strconv.Itoa(i), Text: short}
		},
		"fifty messages a view": func(i int) (string, Message) {
			return strconv.Itoa(i / 50), Message{View: "/problems", Text: short}
		},
		"long messages": func(i int) (string, Message) {
			return strconv.Itoa(i), Message{View: "/problems", Title: long, Text: long}
		},
		"with data and a link": func(i int) (string, Message) {
			data := map[string]string{"order": strconv.Itoa(i), "customer": "somebody"}
			link := &Link{Label: "View order", URL: "/orders/" + strconv.Itoa(i)}
			return strconv.Itoa(i), Message{View: "/orders", Text: short, Data: data, Link: link}
		},
		"parts of large strings": func(i int) (string, Message) {
			body := strings.Repeat("x", 8000) + strconv.Itoa(i)
			data := map[string]string{body[:10]: body[10:20]}
			link := &Link{body[:10], body[10:20]}
			m := Message{"/" + body[:10], Status(body[:5]), body[:10], body[:10], template.HTML(body[:10]), false, link,
				data, body[:10], body[7990:], 0, time.Time{}}
			return body[7990:], m
		},
	} {
		t.Run(name, func(t *testing.T) {
			const messages = 20_000
			s, before := new(MemoryStore), held()
			for i := range messages {
				session, m := add(i)
				if m.ID == "" {
					m.ID = newID()
				}
				require.NoError(t, s.Add(t.Context(), session, m))
			}
			took := held() - before
			stats := s.Stats()
			t.Logf("%d bytes a message, counted as %d", took/messages, stats.Bytes/messages)
			assert.Equal(t, messages, stats.Messages)
			assert.InEpsilon(t, took, stats.Bytes, 0.25)
			runtime.KeepAlive(s)
		})
	}
}

// recount returns what Stats should.
func recount(s *MemoryStore) (stats MemoryStats) {
	sessions := map[string]bool{}
	for _, q := range s.queues {
		stats.Bytes += queueBytes + len(q.address.session) + len(q.address.view)
		for _, m := range q.messages {
			stats.Messages++
			stats.Bytes += m.size()
			sessions[q.address.session] = true
		}
		for _, gone := range q.remembered.ids {
			stats.Bytes += idBytes + len(gone.id)
		}
	}
	stats.Sessions = len(sessions)
	return stats
}

// Whatever is called in whichever order, the counts are those of what is there.
func TestMemoryStoreCountsWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &MemoryStore{TTL: time.Minute, Cap: 3, Views: 3, MaxBytes: 12_000}
		random := rand.New(rand.NewPCG(1, 2))
		pick := func(n int) string { return strconv.Itoa(random.IntN(n)) }
		var claims []Claim
		most := MemoryStats{}
		for range 20_000 {
			session, views := pick(6), []string{pick(6), pick(6)}
			switch random.IntN(6) {
			case 0, 1, 2:
				m := Message{ID: pick(50), Key: []string{"", "", "key"}[random.IntN(3)], View: pick(6), Text: pick(1e6)}
				m.TTL = []time.Duration{0, time.Second, time.Hour}[random.IntN(3)]
				if random.IntN(2) == 0 {
					m.ID = newID()
				}
				require.NoError(t, s.Add(t.Context(), session, m))
			case 3:
				claim, err := s.Claim(t.Context(), session, views, time.Duration(random.IntN(5))*time.Second)
				require.NoError(t, err)
				claims = append(claims, claim)
			case 4:
				if len(claims) == 0 {
					continue
				}
				settle := []func(context.Context, Claim) error{s.Confirm, s.Release}[random.IntN(2)]
				require.NoError(t, settle(t.Context(), claims[random.IntN(len(claims))]))
				claims = claims[max(len(claims)-5, 0):]
			case 5:
				require.NoError(t, s.Withdraw(t.Context(), session, views[0], "key"))
			}
			time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond)

			got := s.Stats()
			require.Equal(t, recount(s), got)
			most = MemoryStats{max(most.Sessions, got.Sessions), max(most.Messages, got.Messages), max(most.Bytes, got.Bytes)}
		}
		t.Logf("at the most: %+v", most)
		assert.Greater(t, most.Bytes, 11_000, "the bound has a part in this")
	})
}
