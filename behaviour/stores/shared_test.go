package stores_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/redistest"
)

// Several Messengers may use one store, such as one for each engine. Each hears what was dropped.
func TestMessengersOfOneStoreAllHearOfDrops(t *testing.T) {
	stores := map[string]func(t *testing.T) flashgin.Store{
		"memory": func(*testing.T) flashgin.Store { return &flashgin.MemoryStore{Cap: 1} },
		"Redis": func(t *testing.T) flashgin.Store {
			client := redistest.Start(t).Client()
			return apptest.NewRedisStoreWith(t, client, flashgin.RedisConfig{Cap: 1})
		},
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			store := open(t)
			var mu sync.Mutex
			heard := map[string]int{}
			messenger := func(name string) *flashgin.Messenger {
				m, err := flashgin.New(flashgin.Config{
					Store: store,
					OnError: func(context.Context, error) {
						mu.Lock()
						defer mu.Unlock()
						heard[name]++
					},
				})
				require.NoError(t, err)
				t.Cleanup(func() { assert.NoError(t, m.Close(context.Background())) })
				return m
			}
			first, _ := messenger("first"), messenger("second")
			for i := range 2 {
				msg := flashgin.Info(fmt.Sprint(i)).At("/a")
				require.NoError(t, first.Add(t.Context(), "session", msg))
			}
			mu.Lock()
			defer mu.Unlock()
			assert.Equal(t, map[string]int{"first": 1, "second": 1}, heard)
		})
	}
}

// ownStore is a store of another package.
type ownStore struct{ *flashgin.RedisStore }

func (s *ownStore) Add(ctx context.Context, session string, msgs ...flashgin.Message) error {
	return s.RedisStore.Add(ctx, session, msgs...)
}

func (s *ownStore) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (flashgin.Claim, error) {
	return s.RedisStore.Claim(ctx, session, views, lease)
}

// New refuses a store with which every call would fail, and says what to do.
func TestNewRefusesAStoreThatCannotWork(t *testing.T) {
	for _, test := range []struct {
		name  string
		store flashgin.Store
		want  []string
	}{
		{"a nil RedisStore", (*flashgin.RedisStore)(nil),
			[]string{"Config.Store", "nil *flashgin.RedisStore", "NewRedisStore"}},
		{"a nil MemoryStore", (*flashgin.MemoryStore)(nil),
			[]string{"Config.Store", "nil *flashgin.MemoryStore"}},
		{"a nil store of somebody", (*ownStore)(nil), []string{"Config.Store", "nil *stores_test"}},
		{"a RedisStore without a client", new(flashgin.RedisStore),
			[]string{"Config.Store", "NewRedisStore"}},
		{"one that embeds such a RedisStore", &ownStore{new(flashgin.RedisStore)},
			[]string{"Config.Store", "NewRedisStore"}},
		{"one that embeds no RedisStore", &ownStore{}, []string{"Config.Store", "NewRedisStore"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var err error
			require.NotPanics(t, func() {
				_, err = flashgin.New(flashgin.Config{Store: test.store})
			})
			require.Error(t, err)
			for _, want := range test.want {
				assert.Contains(t, err.Error(), want)
			}
		})
	}
}
