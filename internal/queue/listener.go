package queue

import (
	"context"
	"slices"
	"sync/atomic"
)

// A Listener passes on what the caller of a store does not learn. A store calls it without a lock.
// The zero Listener tells nobody. It is safe for concurrent use by multiple goroutines.
type Listener struct {
	onError atomic.Pointer[[]func(context.Context, error)]
	onEvent atomic.Pointer[func(context.Context, Event, int)]
}

// OnError adds a function that is told of errors: several Messengers may use one store. With nil,
// nobody is told any more.
func (l *Listener) OnError(report func(ctx context.Context, err error)) {
	if report == nil {
		l.onError.Store(nil)
		return
	}
	for {
		before := l.onError.Load()
		all := []func(context.Context, error){report}
		if before != nil {
			all = append(slices.Clone(*before), report)
		}
		if l.onError.CompareAndSwap(before, &all) {
			return
		}
	}
}

// OnEvent sets the function that is told of events; nil means nobody.
func (l *Listener) OnEvent(tell func(ctx context.Context, event Event, items int)) {
	if tell == nil {
		l.onEvent.Store(nil)
		return
	}
	l.onEvent.Store(&tell)
}

// Report tells of an error.
func (l *Listener) Report(ctx context.Context, err error) {
	if reports := l.onError.Load(); reports != nil {
		for _, report := range *reports {
			report(ctx, err)
		}
	}
}

// Tell tells of an event, unless it happened to no item.
func (l *Listener) Tell(ctx context.Context, event Event, items int) {
	if tell := l.onEvent.Load(); tell != nil && items > 0 {
		(*tell)(ctx, event, items)
	}
}
