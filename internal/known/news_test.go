package known

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/queue"
)

// A line is a store that tells who watches it, unless it is bad.
type line struct {
	mu   sync.Mutex
	bad  bool
	wake func(queue.Wake)
}

func (l *line) setBad(bad bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bad = bad
}

func (l *line) tell(w queue.Wake) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.bad && l.wake != nil {
		l.wake(w)
	}
}

func (l *line) Watch(ctx context.Context, wake func(queue.Wake)) error {
	l.mu.Lock()
	l.wake = wake
	wake(queue.Wake{})
	l.mu.Unlock()
	<-ctx.Done()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wake = nil
	return ctx.Err()
}

func (l *line) Name(session string) string { return "hash of " + session }

func (l *line) TellEnd(_ context.Context, session string) error {
	l.tell(queue.Wake{Name: l.Name(session), Ends: true})
	return nil
}

// watching runs test while s watches l. It returns what the streams of the process heard.
func watching(t *testing.T, s *Sessions, l queue.Watcher, test func()) (heard []string) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Watching(l)(ctx, func(session string, ends bool) {
			if ends {
				session += " ends"
			}
			heard = append(heard, session)
		})
	}()
	synctest.Wait()
	test()
	cancel()
	<-done
	return heard
}

func (s *Sessions) learns(session string) bool {
	s.Learn(s.Look(session, "m", views))
	return s.Look(session, "m", views).Nothing
}

func TestNewsAreHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := New(time.Hour, 100), new(line)
		heard := watching(t, s, l, func() {
			assert.True(t, s.learns("hash of a"))
			assert.True(t, s.learns("hash of b"))
			l.tell(queue.Wake{Name: "hash of a"})
			assert.False(t, s.Look("hash of a", "m", views).Nothing)
			l.tell(queue.Wake{Name: "hash of b", Quiet: true})
			assert.False(t, s.Look("hash of b", "m", views).Nothing)
			l.tell(queue.Wake{Name: "hash of c", Ends: true})
			assert.True(t, s.learns("hash of a"))
			time.Sleep(10 * time.Minute)
			assert.True(t, s.Look("hash of a", "m", views).Nothing, "as long as news arrive")
		})
		assert.Equal(t, []string{"", "hash of a", "hash of c ends"}, heard,
			"streams hear neither of quiet adds nor of our own news")
		assert.False(t, s.learns("hash of a"), "nobody listens any more")
	})
}

// A connection that brings no news looks well. What was known ends all the same.
func TestNothingIsKnownIfNoNewsArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := New(time.Hour, 100), new(line)
		watching(t, s, l, func() {
			assert.True(t, s.learns("a"))
			time.Sleep(300 * time.Millisecond)
			l.setBad(true)
			time.Sleep(2*probeEvery - 301*time.Millisecond)
			assert.True(t, s.Look("a", "m", views).Nothing, "the next news may still arrive")
			time.Sleep(2 * time.Millisecond)
			assert.False(t, s.Look("a", "m", views).Nothing)
			assert.False(t, s.learns("a"))
			l.setBad(false)
			time.Sleep(probeEvery)
			assert.False(t, s.Look("a", "m", views).Nothing, "news were lost meanwhile")
			assert.True(t, s.learns("a"))
		})
	})
}

// A line that is mute from the beginning, because a right is missing, lets nothing be known.
func TestNothingIsKnownBeforeNewsArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := New(time.Hour, 100), &mute{}
		watching(t, s, l, func() {
			for range 10 {
				assert.False(t, s.learns("a"))
				time.Sleep(probeEvery)
			}
			assert.Equal(t, 1, l.told, "a call that hangs is not made again")
		})
	})
}

// A mute line hangs when it is to tell something.
type mute struct {
	line
	told int
}

func (l *mute) TellEnd(ctx context.Context, _ string) error {
	l.told++
	<-ctx.Done()
	return ctx.Err()
}

// The next connection begins anew.
func TestListeningAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, l := New(time.Hour, 100), new(line)
		for range 3 {
			watching(t, s, l, func() {
				assert.False(t, s.Look("a", "m", views).Nothing)
				assert.True(t, s.learns("a"))
				l.tell(queue.Wake{}) // the same connection may begin anew, too
				synctest.Wait()
				assert.False(t, s.Look("a", "m", views).Nothing)
				assert.True(t, s.learns("a"))
			})
		}
	})
}

func TestWithoutSessionsNewsGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s *Sessions
		l := new(line)
		heard := watching(t, s, l, func() {
			l.tell(queue.Wake{Name: "a"})
			l.tell(queue.Wake{Name: "b", Quiet: true})
			time.Sleep(time.Minute)
		})
		assert.Equal(t, []string{"", "a"}, heard)
	})
}
