package flashgin

import (
	"slices"
	"time"

	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/shown"
)

// claimed is a claim, the store that it came from, and when the store was asked.
type claimed struct {
	queue.Claim[Message]
	store *delivery.Delivery[Message]
	since time.Time
}

// item is a message of this request.
type item struct {
	Message
	shown.Item
	claim  int  // index in request.claims; -1 if the request itself has added the item
	hidden bool // another item is shown instead
}

// joins reports whether the page shows the item: it was claimed for the page, or the request itself
// has added it for the page or without a view.
func (r *request) joins(it *item) bool {
	return it.claim >= 0 || it.View == "" || slices.Contains(r.views.List(), it.View)
}

// hideReplaced hides items that another item replaces: an earlier one with the same Key that was
// not shown yet, and one that the request has added with an ID that is listed already.
func (r *request) hideReplaced(items []*item) {
	if !slices.ContainsFunc(items, (*item).replaces) { // nearly always
		return
	}
	ids, keys := map[string][]*item{}, map[string][]*item{}
	for _, it := range items {
		if !r.joins(it) {
			continue
		}
		if it.replaces() {
			it.hidden = it.hidden || slices.ContainsFunc(ids[it.ID], it.sameView)
			keys[it.Key] = slices.DeleteFunc(keys[it.Key], func(earlier *item) bool {
				if earlier.ID != it.ID && earlier.State == shown.Waiting && it.sameView(earlier) {
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

// replaces reports whether the item may replace an earlier one.
func (it *item) replaces() bool {
	return it.claim < 0 && it.State == shown.Waiting && (it.Key != "" || !queue.Generated(it.ID))
}

// sameView reports whether an earlier item is at the view where this one is shown.
func (it *item) sameView(earlier *item) bool { return it.View == "" || it.View == earlier.View }

// addsNew reports whether the request has not added the message before, and notes that it does now.
// Only an ID that the application gave can come twice.
func (r *request) addsNew(msg Message) bool {
	if queue.Generated(msg.ID) {
		return true
	}
	if r.ownIDs == nil {
		r.ownIDs = map[givenID]bool{}
	}
	id := givenID{msg.View, msg.ID}
	known := r.ownIDs[id]
	r.ownIDs[id] = true
	return !known
}

type givenID struct{ view, id string }

// moveOn lets go of messages that the handler took and adds again, to keep them for another page.
// The added ones count as new messages.
func (r *request) moveOn(msgs []Message) {
	for _, msg := range msgs {
		if !queue.Generated(msg.ID) {
			continue
		}
		if r.taken == nil {
			r.taken = map[string]*item{}
			for _, it := range r.items {
				r.taken[it.ID] = it
			}
		}
		it := r.taken[msg.ID]
		// commit makes an item Waiting again if the answer cannot show it.
		if it != nil && (it.State == shown.Taken || it.State == shown.Waiting && it.claim >= 0) {
			it.State, it.hidden = shown.Delivered, true
		}
	}
}
