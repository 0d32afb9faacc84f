package flashgin

import (
	"context"
	"slices"
)

// Watch tells open pages when messages are added, as [Store] describes it. It returns the error of ctx when that has ended.
func (s *MemoryStore) Watch(ctx context.Context, wake func(session string)) error {
	watch := &wake
	s.mu.Lock()
	s.watches = append(slices.Clone(s.watches), watch)
	s.mu.Unlock()
	wake("")
	<-ctx.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watches = slices.DeleteFunc(slices.Clone(s.watches), func(other *func(string)) bool { return other == watch })
	return ctx.Err()
}

// wake calls those who watch, without the lock.
func (s *MemoryStore) wake(session string) {
	s.mu.Lock()
	watches := s.watches
	s.mu.Unlock()
	for _, wake := range watches {
		(*wake)(session)
	}
}
