package apptest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/flashgin/flashgin"
)

var ErrDown = errors.New("the store is down")

// Stores are the two ways to a store: called directly in this process, and guarded like a server
// elsewhere.
var Stores = map[string]func() flashgin.Store{
	"in process": func() flashgin.Store { return new(flashgin.MemoryStore) },
	"elsewhere":  func() flashgin.Store { return NewSpyStore() },
}

// SpyStore is a MemoryStore that flashgin takes for a server elsewhere. It counts the calls, and a
// test can come between.
type SpyStore struct {
	Kept  flashgin.Store
	mu    sync.Mutex
	calls []string
	hook  func(ctx context.Context, method string, call func() error) error
}

func NewSpyStore() *SpyStore { return &SpyStore{Kept: new(flashgin.MemoryStore)} }

// On makes hook stand between flashgin and the store; it runs call, or does not. Nil steps aside.
func (s *SpyStore) On(hook func(ctx context.Context, method string, call func() error) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// Fail makes the methods named fail with err before they do anything; no names mean all of them.
func (s *SpyStore) Fail(err error, methods ...string) {
	s.On(func(_ context.Context, method string, call func() error) error {
		if len(methods) == 0 || slices.Contains(methods, method) {
			return err
		}
		return call()
	})
}

// Count returns how often the methods named were called; no names mean all of them.
func (s *SpyStore) Count(methods ...string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, call := range s.calls {
		if len(methods) == 0 || slices.Contains(methods, call) {
			n++
		}
	}
	return n
}

func (s *SpyStore) Do(ctx context.Context, method string, call func() error) error {
	s.mu.Lock()
	s.calls = append(s.calls, method)
	hook := s.hook
	s.mu.Unlock()
	if hook == nil {
		return call()
	}
	return hook(ctx, method, call)
}

func (s *SpyStore) Add(ctx context.Context, session string, msgs ...flashgin.Message) error {
	return s.Do(ctx, "Add", func() error { return s.Kept.Add(ctx, session, msgs...) })
}

func (s *SpyStore) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (claim flashgin.Claim, err error) {
	err = s.Do(ctx, "Claim", func() (err error) {
		claim, err = s.Kept.Claim(ctx, session, views, lease)
		return err
	})
	return claim, err
}

func (s *SpyStore) Confirm(ctx context.Context, claim flashgin.Claim) error {
	return s.Do(ctx, "Confirm", func() error { return s.Kept.Confirm(ctx, claim) })
}

func (s *SpyStore) Release(ctx context.Context, claim flashgin.Claim) error {
	return s.Do(ctx, "Release", func() error { return s.Kept.Release(ctx, claim) })
}

func (s *SpyStore) Peek(
	ctx context.Context, session string, views []string,
) (messages flashgin.Messages, err error) {
	err = s.Do(ctx, "Peek", func() (err error) {
		messages, err = s.Kept.Peek(ctx, session, views)
		return err
	})
	return messages, err
}

func (s *SpyStore) Withdraw(ctx context.Context, session, view, key string) error {
	return s.Do(ctx, "Withdraw", func() error { return s.Kept.Withdraw(ctx, session, view, key) })
}
