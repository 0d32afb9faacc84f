package flashgin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// MemoryStore is the embedded [Store], for an application that is one process: messages do not survive a restart and no other process
// sees them. The zero value is ready for use; it must not be copied after first use. It starts no goroutine: what has expired is removed by
// later calls, a little by each.
//
// A MemoryStore is safe for concurrent use by multiple goroutines.
type MemoryStore struct {
	// TTL is how long an address keeps its messages after the last one was added. Zero means 24 hours; [New] refuses a negative TTL.
	TTL time.Duration
	// Cap is how many messages wait at one address at the most; the oldest are dropped. Zero means 50; [New] refuses a negative Cap.
	Cap int
	// Views is at how many views messages of one session are kept at the most; what the oldest hold
	// is dropped. Zero means 100; [New] refuses negative Views.
	Views int
	// MaxBytes is how much memory everything together takes at the most, about; the addresses that
	// were added to longest ago are dropped with all that they hold. Zero means 256 MiB, which is
	// some 300,000 messages in as many sessions; [New] refuses negative MaxBytes.
	MaxBytes int

	mu       sync.Mutex
	queues   map[address]*queue
	expiring queuesByExpiry
	sessions map[string][]*queue // those with messages, by their last adds, the oldest first
	messages int
	bytes    int    // of all queues
	sequence uint64 // of messages and of claims; never reused
	report   func(context.Context, error)
	event    func(context.Context, Event)
	watches  []*func(session string) // never changed in place
}

// address is where a message waits.
type address struct{ session, view string }

// compact returns a copy whose strings keep nothing else in memory, nor each other.
func (at address) compact() address {
	return address{strings.Clone(at.session), strings.Clone(at.view)}
}

func (s *MemoryStore) validate() error {
	if s.TTL < 0 {
		return fmt.Errorf("flashgin: MemoryStore.TTL is %v: want zero (24h) or more", s.TTL)
	}
	if s.Cap < 0 {
		return fmt.Errorf("flashgin: MemoryStore.Cap is %d: want zero (50) or more", s.Cap)
	}
	if s.Views < 0 {
		return fmt.Errorf("flashgin: MemoryStore.Views is %d: want zero (100) or more", s.Views)
	}
	if s.MaxBytes < 0 {
		return fmt.Errorf("flashgin: MemoryStore.MaxBytes is %d: want zero (256 MiB) or more", s.MaxBytes)
	}
	return nil
}

// OnError sets the function that is told when messages are dropped; nil means nobody. [New] calls it; call it yourself only before first use.
func (s *MemoryStore) OnError(report func(context.Context, error)) { s.report = report }

// OnEvent sets the function that is told how many messages are dropped, and how many are given out again after their lease. [New] calls it; call it yourself
// only before first use.
func (s *MemoryStore) OnEvent(event func(context.Context, Event)) { s.event = event }

// tell tells of messages, if there are any and somebody is there to hear it. The mutex is free.
func (s *MemoryStore) tell(ctx context.Context, kind EventKind, messages int) {
	if messages > 0 && s.event != nil {
		s.event(ctx, Event{Kind: kind, Messages: messages})
	}
}

// Add implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Add(ctx context.Context, session string, msgs ...Message) error {
	err := s.addQuietly(ctx, session, msgs...)
	if err == nil {
		s.wake(session)
	}
	return err
}

func (s *MemoryStore) addQuietly(ctx context.Context, session string, msgs ...Message) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("flashgin: add: %w", err)
	}
	dropped := s.add(session, msgs)
	for _, err := range dropped.errors(s) {
		if s.report != nil {
			s.report(ctx, err)
		}
	}
	s.tell(ctx, EventDropped, dropped.byCap+dropped.byViews+dropped.byBytes)
	return nil
}

func (s *MemoryStore) add(session string, msgs []Message) (dropped memoryDropped) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.expire(len(msgs))
	for _, m := range msgs {
		q := s.queue(address{session, m.View}, now)
		if q.knows(m.ID, now) {
			continue
		}
		q.withdraw(m.Key, now)
		s.sequence++
		q.push(m, s.sequence, now)
		dropped.byCap += q.dropOldest(s.cap(), now)
		dropped.byViews += s.dropViews(session)
		dropped.byBytes += s.dropBytes(q, now)
	}
	return dropped
}

// Claim implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Claim(ctx context.Context, session string, views []string, lease time.Duration) (Claim, error) {
	if err := ctx.Err(); err != nil {
		return Claim{}, fmt.Errorf("flashgin: claim: %w", err)
	}
	claim, again := s.claim(session, views, lease)
	s.tell(ctx, EventLeaseExpired, again)
	return claim, nil
}

// claim also returns how many of the messages an earlier claim has let go by its lease.
func (s *MemoryStore) claim(session string, views []string, lease time.Duration) (claim Claim, again int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.expire(0)
	found := s.waiting(session, views, now)
	if len(found) == 0 {
		return Claim{}, 0
	}
	s.sequence++
	ticket := strconv.FormatUint(s.sequence, 36)
	claim = Claim{Session: session, Messages: copies(found), Tickets: map[string]string{}}
	for _, m := range found {
		if m.ticket != "" {
			again++
		}
		m.ticket, m.lease = ticket, now.Add(lease)
		claim.Tickets[m.View] = ticket
	}
	return claim, again
}

// Confirm implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Confirm(ctx context.Context, claim Claim) error {
	_, err := s.countConfirmed(ctx, claim)
	return err
}

func (s *MemoryStore) countConfirmed(ctx context.Context, claim Claim) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("flashgin: confirm: %w", err)
	}
	return s.settle(claim, (*queue).remove), nil
}

// Release implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Release(ctx context.Context, claim Claim) error {
	_, err := s.countReleased(ctx, claim)
	return err
}

func (s *MemoryStore) countReleased(ctx context.Context, claim Claim) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("flashgin: release: %w", err)
	}
	return s.settle(claim, (*queue).release), nil
}

// settle calls do for each message that still carries the mark of claim, and returns how many there were.
func (s *MemoryStore) settle(claim Claim, do func(*queue, *queued, time.Time)) (settled int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.expire(0)
	for _, m := range claim.Messages {
		q, ticket := s.find(address{claim.Session, m.View}, now), claim.Tickets[m.View]
		if q == nil || ticket == "" {
			continue
		}
		if found := q.find(m.ID); found != nil && found.ticket == ticket {
			do(q, found, now)
			settled++
		}
		s.shorten(q, now)
	}
	return settled
}

// Peek implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Peek(ctx context.Context, session string, views []string) (Messages, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("flashgin: peek: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return copies(s.waiting(session, views, s.expire(0))), nil
}

// Withdraw implements [Store]. Its only error is that of a context that has ended.
func (s *MemoryStore) Withdraw(ctx context.Context, session, view, key string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("flashgin: withdraw: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.expire(0)
	if q := s.find(address{session, view}, now); q != nil {
		q.withdraw(key, now)
		s.shorten(q, now)
	}
	return nil
}

// waiting returns what waits at the views, in order of creation.
func (s *MemoryStore) waiting(session string, views []string, now time.Time) []*queued {
	var found []*queued
	for i, view := range views {
		q := s.find(address{session, view}, now)
		if q == nil || slices.Contains(views[:i], view) {
			continue
		}
		found = q.appendWaiting(found, now)
	}
	slices.SortFunc(found, func(a, b *queued) int { return cmp.Compare(a.sequence, b.sequence) })
	return found
}

func copies(found []*queued) Messages {
	var messages Messages
	for _, m := range found {
		messages = append(messages, m.clone())
	}
	return messages
}
