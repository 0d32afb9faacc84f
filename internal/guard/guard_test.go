package guard

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errDown = errors.New("down")

func ignore(int, error, bool) {}

// inBubble runs f with a guard that is closed afterwards.
func inBubble(t *testing.T, cfg Config, f func(t *testing.T, g *Guard)) {
	synctest.Test(t, func(t *testing.T) {
		g := New(cfg)
		f(t, g)
		require.NoError(t, g.Close(context.Background()))
		require.NoError(t, g.Close(context.Background()), "again")
	})
}

func TestCallReturnsWhatTheCallDoes(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *Guard) {
		value, err := Call(context.Background(), g, Options{},
			func(context.Context) (int, error) { return 7, nil },
			func(value int, err error, late bool) {
				assert.Equal(t, 7, value)
				assert.NoError(t, err)
				assert.False(t, late)
			})
		assert.NoError(t, err)
		assert.Equal(t, 7, value)

		_, err = Call(context.Background(), g, Options{},
			func(context.Context) (int, error) { panic("oh") }, func(int, error, bool) {})
		assert.ErrorContains(t, err, "a call of the store panicked: oh")
	})
}

// A caller waits for a call that hangs as long as Wait says, or its context. Of the result that
// comes later only ended is told.
func TestCallDoesNotWaitForever(t *testing.T) {
	for name, gone := range map[string]bool{
		"the wait is over": false, "the caller has gone": true,
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, g *Guard) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				if gone {
					time.AfterFunc(50*time.Millisecond, cancel)
				}
				start := time.Now()
				var told atomic.Bool
				_, err := Call(ctx, g, Options{Wait: 100 * time.Millisecond},
					func(context.Context) (int, error) { time.Sleep(time.Second); return 7, nil },
					func(value int, err error, late bool) {
						assert.Equal(t, 7, value)
						assert.True(t, late)
						told.Store(true)
					})
				if gone {
					assert.ErrorIs(t, err, context.Canceled)
					assert.Equal(t, 50*time.Millisecond, time.Since(start))
				} else {
					assert.ErrorContains(t, err, "did not answer within 100ms")
					assert.Equal(t, 100*time.Millisecond, time.Since(start))
				}
				assert.False(t, told.Load())
				time.Sleep(time.Second)
				synctest.Wait()
				assert.True(t, told.Load())
			})
		})
	}
}

// A goroutine that has ended a call takes the next one, waits for it a while, and ends with Close.
func TestSparesTakeTheNextCall(t *testing.T) {
	inBubble(t, Config{Spares: true}, func(t *testing.T, g *Guard) {
		calls := func(n int) {
			var all sync.WaitGroup
			for range n {
				all.Go(func() {
					_, err := Call(context.Background(), g, Options{},
						func(context.Context) (int, error) {
							time.Sleep(time.Millisecond)
							return 0, nil
						}, ignore)
					assert.NoError(t, err)
				})
			}
			all.Wait()
			synctest.Wait()
		}
		calls(1)
		assert.EqualValues(t, 1, g.running.Load())
		calls(1)
		assert.EqualValues(t, 1, g.running.Load(), "the same")
		calls(3)
		assert.EqualValues(t, 3, g.running.Load())
		time.Sleep(spareFor)
		synctest.Wait()
		assert.Zero(t, g.running.Load())
		calls(2)
		start := time.Now()
		assert.NoError(t, g.Close(context.Background()))
		assert.Zero(t, g.running.Load())
		assert.Zero(t, time.Since(start))
	})
}

// A closed Guard makes calls as before, and no caller waits longer.
func TestCallAfterClose(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *Guard) {
		require.NoError(t, g.Close(context.Background()))
		start := time.Now()
		_, err := Call(context.Background(), g, Options{Wait: 100 * time.Millisecond},
			func(ctx context.Context) (int, error) {
				time.Sleep(4 * time.Second)
				return 0, nil
			}, ignore)
		assert.Error(t, err)
		assert.Equal(t, 100*time.Millisecond, time.Since(start))
		start = time.Now()
		g.Background(100*time.Millisecond, func() { time.Sleep(4 * time.Second) })
		assert.Equal(t, 100*time.Millisecond, time.Since(start))
		ended := false
		g.Background(time.Hour, func() { ended = true })
		assert.True(t, ended, "a closed Guard puts nothing off")
		time.Sleep(5 * time.Second)
	})
}

// attemptsOf makes a call whose attempts fail the first n times, and returns when they began.
func attemptsOf(g *Guard, e Effort, n int) (began []time.Duration, err error) {
	var mu sync.Mutex
	start := time.Now()
	_, err = Call(context.Background(), g, Options{Effort: e}, func(context.Context) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		began = append(began, time.Since(start))
		if len(began) <= n {
			return 0, errDown
		}
		return 0, nil
	}, ignore)
	return began, err
}

func TestAttemptsThatFail(t *testing.T) {
	const ms = time.Millisecond
	for _, test := range []struct {
		name   string
		effort Effort
		fail   int
		began  []time.Duration
		err    error
	}{
		{"none", AFewTimes, 0, []time.Duration{0}, nil},
		{"one", AFewTimes, 1, []time.Duration{0, 50 * ms}, nil},
		{"two", AFewTimes, 2, []time.Duration{0, 50 * ms, 150 * ms}, nil},
		{"all", AFewTimes, 3, []time.Duration{0, 50 * ms, 150 * ms}, errDown},
		{"the only one", Effort{}, 1, []time.Duration{0}, errDown},
		{"the pause doubles until the call ends", UntilEnd, 1000,
			[]time.Duration{0, 50 * ms, 150 * ms, 350 * ms, 750 * ms, 1550 * ms}, errDown},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, g *Guard) {
				began, err := attemptsOf(g, test.effort, test.fail)
				assert.Equal(t, test.began, began)
				assert.ErrorIs(t, err, test.err)
			})
		})
	}
}

// An attempt that hangs is joined by another. The first success counts, and what comes after it
// does not matter.
func TestAttemptsThatHang(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *Guard) {
		var calls, ended atomic.Int32
		start := time.Now()
		_, err := Call(context.Background(), g, Options{Effort: AFewTimes},
			func(context.Context) (int, error) {
				if calls.Add(1) == 1 {
					time.Sleep(5 * time.Second) // deaf for its context
					return 0, errDown
				}
				return 0, nil
			}, func(int, error, bool) { ended.Add(1) })
		assert.NoError(t, err)
		assert.Equal(t, AFewTimes.Patience, time.Since(start))
		time.Sleep(time.Minute)
		assert.EqualValues(t, 2, calls.Load())
		assert.EqualValues(t, 1, ended.Load())
	})
}

// What a call that is deaf for its time limit returns after that counts, as long as the context
// lasts.
func TestAttemptsThatReturnLate(t *testing.T) {
	for range 20 { // Go picks among what is ready
		inBubble(t, Config{}, func(t *testing.T, g *Guard) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			start := time.Now()
			_, err := Try(ctx, g, UntilEnd, func(context.Context) (int, error) {
				time.Sleep(3 * CallTimeout / 2)
				return 0, nil
			})
			assert.NoError(t, err)
			assert.Equal(t, 3*CallTimeout/2, time.Since(start))
		})
	}
}

// If all attempts hang, deaf for their contexts, the caller is told when the call has to end.
func TestAttemptsThatAllHang(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *Guard) {
		var calls, ended atomic.Int32
		start := time.Now()
		_, err := Call(context.Background(), g, Options{Effort: AFewTimes},
			func(context.Context) (int, error) {
				calls.Add(1)
				time.Sleep(10 * time.Second)
				return 0, nil
			}, func(int, error, bool) { ended.Add(1) })
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, CallTimeout, time.Since(start))
		time.Sleep(time.Minute)
		assert.EqualValues(t, AFewTimes.Attempts, calls.Load())
		assert.EqualValues(t, 1, ended.Load())
	})
}

func TestBackgroundTriesUntilItsContextEnds(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *Guard) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		start := time.Now()
		var calls atomic.Int32
		results := make(chan error, 1)
		g.Background(0, func() {
			_, err := Try(ctx, g, UntilEnd, func(context.Context) (int, error) {
				calls.Add(1)
				return 0, errDown
			})
			results <- err
		})
		assert.ErrorIs(t, <-results, errDown)
		assert.Equal(t, 10*time.Second, time.Since(start))
		assert.Greater(t, calls.Load(), int32(8))
		assert.Less(t, calls.Load(), int32(20))
	})
}

// Close waits for what runs in the background, and no longer than its context allows.
func TestCloseWaits(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, g *Guard) {
		g.Background(0, func() { time.Sleep(time.Second) })
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		assert.ErrorIs(t, g.Close(ctx), context.DeadlineExceeded)
		start := time.Now()
		assert.NoError(t, g.Close(context.Background()))
		assert.Equal(t, 900*time.Millisecond, time.Since(start))
	})
}

// The breaker opens after failures in a row, and the probe closes it.
func TestBreaker(t *testing.T) {
	var down atomic.Bool
	down.Store(true)
	var changes []bool
	cfg := Config{
		Ping: func(context.Context, string) error {
			if down.Load() {
				return errDown
			}
			return nil
		},
		Changed: func(_ context.Context, node string, open bool) {
			assert.Equal(t, "a", node)
			changes = append(changes, open)
		},
	}
	inBubble(t, cfg, func(t *testing.T, g *Guard) {
		fail := func(context.Context) (int, error) { return 0, errDown }
		for range failuresToOpen {
			_, err := Call(context.Background(), g, Options{Node: g.Node("a")}, fail, ignore)
			assert.ErrorIs(t, err, errDown)
		}
		_, err := Call(context.Background(), g, Options{Node: g.Node("a")}, fail, ignore)
		assert.ErrorIs(t, err, ErrDown)
		_, err = Call(context.Background(), g, Options{Node: g.Node("b")}, fail, ignore)
		assert.ErrorIs(t, err, errDown, "another server")
		start := time.Now()
		o := Options{Node: g.Node("a"), Wait: time.Hour, WaitDown: time.Millisecond}
		_, err = Call(context.Background(), g, o, func(context.Context) (int, error) {
			time.Sleep(time.Second)
			return 0, nil
		}, ignore)
		assert.Error(t, err)
		assert.Equal(t, time.Millisecond, time.Since(start), "called anyway")
		time.Sleep(time.Minute)
		down.Store(false)
		time.Sleep(probeEvery)
		synctest.Wait()
		_, err = Call(context.Background(), g, Options{Node: g.Node("a")}, fail, ignore)
		assert.ErrorIs(t, err, errDown, "it is asked again")
		assert.Equal(t, []bool{true, false}, changes)
	})
}

// Calls that hang take no more than their places. Others wait for a place as long as they wait for
// an answer.
func TestCallsInFlightAreBounded(t *testing.T) {
	inBubble(t, Config{
		Ping: func(context.Context, string) error { return nil },
	}, func(t *testing.T, g *Guard) {
		node := g.Node("a")
		slow := func(context.Context) (int, error) { time.Sleep(time.Second); return 0, nil }
		var group sync.WaitGroup
		for range inFlightAtMost {
			group.Go(func() {
				_, err := Call(context.Background(), g, Options{Node: node}, slow, ignore)
				assert.NoError(t, err)
			})
		}
		synctest.Wait()
		start := time.Now()
		short := Options{Node: node, Wait: 100 * time.Millisecond}
		_, err := Call(context.Background(), g, short, slow, ignore)
		assert.ErrorIs(t, err, ErrBusy)
		assert.Equal(t, short.Wait, time.Since(start))
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_, err = Call(ctx, g, Options{Node: node}, slow, ignore)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		long := Options{Node: node, Wait: time.Minute}
		quick := func(context.Context) (int, error) { return 1, nil }
		_, err = Call(context.Background(), g, long, quick, ignore)
		assert.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(start), "as soon as there is a place")
		group.Wait()
		_, err = Call(context.Background(), g, Options{Node: node}, slow, ignore)
		assert.NoError(t, err)
	})
}
