package flashgin

import (
	"slices"
	"sync"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

const (
	// shownFor is how long a message counts as shown after its lease has ended without the store knowing, and shownAtMost how many there may be of that kind.
	shownFor    = 10 * time.Minute
	shownAtMost = 10_000
	// sweepEvery is how often that many are looked through for those whose time is over.
	sweepEvery = time.Second
)

// shownMessages knows the messages that a page has shown, and whose confirmation is under way: if it does not get through to the store, that gives them out again when
// their lease has ended. Whoever claims one in this process then confirms it instead of showing it a second time. Other processes cannot know.
type shownMessages struct {
	mu    sync.Mutex
	until map[shownMessage]time.Time
	swept time.Time
}

// shownMessage is a message that was shown. The store may have forgotten an own ID since, and have
// taken another message that has it: they differ by when they were created.
type shownMessage struct {
	session, view, id string
	created           int64 // 0 if the ID is a generated one
}

func shownAs(session string, m Message) shownMessage {
	shown := shownMessage{session: session, view: m.View, id: m.ID}
	if !queue.Generated(m.ID) {
		shown.created = m.Created.UnixMicro()
	}
	return shown
}

// remember notes the messages of a claim that is about to be confirmed.
func (s *shownMessages) remember(claim Claim, lease time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until == nil {
		s.until = map[shownMessage]time.Time{}
	}
	now := time.Now()
	if len(s.until)+len(claim.Messages) > shownAtMost && now.Sub(s.swept) >= sweepEvery {
		s.swept = now
		for message, until := range s.until {
			if !until.After(now) {
				delete(s.until, message)
			}
		}
	}
	for _, m := range claim.Messages {
		if len(s.until) >= shownAtMost {
			return
		}
		s.until[shownAs(claim.Session, m)] = now.Add(lease + shownFor)
	}
}

// forget follows remember when the claim was confirmed at once. After the end of its lease that may have been in vain, for somebody may have claimed the messages
// anew.
func (s *shownMessages) forget(c confirmation) {
	if !c.until.IsZero() && !time.Now().Before(c.until) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range c.Messages {
		delete(s.until, shownAs(c.Session, m))
	}
}

// split divides a claim into what is to be shown and what was shown before.
func (s *shownMessages) split(claim Claim) (fresh, again Claim) {
	if len(claim.Messages) == 0 { // as for most pages
		return claim, Claim{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	shown := func(m Message) bool { return s.until[shownAs(claim.Session, m)].After(now) }
	if !slices.ContainsFunc(claim.Messages, shown) {
		return claim, Claim{}
	}
	fresh, again = claim, claim
	fresh.Messages, again.Messages = nil, nil
	for _, m := range claim.Messages {
		if shown(m) {
			again.Messages = append(again.Messages, m)
		} else {
			fresh.Messages = append(fresh.Messages, m)
		}
	}
	return fresh, again
}
