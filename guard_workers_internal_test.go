package flashgin

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newReusing returns a guard as a RedisStore has it.
func newReusing() *guard {
	return newGuard(Config{Store: new(RedisStore)}.withDefaults(), &reporter{})
}

// runAtOnce has n calls run at the same time, and waits for them.
func runAtOnce(g *guard, n int) {
	var group sync.WaitGroup
	gate := make(chan struct{})
	for range n {
		group.Add(1)
		g.start(func() {
			defer group.Done()
			<-gate
		})
	}
	close(gate)
	group.Wait()
}

func (g *guard) spare() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.spares)
}

// Goroutines wait for further calls: not too many, and not for long.
func TestSpareWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newReusing()
		before := runtime.NumGoroutine()
		for range 3 {
			runAtOnce(g, 5)
			synctest.Wait()
			assert.Equal(t, 5, g.spare())
			assert.Equal(t, before+5, runtime.NumGoroutine(), "the same ones again")
		}
		runAtOnce(g, 3*sparesAtMost)
		synctest.Wait()
		assert.Equal(t, sparesAtMost, g.spare())
		for range 3 { // one call at a time keeps one of them
			time.Sleep(spareFor / 2)
			runAtOnce(g, 1)
		}
		synctest.Wait()
		assert.Equal(t, 1, g.spare())
		time.Sleep(2 * spareFor)
		assert.Zero(t, g.spare())
		assert.Equal(t, before, runtime.NumGoroutine())
		runAtOnce(g, 1)
		synctest.Wait()
		assert.Equal(t, 1, g.spare(), "and they come back")
		require.NoError(t, g.close(context.Background()))
	})
}

// Tests of applications run other stores in bubbles, and need not close the Messenger.
func TestOtherStoresHaveNoSpareWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(Config{Store: new(MemoryStore)}.withDefaults(), &reporter{})
		runAtOnce(g, 5)
		synctest.Wait()
		assert.Zero(t, g.spare())
	})
}

// A closed guard keeps nobody, and still runs what somebody waits for.
func TestSpareWorkersEndWithClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newReusing()
		before := runtime.NumGoroutine()
		runAtOnce(g, 5)
		synctest.Wait()
		require.NoError(t, g.close(context.Background()))
		require.NoError(t, g.close(context.Background()))
		synctest.Wait()
		assert.Equal(t, before, runtime.NumGoroutine())
		runAtOnce(g, 5)
		synctest.Wait()
		assert.Zero(t, g.spare())
		assert.Equal(t, before, runtime.NumGoroutine())
	})
}

// A call that ends its goroutine, as a failing test does, is counted, and its goroutine is not used again.
func TestAWorkerWhoseGoroutineEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newReusing()
		g.start(runtime.Goexit)
		synctest.Wait()
		assert.Zero(t, g.spare())
		require.NoError(t, g.close(context.Background()))
		assert.Zero(t, g.running)
	})
}
