package main

import (
	"context"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/redistest"
)

// textKey is that of a request's message in its context.
type textKey struct{}

// losses are the messages that were reported as lost since somebody asked.
type losses struct {
	mu    sync.Mutex
	names []string
}

// Observe implements flashgin.Observer.
func (l *losses) Observe(ctx context.Context, e flashgin.Event) {
	if name, ok := ctx.Value(textKey{}).(string); ok && e.Kind == flashgin.EventLost {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.names = append(l.names, name)
	}
}

func (l *losses) take() (names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	names, l.names = l.names, nil
	return names
}

// processState is what a web server tells of itself.
type processState struct {
	Goroutines int
	Resident   int // KB
	Heap       int // KB
	Lost       []string
}

const (
	longStatePath = "/state"
	longJobPath   = "/job"
	longFormPath  = "/form/"
)

// longViews are where the messages of the long run wait. A user's page reads one and the last.
var longViews = []string{"/orders/0", "/orders/1", "/orders/2", flashgin.Anywhere}

// longApp is the web server of the long run. It asks the sentinels at addrs where Redis is.
func longApp(addrs string, timeout time.Duration) http.Handler {
	store, err := flashgin.NewRedisStore(redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: redistest.MasterName, SentinelAddrs: strings.Split(addrs, ","),
	}), flashgin.RedisConfig{
		App: "shop", Cap: 1000, // a page that is late loses nothing to the cap
		TTL: 3 * time.Hour, // IDs are remembered for as long, though the clock jumps by an hour
	})
	if err != nil {
		panic(err)
	}
	lost := new(losses)
	a := newApp(flashgin.Config{Store: store, Timeout: timeout, Observer: lost},
		func(c *gin.Context) {
			if name := c.Query("text"); name != "" {
				ctx := context.WithValue(c.Request.Context(), textKey{}, name)
				c.Request = c.Request.WithContext(ctx)
			}
		})
	a.messenger.Mount(a)
	a.POST(longJobPath, func(c *gin.Context) {
		var msgs []flashgin.Message
		for _, name := range c.QueryArray("name") {
			m := flashgin.Success(name).At(c.Query("view"))
			m.ID = name
			msgs = append(msgs, m)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if err := a.messenger.Add(ctx, c.Query("to"), msgs...); err != nil {
			c.String(http.StatusServiceUnavailable, err.Error())
		}
	})
	a.POST(longFormPath+":id", func(c *gin.Context) {
		to := "/orders/" + c.Param("id")
		if flashgin.RedirectFlash(c, to, flashgin.Success(c.Query("text"))) != nil {
			c.Status(http.StatusInternalServerError)
		}
	})
	a.GET(longStatePath, func(c *gin.Context) {
		var memory runtime.MemStats
		state := processState{Lost: lost.take()}
		if c.Query("memory") != "" {
			debug.FreeOSMemory() // after a collection
			runtime.ReadMemStats(&memory)
			state.Goroutines, state.Resident = runtime.NumGoroutine(), resident()
			state.Heap = int(memory.HeapAlloc >> 10)
		}
		c.JSON(http.StatusOK, state)
	})
	return a
}
