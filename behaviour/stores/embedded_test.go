package stores_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// countsCalls counts the calls of a store that a type of the application's embeds, to count them,
// say, or to encrypt what is kept.
type countsCalls struct{ adds, claims, confirms, releases atomic.Int32 }

func (n *countsCalls) all() []int32 {
	return []int32{n.adds.Load(), n.claims.Load(), n.confirms.Load(), n.releases.Load()}
}

type embedsMemory struct {
	*flashgin.MemoryStore
	countsCalls
}

func (s *embedsMemory) Add(ctx context.Context, session string, msgs ...flashgin.Message) error {
	s.adds.Add(1)
	return s.MemoryStore.Add(ctx, session, msgs...)
}

func (s *embedsMemory) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (flashgin.Claim, error) {
	s.claims.Add(1)
	return s.MemoryStore.Claim(ctx, session, views, lease)
}

func (s *embedsMemory) Confirm(ctx context.Context, claim flashgin.Claim) error {
	s.confirms.Add(1)
	return s.MemoryStore.Confirm(ctx, claim)
}

func (s *embedsMemory) Release(ctx context.Context, claim flashgin.Claim) error {
	s.releases.Add(1)
	return s.MemoryStore.Release(ctx, claim)
}

type embedsRedis struct {
	*flashgin.RedisStore
	countsCalls
}

func (s *embedsRedis) Add(ctx context.Context, session string, msgs ...flashgin.Message) error {
	s.adds.Add(1)
	return s.RedisStore.Add(ctx, session, msgs...)
}

func (s *embedsRedis) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (flashgin.Claim, error) {
	s.claims.Add(1)
	return s.RedisStore.Claim(ctx, session, views, lease)
}

func (s *embedsRedis) Confirm(ctx context.Context, claim flashgin.Claim) error {
	s.confirms.Add(1)
	return s.RedisStore.Confirm(ctx, claim)
}

func (s *embedsRedis) Release(ctx context.Context, claim flashgin.Claim) error {
	s.releases.Add(1)
	return s.RedisStore.Release(ctx, claim)
}

// A type that embeds one of our stores has its unexported methods, too. None of them is called past
// a method that the type has of its own.
func TestStoresThatEmbedOurs(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (flashgin.Store, *countsCalls){
		"memory": func(*testing.T) (flashgin.Store, *countsCalls) {
			s := &embedsMemory{MemoryStore: new(flashgin.MemoryStore)}
			return s, &s.countsCalls
		},
		"redis": func(t *testing.T) (flashgin.Store, *countsCalls) {
			s := &embedsRedis{RedisStore: apptest.NewRedisStore(t, apptest.StartMiniredis(t))}
			return s, &s.countsCalls
		},
	} {
		for _, observer := range []flashgin.Observer{nil, new(apptest.Observed)} {
			t.Run(fmt.Sprintf("%s, observed %v", name, observer != nil), func(t *testing.T) {
				store, calls := open(t)
				a := apptest.NewApp(t, flashgin.Config{
					Store: store, Observer: observer,
					Timeout: time.Minute, AddTimeout: time.Minute, // the machine may be slow
				})
				a.Template("page", `page{{range flashes "info"}}[{{.Text}}]{{end}}`)
				a.GET("/", apptest.Page)
				a.POST("/", apptest.Add(t, apptest.Redirect("/"), flashgin.Info("hello"),
					flashgin.Error("of another kind")))
				visitor := a.Visitor()
				assert.Equal(t, http.StatusSeeOther, visitor.Post("/").Code)
				assert.Equal(t, "page[hello]", visitor.Get("/"))
				apptest.Eventually(t, "[1 1 1 1]", func() string { return fmt.Sprint(calls.all()) })
				assert.Empty(t, a.Failures.String())
			})
		}
	}
}

// pingsItself is a store with a Ping of its own. Its claims fail.
type pingsItself struct {
	*flashgin.RedisStore
	pings atomic.Int32
}

func (*pingsItself) Add(context.Context, string, ...flashgin.Message) error { return nil }

func (*pingsItself) Claim(
	context.Context, string, []string, time.Duration,
) (flashgin.Claim, error) {
	return flashgin.Claim{}, apptest.ErrDown
}

func (s *pingsItself) Ping(context.Context) error {
	s.pings.Add(1)
	return apptest.ErrDown
}

func TestAStoreThatEmbedsRedisStorePingsItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := redis.NewClient(&redis.Options{
			// go-redis looks a name up, which must not happen first in a bubble
			Addr: "127.0.0.1:6379",
			Dialer: func(context.Context, string, string) (net.Conn, error) {
				return nil, apptest.ErrDown
			},
		})
		defer client.Close()
		store := &pingsItself{RedisStore: apptest.NewRedisStore(t, client)}
		a, visitor := apptest.Guarded(t, store, flashgin.Config{})
		for range 5 {
			visitor.Get("/")
		}
		require.Len(t, a.Failures.All(), 5)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Positive(t, store.pings.Load())
	})
}
