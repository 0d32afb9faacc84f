package queue

import (
	"context"
	"slices"
	"sync/atomic"
)

// A Listener passes on what the caller of a store does not learn. A store calls it without a lock.
// The zero Listener tells nobody. It is safe for concurrent use by multiple goroutines.
type Listener[T any] struct {
	onError atomic.Pointer[[]func(context.Context, error)]
	onEvent atomic.Pointer[Tell[T]]
	onLine  atomic.Pointer[[]Tell[T]]
}

// Tell is told of an event, and of the items of a session to which it has happened. It must not
// change or keep them: they may be the store's own.
type Tell[T any] func(ctx context.Context, event Event, session string, items []Item[T])

// EachView calls tell with how many of the items are at each view, in the order of their first
// ones. Most are at one view, which allocates nothing.
func EachView[T any](items []Item[T], tell func(view string, items int)) {
	elsewhere := func(it Item[T]) bool { return it.View != items[0].View }
	if len(items) > 0 && !slices.ContainsFunc(items, elsewhere) {
		tell(items[0].View, len(items))
		return
	}
	counts := map[string]int{}
	for i := range items {
		counts[items[i].View]++
	}
	for i := range items {
		view := items[i].View
		if n := counts[view]; n > 0 {
			tell(view, n)
			counts[view] = 0
		}
	}
}

// OnError adds a function that is told of errors: several Messengers may use one store. With nil,
// nobody is told any more.
func (l *Listener[T]) OnError(report func(ctx context.Context, err error)) {
	if report == nil {
		l.onError.Store(nil)
		return
	}
	add(&l.onError, report)
}

// OnEvent sets the function that is told of events, for metrics; nil means nobody.
func (l *Listener[T]) OnEvent(tell Tell[T]) {
	if tell == nil {
		l.onEvent.Store(nil)
		return
	}
	l.onEvent.Store(&tell)
}

// OnLine adds a function that is told of events, for a log: several Messengers may use one store.
func (l *Listener[T]) OnLine(tell Tell[T]) { add(&l.onLine, tell) }

func add[F any](list *atomic.Pointer[[]F], f F) {
	for {
		before := list.Load()
		all := []F{f}
		if before != nil {
			all = append(slices.Clone(*before), f)
		}
		if list.CompareAndSwap(before, &all) {
			return
		}
	}
}

// Report tells of an error.
func (l *Listener[T]) Report(ctx context.Context, err error) {
	if reports := l.onError.Load(); reports != nil {
		for _, report := range *reports {
			report(ctx, err)
		}
	}
}

// HasLog reports whether OnLine was called. Without it, nobody wants to know what has expired.
func (l *Listener[T]) HasLog() bool { return l.onLine.Load() != nil }

// Tell tells of an event, unless it happened to no item.
func (l *Listener[T]) Tell(ctx context.Context, event Event, session string, items []Item[T]) {
	if len(items) == 0 {
		return
	}
	if tell := l.onEvent.Load(); tell != nil {
		(*tell)(ctx, event, session, items)
	}
	if lines := l.onLine.Load(); lines != nil {
		for _, tell := range *lines {
			tell(ctx, event, session, items)
		}
	}
}
