package shown

import (
	"slices"

	"github.com/flashgin/flashgin/internal/queue"
)

// WouldShow reports whether the answer, as far as it was written, shows a message that was not
// judged yet.
func (l *List[T]) WouldShow(o Outcome) bool {
	return slices.ContainsFunc(l.entries, func(it *entry[T]) bool {
		return it.State < Delivered && o.Shows(&it.Trace)
	})
}

// Flushed returns the claims whose messages have left with the first bytes of an answer that goes
// on. The browser reads what the answer itself adds when the answer is complete.
func (l *List[T]) Flushed(o Outcome) Claims[T] {
	for _, it := range l.entries {
		if it.State != Carried && o.Shows(&it.Trace) {
			it.State = max(it.State, Delivered)
		}
	}
	done := l.claimed(func(it *entry[T]) bool { return it.State == Delivered })
	for _, it := range l.entries {
		if it.State == Delivered {
			it.State = Confirmed
		}
	}
	return done
}

// Judge decides which messages the answer has shown. It returns the request's own messages that
// have not arrived. They are for the next page.
func (l *List[T]) Judge(o Outcome) (lost []queue.Item[T]) {
	for _, it := range l.entries {
		if o.Shows(&it.Trace) {
			it.State = max(it.State, Delivered)
		}
		if it.own() && !it.hidden && it.State < Delivered {
			lost = append(lost, it.Item)
		}
	}
	return lost
}

// Direct returns the messages that were shown and that the request itself has added.
func (l *List[T]) Direct() (items []queue.Item[T]) {
	for _, it := range l.entries {
		if it.isDirect() {
			items = append(items, it.Item)
		}
	}
	return items
}

func (it *entry[T]) isDirect() bool { return it.own() && !it.hidden && it.State >= Delivered }

// Judged returns the claims that were shown and those that were not, and how many messages are
// Direct.
func (l *List[T]) Judged() (done, back Claims[T], direct int) {
	for _, it := range l.entries {
		if it.isDirect() {
			direct++
		}
	}
	done = l.claimed(func(it *entry[T]) bool { return it.State == Delivered })
	back = l.claimed(func(it *entry[T]) bool { return it.State < Delivered })
	return done, back, direct
}
