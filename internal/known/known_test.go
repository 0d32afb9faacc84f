package known

import (
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

var views = []string{"/orders/5", "/orders/:id", "*"}

// learned returns a Sessions that listens, and knows that nothing waits for "a" with the mark "m".
func learned(atMost int) *Sessions {
	s := New(2*time.Second, atMost)
	s.Listen()
	s.Learn(s.Look("a", "m", views))
	return s
}

func TestNothingIsKnownBeforeItIsLearned(t *testing.T) {
	s := New(time.Second, 100)
	s.Listen()
	assert.False(t, s.Look("a", "m", views).Nothing)
	s.Learn(s.Look("a", "m", views))
	assert.True(t, s.Look("a", "m", views).Nothing)
}

// What is known of one session, mark or page says nothing of another.
func TestWhatIsKnownIsOfOnePage(t *testing.T) {
	s := learned(100)
	for name, look := range map[string]Look{
		"another session": s.Look("b", "m", views),
		"another mark":    s.Look("a", "n", views),
		"no mark":         s.Look("a", "", views),
		"fewer views":     s.Look("a", "m", views[:2]),
		"no view":         s.Look("a", "m", nil),
		"other cuts":      s.Look("a", "m", []string{"/orders/5\x00/orders/:id", "*"}[1:]),
		"another page":    s.Look("a", "m", []string{"/orders/6", "/orders/:id", "*"}),
	} {
		assert.False(t, look.Nothing, name)
	}
}

func TestWithoutAMarkNothingIsLearned(t *testing.T) {
	s := New(time.Second, 100)
	s.Listen()
	s.Learn(s.Look("a", "", views))
	assert.False(t, s.Look("a", "", views).Nothing)
}

// The time counts from before the store was asked.
func TestWhatIsKnownEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(2*time.Second, 100)
		s.Listen()
		look := s.Look("a", "m", views)
		time.Sleep(1500 * time.Millisecond)
		s.Learn(look)
		time.Sleep(499 * time.Millisecond)
		assert.True(t, s.Look("a", "m", views).Nothing)
		time.Sleep(time.Millisecond)
		assert.False(t, s.Look("a", "m", views).Nothing)
	})
}

func TestForgottenAfterAnAdd(t *testing.T) {
	s := learned(100)
	s.Learn(s.Look("b", "m", views))
	s.Forget("a")
	assert.False(t, s.Look("a", "m", views).Nothing)
	assert.True(t, s.Look("b", "m", views).Nothing, "of another session")
}

// The store may have answered before the add, and the answer may be noted after it.
func TestNothingIsLearnedAcrossAnAdd(t *testing.T) {
	for name, happens := range map[string]func(*Sessions){
		"an add":                 func(s *Sessions) { s.Forget("a") },
		"the connection is new":  (*Sessions).Listen,
		"the connection is gone": (*Sessions).Deaf,
	} {
		t.Run(name, func(t *testing.T) {
			s := New(time.Second, 100)
			s.Listen()
			look := s.Look("a", "m", views)
			happens(s)
			s.Learn(look)
			assert.False(t, s.Look("a", "m", views).Nothing)
		})
	}
}

// Nothing is known while nobody would hear of an add.
func TestNothingIsKnownWhileDeaf(t *testing.T) {
	s := New(time.Second, 100)
	learn := func() bool {
		s.Learn(s.Look("a", "m", views))
		return s.Look("a", "m", views).Nothing
	}
	assert.False(t, learn(), "nobody listens yet")
	s.Listen()
	assert.True(t, learn())
	s.Deaf()
	assert.False(t, s.Look("a", "m", views).Nothing, "what was known is forgotten")
	assert.False(t, learn())
	s.Listen()
	assert.True(t, learn())
}

func TestNilKnowsNothing(t *testing.T) {
	var s *Sessions
	s.Listen()
	look := s.Look("a", "m", views)
	assert.False(t, look.Nothing)
	s.Learn(look)
	s.Forget("a")
	s.Deaf()
}

// A session has few pages at a time, and the newest count.
func TestPagesOfASessionAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(time.Minute, 100)
		s.Listen()
		at := func(i int) []string { return []string{strconv.Itoa(i)} }
		for i := range 2 * pagesAtMost {
			s.Learn(s.Look("a", "m", at(i)))
			s.Learn(s.Look("a", "m", at(i))) // again, in the same place
			time.Sleep(time.Millisecond)
		}
		for i := range 2 * pagesAtMost {
			assert.Equal(t, i >= pagesAtMost, s.Look("a", "m", at(i)).Nothing, i)
		}
	})
}

// The sessions that were learned last are known, and never more than allowed.
func TestSessionsAreBounded(t *testing.T) {
	const most = 3200
	s := New(time.Minute, most)
	s.Listen()
	for i := range 10 * most {
		s.Learn(s.Look(strconv.Itoa(i), "m", views))
		s.Learn(s.Look("often", "m", views))
	}
	known := 0
	for i := range 10 * most {
		if s.Look(strconv.Itoa(i), "m", views).Nothing {
			known++
		}
	}
	assert.LessOrEqual(t, known, most)
	assert.GreaterOrEqual(t, known, most/3)
	assert.True(t, s.Look("often", "m", views).Nothing)
	kept := 0
	for i := range s.shards {
		kept += len(s.shards[i].young) + len(s.shards[i].old)
	}
	assert.LessOrEqual(t, kept, most)
}

func TestManyAtOnce(t *testing.T) {
	s := New(time.Minute, 1000)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 2000 {
				session := strconv.Itoa((i*j + j) % 1500)
				s.Learn(s.Look(session, "m", views))
				switch {
				case j%500 == 0:
					s.Listen()
				case j%7 == 0:
					s.Forget(session)
				}
			}
		})
	}
	all.Wait()
}

// A page that does not ask must not pay for that.
func TestLookAllocatesNothing(t *testing.T) {
	s := learned(100)
	assert.Zero(t, testing.AllocsPerRun(100, func() { s.Learn(s.Look("a", "m", views)) }))
}

// filled returns a Sessions that was told of n sessions, and may know atMost.
func filled(n, atMost int) (*Sessions, []string) {
	sessions := make([]string, n)
	for i := range sessions {
		sessions[i] = fmt.Sprintf("%022d", i)
	}
	s := New(time.Hour, atMost)
	s.Listen()
	for _, session := range sessions {
		s.Learn(s.Look(session, "ABCDEFGH", views))
	}
	return s, sessions
}

func TestMemoryOfASession(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s, sessions := filled(125_000, 250_000)
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := 0
	for i := range s.shards {
		kept += len(s.shards[i].young) + len(s.shards[i].old)
	}
	names := len(sessions) * (16 + 24) // a string of 22 bytes takes 24, and its header 16
	each := (int(after.HeapAlloc) - int(before.HeapAlloc) - names) / kept
	t.Logf("%d bytes for each of %d sessions", each, kept)
	assert.LessOrEqual(t, each, 200)
	runtime.KeepAlive(s)
	runtime.KeepAlive(sessions)
}

func BenchmarkLook(b *testing.B) {
	s, sessions := filled(1_000_000, 1_000_000)
	i := 0
	for b.Loop() {
		i = (i + 7919) % len(sessions)
		s.Look(sessions[i], "ABCDEFGH", views)
	}
}

func BenchmarkForget(b *testing.B) {
	s, sessions := filled(1_000_000, 1_000_000)
	i := 0
	for b.Loop() {
		i = (i + 7919) % len(sessions)
		s.Forget(sessions[i])
	}
}
