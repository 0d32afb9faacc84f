// Package memory is a queue.Store in the process. The items of a session at a view are a [line].
// There is no goroutine: each call removes a little of what has expired.
package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

// Config is what a [Store] is made of. Zero is the default of each bound.
type Config[T any] struct {
	TTL      time.Duration // of a line after the last add
	Cap      int           // items that wait in a line
	Views    int           // of a session
	MaxBytes int           // of all lines together, about

	Clone func(T) T   // returns a copy for a caller
	Keep  func(T) T   // returns a copy for the store, which shares no memory with other strings
	Size  func(T) int // returns about how many bytes a copy takes beside what an item does
}

// A Store is a queue.Store in the process. It is safe for concurrent use by multiple goroutines.
type Store[T any] struct {
	queue.Listener[T]
	cfg Config[T]

	mu       sync.Mutex
	lines    map[address]*line[T]
	expiring expiring[T]
	sessions map[string][]*line[T] // lines with items; the oldest last add comes first
	items    int
	bytes    int    // of all lines
	sequence uint64 // of items and of claims; never reused
	watches  []*func(queue.Wake)
	expired  []ended[T] // since the lock was taken: see unlock
}

// address is the session and the view of a line.
type address struct{ session, view string }

// compact returns a copy that shares no memory with other strings.
func (at address) compact() address {
	return address{strings.Clone(at.session), strings.Clone(at.view)}
}

// New returns an empty Store. Bounds below zero count as zero.
func New[T any](cfg Config[T]) *Store[T] {
	cfg.TTL = cmp.Or(max(cfg.TTL, 0), queue.DefaultTTL)
	cfg.Cap = cmp.Or(max(cfg.Cap, 0), queue.DefaultCap)
	cfg.Views = cmp.Or(max(cfg.Views, 0), queue.DefaultViews)
	cfg.MaxBytes = cmp.Or(max(cfg.MaxBytes, 0), DefaultMaxBytes)
	return &Store[T]{cfg: cfg, lines: map[address]*line[T]{}, sessions: map[string][]*line[T]{}}
}

// InProcess is true: no call hangs.
func (s *Store[T]) InProcess() bool { return true }

// Add implements queue.Store. The only error of any call is that of a context that has ended.
func (s *Store[T]) Add(
	ctx context.Context, session string, items []queue.Item[T], quietly bool,
) error {
	if err := whyEnded(ctx, "add"); err != nil {
		return err
	}
	s.tell(ctx, session, s.add(ctx, session, items))
	if !quietly {
		s.wake(session)
	}
	return nil
}

// whyEnded returns an error if ctx has ended.
func whyEnded(ctx context.Context, doing string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("flashgin: %s: %w", doing, err)
	}
	return nil
}

func (s *Store[T]) add(
	ctx context.Context, session string, items []queue.Item[T],
) (dropped dropped[T]) {
	s.mu.Lock()
	defer s.unlock(ctx)
	now := s.expire(len(items))
	for i := range items {
		item := &items[i]
		l := s.line(address{session, item.View}, now)
		if l.knows(item.ID, now) {
			continue
		}
		l.withdraw(item.Key, now)
		s.sequence++
		l.push(item, s.sequence, now)
		dropped.byCap = append(dropped.byCap, l.dropOldest(s.cfg.Cap, now)...)
		dropped.byViews = append(dropped.byViews, s.dropViews(session)...)
		dropped.byBytes = append(dropped.byBytes, s.dropBytes(l, now)...)
	}
	return dropped
}

// Claim implements queue.Store.
func (s *Store[T]) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (queue.Claim[T], error) {
	if err := whyEnded(ctx, "claim"); err != nil {
		return queue.Claim[T]{}, err
	}
	claim, again := s.claim(ctx, session, views, lease)
	s.Tell(ctx, queue.LeaseExpired, session, again)
	return claim, nil
}

// claim also returns those of the items that were in a claim whose lease has ended.
func (s *Store[T]) claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (claim queue.Claim[T], again []queue.Item[T]) {
	s.mu.Lock()
	defer s.unlock(ctx)
	now := s.expire(0)
	found := s.waiting(session, views, now)
	if len(found) == 0 {
		return queue.Claim[T]{}, nil
	}
	s.sequence++
	ticket := strconv.FormatUint(s.sequence, 36)
	claim = queue.Claim[T]{Session: session, Items: s.copies(found), Tickets: map[string]string{}}
	for _, e := range found {
		if e.ticket != "" {
			again = append(again, e.Item)
		}
		e.ticket, e.lease = ticket, now.Add(lease)
		claim.Tickets[e.View] = ticket
	}
	return claim, again
}

// Confirm implements queue.Store.
func (s *Store[T]) Confirm(ctx context.Context, claim queue.Claim[T]) (int, error) {
	if err := whyEnded(ctx, "confirm"); err != nil {
		return 0, err
	}
	return s.settle(ctx, &claim, (*line[T]).remove), nil
}

// Release implements queue.Store.
func (s *Store[T]) Release(ctx context.Context, claim queue.Claim[T]) (int, error) {
	if err := whyEnded(ctx, "release"); err != nil {
		return 0, err
	}
	return s.settle(ctx, &claim, (*line[T]).release), nil
}

// settle calls do for each item that still has the ticket of claim, and returns how many have.
func (s *Store[T]) settle(
	ctx context.Context, claim *queue.Claim[T], do func(*line[T], *entry[T], time.Time),
) (settled int) {
	s.mu.Lock()
	defer s.unlock(ctx)
	now := s.expire(0)
	for i := range claim.Items {
		item := &claim.Items[i]
		l, ticket := s.find(address{claim.Session, item.View}, now), claim.Tickets[item.View]
		if l == nil || ticket == "" {
			continue
		}
		if found := l.find(item.ID); found != nil && found.ticket == ticket {
			do(l, found, now)
			settled++
		}
		s.shorten(l, now)
	}
	return settled
}

// Peek implements queue.Store.
func (s *Store[T]) Peek(
	ctx context.Context, session string, views []string,
) ([]queue.Item[T], error) {
	if err := whyEnded(ctx, "peek"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.unlock(ctx)
	return s.copies(s.waiting(session, views, s.expire(0))), nil
}

// Views implements queue.Viewer.
func (s *Store[T]) Views(ctx context.Context, session string) ([]string, error) {
	if err := whyEnded(ctx, "find the views of a session"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var views []string
	for _, l := range s.sessions[session] {
		views = append(views, l.address.view)
	}
	return views, nil
}

// Withdraw implements queue.Store.
func (s *Store[T]) Withdraw(ctx context.Context, session, view, key string) error {
	if err := whyEnded(ctx, "withdraw"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.unlock(ctx)
	now := s.expire(0)
	if l := s.find(address{session, view}, now); l != nil {
		l.withdraw(key, now)
		s.shorten(l, now)
	}
	return nil
}

// waiting returns the items that wait at the views, in the order of their adds.
func (s *Store[T]) waiting(session string, views []string, now time.Time) []*entry[T] {
	var found []*entry[T]
	for i, view := range views {
		l := s.find(address{session, view}, now)
		if l == nil || slices.Contains(views[:i], view) {
			continue
		}
		found = l.appendWaiting(found, now)
	}
	slices.SortFunc(found, func(a, b *entry[T]) int { return cmp.Compare(a.sequence, b.sequence) })
	return found
}

func (s *Store[T]) copies(found []*entry[T]) []queue.Item[T] {
	if len(found) == 0 {
		return nil
	}
	items := make([]queue.Item[T], len(found))
	for i, e := range found {
		items[i] = e.Item
		items[i].Value = s.cfg.Clone(e.Value)
	}
	return items
}

// Watch implements queue.Watcher.
func (s *Store[T]) Watch(ctx context.Context, wake func(queue.Wake)) error {
	watch := &wake
	s.mu.Lock()
	s.watches = append(slices.Clone(s.watches), watch) // never changed in place
	s.mu.Unlock()
	wake(queue.Wake{})
	<-ctx.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.watches, watch)
	s.watches = slices.Delete(slices.Clone(s.watches), i, i+1)
	return ctx.Err()
}

// Name implements queue.Watcher: session keys do not leave the process, so they are the names.
func (s *Store[T]) Name(session string) string { return session }

// wake calls the watches, without the lock.
func (s *Store[T]) wake(session string) {
	s.mu.Lock()
	watches := s.watches
	s.mu.Unlock()
	for _, wake := range watches {
		(*wake)(queue.Wake{Name: session})
	}
}
