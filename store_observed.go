package flashgin

import (
	"cmp"
	"context"
	"time"
)

// An observedStore is a store whose calls an Observer is told of. Without an Observer there is none, and nothing is measured.
type observedStore struct {
	store Store
	cfg   *Config
}

// countingStore is what a store has that knows how many messages of a claim a call has settled: fewer than the claim names when that is sent twice,
// comes after the lease, or is a browser's invention.
type countingStore interface {
	countConfirmed(ctx context.Context, claim Claim) (int, error)
	countReleased(ctx context.Context, claim Claim) (int, error)
}

func (s *observedStore) Add(ctx context.Context, session string, msgs ...Message) error {
	return s.call(ctx, "add", session, func() error { return s.store.Add(ctx, session, msgs...) })
}

// addQuietly is called where the store has that method.
func (s *observedStore) addQuietly(ctx context.Context, session string, msgs ...Message) error {
	return s.call(ctx, "add", session, func() error { return s.store.(quietStore).addQuietly(ctx, session, msgs...) })
}

func (s *observedStore) Claim(ctx context.Context, session string, views []string, lease time.Duration) (claim Claim, err error) {
	err = s.call(ctx, "claim", session, func() (err error) {
		claim, err = s.store.Claim(ctx, session, views, lease)
		return err
	})
	return claim, err
}

func (s *observedStore) Confirm(ctx context.Context, claim Claim) error {
	count := uncounted(s.store.Confirm)
	if store, ok := own[countingStore](s.store); ok {
		count = store.countConfirmed
	}
	return s.settle(ctx, "confirm", claim, count, EventShown)
}

// confirmGroup is called where the store has that method.
func (s *observedStore) confirmGroup(ctx context.Context, claims []Claim) (results []settled) {
	_ = s.call(ctx, "confirm", claims[0].Session, func() (err error) {
		results = s.store.(groupStore).confirmGroup(ctx, claims)
		for _, result := range results {
			err = cmp.Or(err, result.err)
		}
		return err
	})
	for _, result := range results {
		if result.messages > 0 {
			s.cfg.observe(ctx, Event{Kind: EventShown, Messages: result.messages})
		}
	}
	return results
}

func (s *observedStore) Release(ctx context.Context, claim Claim) error {
	count := uncounted(s.store.Release)
	if store, ok := own[countingStore](s.store); ok {
		count = store.countReleased
	}
	return s.settle(ctx, "release", claim, count, EventReleased)
}

// uncounted takes a call that succeeds to have settled all of a claim.
func uncounted(settle func(context.Context, Claim) error) func(context.Context, Claim) (int, error) {
	return func(ctx context.Context, claim Claim) (int, error) {
		if err := settle(ctx, claim); err != nil {
			return 0, err
		}
		return len(claim.Messages), nil
	}
}

func (s *observedStore) settle(ctx context.Context, call string, claim Claim, count func(context.Context, Claim) (int, error), kind EventKind) error {
	var settled int
	err := s.call(ctx, call, claim.Session, func() (err error) {
		settled, err = count(ctx, claim)
		return err
	})
	if settled > 0 { // with an error, too: at some of several views
		s.cfg.observe(ctx, Event{Kind: kind, Messages: settled})
	}
	return err
}

func (s *observedStore) Peek(ctx context.Context, session string, views []string) (messages Messages, err error) {
	err = s.call(ctx, "peek", session, func() (err error) {
		messages, err = s.store.Peek(ctx, session, views)
		return err
	})
	return messages, err
}

func (s *observedStore) Withdraw(ctx context.Context, session, view, key string) error {
	return s.call(ctx, "withdraw", session, func() error { return s.store.Withdraw(ctx, session, view, key) })
}

// call measures what do does.
func (s *observedStore) call(ctx context.Context, name, session string, do func() error) error {
	start := time.Now()
	err := do()
	e := Event{Kind: EventStoreCall, Call: name, Duration: time.Since(start), Err: err}
	if store, ok := s.store.(sharded); ok {
		e.Node = store.node(session)
	}
	s.cfg.observe(ctx, e)
	return err
}
