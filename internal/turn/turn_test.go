package turn_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/turn"
)

var errOwn = errors.New("own")

func fails() error { return errOwn }

// One goroutine at a time has the turn.
func TestOneAtATime(t *testing.T) {
	var at turn.Turn
	var group sync.WaitGroup
	n := 0
	for range 100 {
		group.Go(func() { _ = at.Do("f", func() error { n++; return nil }) })
	}
	group.Wait()
	assert.Equal(t, 100, n)
	assert.ErrorIs(t, at.Do("f", fails), errOwn)
}

// Who has the turn neither waits for itself nor goes on for ever.
func TestNestedCalls(t *testing.T) {
	var at turn.Turn
	calls := 0
	var again func() error
	again = func() error {
		calls++
		return errors.Join(at.Do("again", again), at.Do("again", again))
	}
	assert.ErrorContains(t, at.Do("f", again), "again calls flashgin for its own request")
	assert.Equal(t, 8, calls, "each calls twice, but none after the first that was too deep")
	assert.ErrorIs(t, at.Do("f", fails), errOwn, "that is over")
}

// A panic is an error, and ends the turn.
func TestPanic(t *testing.T) {
	var at turn.Turn
	for range 2 {
		assert.ErrorContains(t, at.Do("Config.View", func() error { panic("on purpose") }),
			"Config.View")
	}
}

// What is taken is left by who took it, and others wait until then: the race detector tells.
func TestTakeAndLeave(t *testing.T) {
	var at turn.Turn
	n := 0
	assert.True(t, at.Take())
	done := make(chan error)
	go func() {
		done <- at.Do("f", func() error {
			assert.False(t, at.Take(), "it has the turn")
			n++
			return nil
		})
	}()
	for range 1000 {
		n++
	}
	at.Leave()
	assert.NoError(t, <-done)
	assert.Equal(t, 1001, n)
}

const here = "github.com/flashgin/flashgin/internal/turn_test.TestRuns"

func TestRuns(t *testing.T) {
	assert.True(t, turn.Runs(here))
	assert.False(t, turn.Runs(here+"Elsewhere"))
	var deep func(int) bool
	deep = func(n int) bool {
		if n == 0 {
			return turn.Runs("none")
		}
		return deep(n - 1)
	}
	assert.True(t, deep(300), "nobody can tell")
}
