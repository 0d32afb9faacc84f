package flashgin

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// shownFor is how long a message counts as shown without the store knowing, and shownAtMost how many there may be of that kind.
	shownFor    = 10 * time.Minute
	shownAtMost = 10_000
)

// shownLate knows the messages that a page has shown, and whose confirmation does not get through to the store: when their lease has ended, it gives them out
// again. Whoever claims one in this process then confirms it instead of showing it a second time. Other processes cannot know.
type shownLate struct {
	any   atomic.Bool // nearly always there is none
	mu    sync.Mutex
	until map[shownMessage]time.Time
}

type shownMessage struct{ session, view, id string }

// remember notes the messages of a claim whose confirmation has failed, or takes long.
func (s *shownLate) remember(claim Claim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.any.Store(true)
	if s.until == nil {
		s.until = map[shownMessage]time.Time{}
	}
	now := time.Now()
	if len(s.until)+len(claim.Messages) > shownAtMost {
		for message, until := range s.until {
			if !until.After(now) {
				delete(s.until, message)
			}
		}
	}
	for _, m := range claim.Messages {
		if len(s.until) == shownAtMost {
			return
		}
		until := now.Add(shownFor)
		if m.TTL > 0 && m.TTL < shownFor {
			until = now.Add(m.TTL) // then its ID may be used again
		}
		s.until[shownMessage{claim.Session, m.View, m.ID}] = until
	}
}

// split divides a claim into what is to be shown and what was shown before.
func (s *shownLate) split(claim Claim) (fresh, again Claim) {
	if !s.any.Load() {
		return claim, Claim{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	fresh, again = claim, claim
	fresh.Messages, again.Messages = slices.Clone(claim.Messages), nil
	fresh.Messages = slices.DeleteFunc(fresh.Messages, func(m Message) bool {
		was := s.until[shownMessage{claim.Session, m.View, m.ID}].After(now)
		if was {
			again.Messages = append(again.Messages, m)
		}
		return was
	})
	return fresh, again
}
