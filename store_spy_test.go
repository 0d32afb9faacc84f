package flashgin_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/flashgin/flashgin"
)

// stores are the two ways to a store: called directly in this process, and guarded like a server elsewhere.
var stores = map[string]func() flashgin.Store{
	"in process": func() flashgin.Store { return new(flashgin.MemoryStore) },
	"elsewhere":  func() flashgin.Store { return newSpyStore() },
}

// spyStore is a MemoryStore that flashgin takes for a server elsewhere. It counts the calls, and a test can come between.
type spyStore struct {
	kept  flashgin.Store
	mu    sync.Mutex
	calls []string
	hook  func(ctx context.Context, method string, call func() error) error
}

func newSpyStore() *spyStore { return &spyStore{kept: new(flashgin.MemoryStore)} }

// on makes hook stand between flashgin and the store; it runs call, or does not. Nil steps aside.
func (s *spyStore) on(hook func(ctx context.Context, method string, call func() error) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// fail makes the methods named fail with err before they do anything; no names mean all of them.
func (s *spyStore) fail(err error, methods ...string) {
	s.on(func(_ context.Context, method string, call func() error) error {
		if len(methods) == 0 || slices.Contains(methods, method) {
			return err
		}
		return call()
	})
}

// count returns how often the methods named were called; no names mean all of them.
func (s *spyStore) count(methods ...string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, call := range s.calls {
		if len(methods) == 0 || slices.Contains(methods, call) {
			n++
		}
	}
	return n
}

func (s *spyStore) do(ctx context.Context, method string, call func() error) error {
	s.mu.Lock()
	s.calls = append(s.calls, method)
	hook := s.hook
	s.mu.Unlock()
	if hook == nil {
		return call()
	}
	return hook(ctx, method, call)
}

func (s *spyStore) Add(ctx context.Context, session string, msgs ...flashgin.Message) error {
	return s.do(ctx, "Add", func() error { return s.kept.Add(ctx, session, msgs...) })
}

func (s *spyStore) Claim(ctx context.Context, session string, views []string, lease time.Duration) (claim flashgin.Claim, err error) {
	err = s.do(ctx, "Claim", func() (err error) {
		claim, err = s.kept.Claim(ctx, session, views, lease)
		return err
	})
	return claim, err
}

func (s *spyStore) Confirm(ctx context.Context, claim flashgin.Claim) error {
	return s.do(ctx, "Confirm", func() error { return s.kept.Confirm(ctx, claim) })
}

func (s *spyStore) Release(ctx context.Context, claim flashgin.Claim) error {
	return s.do(ctx, "Release", func() error { return s.kept.Release(ctx, claim) })
}

func (s *spyStore) Peek(ctx context.Context, session string, views []string) (messages flashgin.Messages, err error) {
	err = s.do(ctx, "Peek", func() (err error) {
		messages, err = s.kept.Peek(ctx, session, views)
		return err
	})
	return messages, err
}

func (s *spyStore) Withdraw(ctx context.Context, session, view, key string) error {
	return s.do(ctx, "Withdraw", func() error { return s.kept.Withdraw(ctx, session, view, key) })
}
