package delivery

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/flashgin/flashgin/internal/queue"
)

const (
	// shownFor is how long repeats remembers an item after its lease has ended, and shownAtMost how
	// many items it remembers.
	shownFor    = 10 * time.Minute
	shownAtMost = 10_000
)

// repeats remembers the items that a page has shown until the store has the confirmation. If the
// confirmation does not arrive, another claim gets the items when their lease has ended. If that
// claim is made in this process, it confirms them and does not show them. Other processes cannot
// know. Who would miss it: users who read a message, and get it again after Redis was down for a
// minute.
type repeats[T any] struct {
	created func(T) time.Time

	mu    sync.Mutex
	lease map[shownItem]time.Time // when the lease of the item's claim ends
}

// shownItem identifies an item that was shown. The store may have forgotten the ID of a job since,
// and taken a new item with that ID: the time of creation tells them apart.
type shownItem struct {
	session, view, id string
	created           int64 // 0 if the ID is a generated one
}

func (r *repeats[T]) key(session string, it queue.Item[T]) shownItem {
	shown := shownItem{session: session, view: it.View, id: it.ID}
	if !queue.Generated(it.ID) {
		shown.created = r.created(it.Value).UnixMicro()
	}
	return shown
}

// remember notes the items of a claim that is about to be confirmed.
func (r *repeats[T]) remember(claim queue.Claim[T], lease time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lease)+len(claim.Items) > shownAtMost {
		maps.DeleteFunc(r.lease, func(_ shownItem, lease time.Time) bool {
			return time.Since(lease) >= shownFor
		})
	}
	for _, it := range claim.Items {
		if len(r.lease) < shownAtMost {
			r.lease[r.key(claim.Session, it)] = lease
		}
	}
}

// forget follows remember if the claim was confirmed at once. It keeps items whose lease has ended:
// somebody may have claimed them again before the confirmation.
func (r *repeats[T]) forget(claim queue.Claim[T]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, it := range claim.Items {
		if key := r.key(claim.Session, it); time.Now().Before(r.lease[key]) {
			delete(r.lease, key)
		}
	}
}

// split divides a claim into the items to show and those that were shown before.
func (r *repeats[T]) split(claim queue.Claim[T]) (fresh, again queue.Claim[T]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	shown := func(it queue.Item[T]) bool {
		return time.Since(r.lease[r.key(claim.Session, it)]) < shownFor
	}
	if !slices.ContainsFunc(claim.Items, shown) {
		return claim, again
	}
	fresh, again = claim, claim
	fresh.Items = slices.DeleteFunc(slices.Clone(claim.Items), shown)
	again.Items = slices.DeleteFunc(slices.Clone(claim.Items),
		func(it queue.Item[T]) bool { return !shown(it) })
	return fresh, again
}
