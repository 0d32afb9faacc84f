package shown

import (
	"cmp"
	"slices"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

// A Settler is where claims are confirmed and released.
type Settler[T any] interface {
	Confirm(claim queue.Claim[T], since time.Time)
	Release(claim queue.Claim[T])
	ReleaseNow(claim queue.Claim[T])
}

// A Claimed is a claim, the store that it came from, and when the store was asked.
type Claimed[T any] struct {
	queue.Claim[T]
	From  Settler[T]
	Since time.Time
}

// Claims are claims, or what is left of them, which are settled together.
type Claims[T any] []Claimed[T]

// Confirm removes the items from their stores: they were shown.
func (cs Claims[T]) Confirm() {
	for _, c := range cs {
		c.From.Confirm(c.Claim, c.Since)
	}
}

// Release lets the items wait again.
func (cs Claims[T]) Release() {
	for _, c := range cs {
		c.From.Release(c.Claim)
	}
}

// ReleaseNow is Release, and waits for the stores.
func (cs Claims[T]) ReleaseNow() {
	for _, c := range cs {
		c.From.ReleaseNow(c.Claim)
	}
}

// An entry is a message of the list.
type entry[T any] struct {
	queue.Item[T]
	Trace
	claim  int  // index in List.claims; -1 if the request itself has added the message
	hidden bool // another message is shown instead
}

func (it *entry[T]) own() bool { return it.claim < 0 }

// waits reports whether the request itself has added the message and has not shown it yet.
func (it *entry[T]) waits() bool { return it.own() && it.State == Waiting }

// A List has the messages of one answer: those that were claimed for it, then those that the
// request itself has added. The zero List is empty. It is not safe for concurrent use.
//
// The views that its methods are given are those that the answer reads. The answer shows what was
// claimed for it, and what the request has added for one of these views or without a view.
type List[T any] struct {
	entries []*entry[T]
	claims  Claims[T]
	ownIDs  map[givenID]bool     // of own messages whose IDs the application gave
	taken   map[string]*entry[T] // by ID, once a message was added again; nil after Show
}

type givenID struct{ view, id string }

// IsEmpty reports whether the list has no messages.
func (l *List[T]) IsEmpty() bool { return len(l.entries) == 0 }

// Add adds a message of the request's own. Only an ID that the application gave can come twice, and
// then the first message stays.
func (l *List[T]) Add(item queue.Item[T]) {
	if !queue.Generated(item.ID) {
		id := givenID{item.View, item.ID}
		if l.ownIDs[id] {
			return
		}
		if l.ownIDs == nil {
			l.ownIDs = map[givenID]bool{}
		}
		l.ownIDs[id] = true
	}
	l.entries = append(l.entries, &entry[T]{Item: item, claim: -1})
}

// AddClaimed adds the messages of a claim. They are older than those that the request has added.
func (l *List[T]) AddClaimed(claim Claimed[T]) {
	if len(claim.Items) == 0 {
		return
	}
	l.claims = append(l.claims, claim)
	claimed := make([]*entry[T], len(claim.Items))
	for i, it := range claim.Items {
		claimed[i] = &entry[T]{Item: it, claim: len(l.claims) - 1}
	}
	own := slices.IndexFunc(l.entries, (*entry[T]).own)
	if own < 0 {
		own = len(l.entries)
	}
	l.entries = slices.Insert(l.entries, own, claimed...)
}

// MoveOn lets go of a message that the handler took and adds again, to keep it for another page.
// The added one counts as a new message.
func (l *List[T]) MoveOn(id string) {
	if !queue.Generated(id) {
		return
	}
	if l.taken == nil {
		l.taken = map[string]*entry[T]{}
		for _, it := range l.entries {
			l.taken[it.ID] = it
		}
	}
	// Recall makes a message Waiting again if the answer cannot show it.
	if it := l.taken[id]; it != nil && (it.State == Taken || it.State == Waiting && !it.own()) {
		it.State, it.hidden = Delivered, true
	}
}

// Find looks for the texts of the messages in a part of the body.
func (l *List[T]) Find(part string) {
	for _, it := range l.entries {
		it.Trace.Find(part)
	}
}

func (it *entry[T]) joins(views []string) bool {
	return !it.own() || it.View == "" || slices.Contains(views, it.View)
}

// hideReplaced hides messages that another one replaces: an earlier one with the same Key that was
// not shown yet, and one that the request has added with an ID that is listed already.
func hideReplaced[T any](entries []*entry[T], views []string) {
	if !slices.ContainsFunc(entries, (*entry[T]).replaces) { // nearly always
		return
	}
	ids, keys := map[string][]*entry[T]{}, map[string][]*entry[T]{}
	for _, it := range entries {
		if !it.joins(views) {
			continue
		}
		if it.replaces() {
			it.hidden = it.hidden || slices.ContainsFunc(ids[it.ID], it.sameView)
			keys[it.Key] = slices.DeleteFunc(keys[it.Key], func(earlier *entry[T]) bool {
				if earlier.ID != it.ID && earlier.State == Waiting && it.sameView(earlier) {
					earlier.hidden = true
				}
				return earlier.hidden
			})
		}
		ids[it.ID] = append(ids[it.ID], it)
		if it.Key != "" {
			keys[it.Key] = append(keys[it.Key], it)
		}
	}
}

// replaces reports whether the message may replace an earlier one.
func (it *entry[T]) replaces() bool {
	return it.waits() && (it.Key != "" || !queue.Generated(it.ID))
}

// sameView reports whether an earlier message is at the view where this one is shown.
func (it *entry[T]) sameView(earlier *entry[T]) bool {
	return it.View == "" || it.View == earlier.View
}

// A Way says how an answer shows messages.
type Way struct {
	State   State // Taken, Placed or Printing
	Written int64 // bytes of the body so far
	Code    int   // the status of the answer, for Placed; zero if it was noted before
	Ours    bool  // by our markup
}

// Show notes that the answer shows messages in this way, and returns them. chosen says which ones,
// and probe returns what Find looks for; see ProbeOf.
func (l *List[T]) Show(
	views []string, way Way, chosen func(*T) bool, probe func(*T) string,
) (items []queue.Item[T]) {
	hideReplaced(l.entries, views)
	l.taken = nil
	for _, it := range l.entries {
		if !it.joins(views) || !it.hidden && !chosen(&it.Value) {
			continue
		}
		it.Ours = it.Ours || way.Ours
		if it.State < way.State {
			it.State, it.From = way.State, way.Written
			it.Probe = probe(&it.Value)
		}
		if it.hidden {
			continue
		}
		if way.State == Placed && way.Code != 0 {
			it.Code = way.Code
		}
		items = append(items, it.Item)
	}
	return items
}

// LookFor notes by which texts Find shall look for messages whose texts were changed since Show.
func (l *List[T]) LookFor(items []queue.Item[T], probe func(*T) string) {
	for _, it := range l.entries {
		for i := range items {
			if it.Probe != "" && items[i].ID == it.ID {
				it.Probe = probe(&items[i].Value)
			}
		}
	}
}

// OnPage returns the messages that our markup shows on the page that is about to leave, and that
// chosen accepts.
func (l *List[T]) OnPage(chosen func(*T) bool) (items []queue.Item[T]) {
	for _, it := range l.entries {
		shows := it.State == Placed || it.State == Printing
		if shows && it.Ours && !it.hidden && chosen(&it.Value) {
			items = append(items, it.Item)
		}
	}
	return items
}

// Peek returns the messages that Show would return, and those that a store has peeked.
func (l *List[T]) Peek(views []string, peeked []queue.Item[T]) (items []queue.Item[T]) {
	seen := make([]*entry[T], 0, len(peeked)+len(l.entries)) // a peek hides nothing for good
	for _, it := range peeked {
		seen = append(seen, &entry[T]{Item: it})
	}
	for _, it := range l.entries {
		copied := *it
		seen = append(seen, &copied)
	}
	hideReplaced(seen, views)
	for _, it := range seen {
		if it.joins(views) && !it.hidden {
			items = append(items, it.Item)
		}
	}
	return items
}

// Printed notes that the page with the messages that are Printing was written, with that status;
// sure is false if it may have another one. If it could not be written, they are Waiting again.
func (l *List[T]) Printed(written, sure bool, status int) {
	for _, it := range l.entries {
		switch {
		case it.State != Printing:
		case written:
			it.State, it.Code, it.Unsure = Printed, status, !sure
		default:
			it.State = Waiting
		}
	}
}

// A Selection has messages that the answer may take along.
type Selection[T any] []*entry[T]

// Items returns the messages, without those that others replace.
func (s Selection[T]) Items() (items []queue.Item[T]) {
	for _, it := range s {
		if !it.hidden {
			items = append(items, it.Item)
		}
	}
	return items
}

// First returns the first n messages, and those that they replace.
func (s Selection[T]) First(n int) Selection[T] {
	for i, it := range s {
		if it.hidden {
			continue
		}
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

// Set notes how far the messages have come.
func (s Selection[T]) Set(state State) {
	for _, it := range s {
		it.State = state
	}
}

// Unshown returns the messages that nothing has shown yet and that chosen accepts: only the
// request's own if own is set.
func (l *List[T]) Unshown(views []string, own bool, chosen func(*T) bool) (s Selection[T]) {
	hideReplaced(l.entries, views)
	for _, it := range l.entries {
		if it.State == Waiting && it.joins(views) && (it.own() || !own) && chosen(&it.Value) {
			s = append(s, it)
		}
	}
	return s
}

// Following returns the messages that are to be written behind the body. When the lease has ended,
// claimed ones wait for another page.
func (l *List[T]) Following(lease time.Duration) (s Selection[T]) {
	late := len(l.claims) > 0 && time.Since(l.claims[0].Since) >= lease
	for _, it := range l.entries {
		if it.State == Following && (it.own() || !late) {
			s = append(s, it)
		}
	}
	return s
}

// GiveBack removes the claimed messages that are not shown, and returns them.
func (l *List[T]) GiveBack() Claims[T] {
	back := l.claimed(func(it *entry[T]) bool { return it.State == Waiting })
	l.entries = slices.DeleteFunc(l.entries, func(it *entry[T]) bool {
		return !it.own() && it.State == Waiting
	})
	return back
}

// Recall makes messages Waiting again that an answer does not show which is about to leave as o
// says: those that the handler took, if its status cannot show them, and those on a page that
// middleware has replaced. It makes all of them Waiting if the answer shows none.
func (l *List[T]) Recall(o Outcome, all bool) {
	for _, it := range l.entries {
		switch it.State {
		case Taken, Placed:
			if all || !it.Fits(o.Status) {
				it.State = Waiting
			}
		case Printed:
			if all || !o.isPage(&it.Trace) {
				it.State = Waiting
			}
		}
	}
}

// HasOwn reports whether the request's own messages are still to be shown, and whether one of them
// has no view.
func (l *List[T]) HasOwn() (some, unaddressed bool) {
	for _, it := range l.entries {
		some = some || it.waits()
		unaddressed = unaddressed || it.waits() && it.View == ""
	}
	return some, unaddressed
}

// TakeOwn removes the request's own messages that are still to be shown, and returns them with
// their views: view if they have none. Without a view, they are lost.
func (l *List[T]) TakeOwn(view string) (items []queue.Item[T], lost int) {
	l.entries = slices.DeleteFunc(l.entries, func(it *entry[T]) bool {
		if !it.waits() {
			return false
		}
		if it.View = cmp.Or(it.View, view); it.View == "" {
			lost++
		} else {
			items = append(items, it.Item)
		}
		return true
	})
	return items, lost
}

// claimed returns the claims, each with only the messages that match.
func (l *List[T]) claimed(match func(*entry[T]) bool) Claims[T] {
	parts := slices.Clone(l.claims)
	for i := range parts {
		parts[i].Items = nil
		for _, it := range l.entries {
			if it.claim == i && match(it) {
				parts[i].Items = append(parts[i].Items, it.Item)
			}
		}
	}
	return parts
}
