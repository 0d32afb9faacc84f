package shown_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/shown"
)

var (
	views    = []string{"/a", "*"}
	anything = func(*string) bool { return true }
	whole    = func(text *string) string { return shown.ProbeOf(*text) }
	taken    = shown.Way{State: shown.Taken}
)

// A settler notes the IDs that it is told of.
type settler struct{ confirmed, released []string }

func (s *settler) Confirm(claim queue.Claim[string], _ time.Time) {
	s.confirmed = append(s.confirmed, ids(claim.Items)...)
}

func (s *settler) Release(claim queue.Claim[string]) {
	s.released = append(s.released, ids(claim.Items)...)
}

func (s *settler) ReleaseNow(claim queue.Claim[string]) { s.Release(claim) }

func ids(items []queue.Item[string]) (list []string) {
	for _, it := range items {
		list = append(list, it.ID)
	}
	return list
}

func item(view, id, key string) queue.Item[string] {
	return queue.Item[string]{View: view, ID: id, Key: key, Value: "text of " + id}
}

func claimed(from *settler, items ...queue.Item[string]) shown.Claimed[string] {
	return shown.Claimed[string]{
		Claim: queue.Claim[string]{Items: items}, From: from, Since: time.Now(),
	}
}

func TestClaimedMessagesComeBeforeTheRequestsOwn(t *testing.T) {
	var l shown.List[string]
	l.Add(item("", "own", ""))
	l.Add(item("/elsewhere", "other", ""))
	l.AddClaimed(claimed(new(settler), item("/a", "first", ""), item("*", "second", "")))
	want := []string{"first", "second", "own"}
	assert.Equal(t, want, ids(l.Peek(views, nil)))
	assert.Equal(t, append([]string{"peeked"}, want...),
		ids(l.Peek(views, []queue.Item[string]{item("/a", "peeked", "")})))
	assert.Equal(t, want, ids(l.Show(views, taken, anything, whole)))
}

func TestALaterMessageReplacesOneWithItsKey(t *testing.T) {
	var l shown.List[string]
	store := new(settler)
	l.AddClaimed(claimed(store, item("/a", "old", "progress"), item("*", "other", "progress")))
	l.Add(item("/a", "new", "progress"))
	l.Add(item("/a", "new", "progress")) // an ID comes once
	assert.Equal(t, []string{"other", "new"}, ids(l.Peek(views, nil)))
	assert.Equal(t, []string{"other", "new"}, ids(l.Show(views, taken, anything, whole)))
	l.Judge(shown.Outcome{Status: 200, Written: 1})
	done, back, direct := l.Judged()
	done.Confirm()
	back.Release()
	assert.Equal(t, []string{"old", "other"}, store.confirmed, "what was replaced is gone, too")
	assert.Empty(t, store.released)
	assert.Equal(t, 1, direct)
	assert.Len(t, l.Direct(), 1)
}

func TestWhatWasNotShownWaitsAgain(t *testing.T) {
	var l shown.List[string]
	store := new(settler)
	l.AddClaimed(claimed(store, item("/a", "shown", ""), item("/a", "left", "")))
	l.Add(item("", "own", ""))
	l.Show(views, taken, func(text *string) bool { return *text == "text of shown" }, whole)
	assert.Empty(t, l.Flushed(shown.Outcome{Status: 200, Written: 9, GoesOn: true})[0].Items)
	l.Find("<p>text of shown</p>")
	l.Flushed(shown.Outcome{Status: 200, Written: 9, GoesOn: true}).Confirm()
	assert.Equal(t, []string{"shown"}, store.confirmed)
	assert.Equal(t, []string{"own"}, ids(l.Judge(shown.Outcome{Status: 200, Written: 9})))
	done, back, direct := l.Judged()
	assert.Empty(t, done[0].Items, "the flush has confirmed it")
	back.Release()
	assert.Equal(t, []string{"left"}, store.released)
	assert.Zero(t, direct)
}

func TestRecallTakesBackWhatTheAnswerCannotShow(t *testing.T) {
	var l shown.List[string]
	l.Add(item("", "own", ""))
	l.Show(views, taken, anything, whole)
	l.Recall(shown.Outcome{Status: 200}, false)
	some, _ := l.HasOwn()
	assert.False(t, some, "a page shows it")
	l.Recall(shown.Outcome{Status: 204}, false)
	some, unaddressed := l.HasOwn()
	assert.True(t, some)
	assert.True(t, unaddressed)
	items, lost := l.TakeOwn("")
	assert.Empty(t, items)
	assert.Equal(t, 1, lost)
	assert.True(t, l.IsEmpty())
}

func TestTakeOwnAddressesMessagesWithoutAView(t *testing.T) {
	var l shown.List[string]
	l.Add(item("", "one", ""))
	l.Add(item("/b", "two", ""))
	items, lost := l.TakeOwn("/a")
	assert.Zero(t, lost)
	assert.Equal(t, []queue.Item[string]{item("/a", "one", ""), item("/b", "two", "")}, items)
}

func TestAMessageThatMovesOnIsNotShownHere(t *testing.T) {
	var l shown.List[string]
	store := new(settler)
	id := queue.NewID()
	l.AddClaimed(claimed(store, item("/a", id, "")))
	l.Show(views, taken, anything, whole)
	l.MoveOn(id)
	l.Add(item("/b", queue.NewID(), ""))
	assert.Empty(t, l.Peek(views, nil))
	l.Judge(shown.Outcome{Status: 303, Away: true})
	done, _, _ := l.Judged()
	done.Confirm()
	assert.Equal(t, []string{id}, store.confirmed, "the new one takes its place")
}

func TestMessagesBehindTheBody(t *testing.T) {
	var l shown.List[string]
	store := new(settler)
	l.AddClaimed(claimed(store, item("/a", "claimed", "")))
	l.Add(item("", "own", ""))
	assert.Equal(t, []string{"own"}, ids(l.Unshown(views, true, anything).Items()))
	l.Unshown(views, false, anything).Set(shown.Following)
	assert.Equal(t, []string{"claimed", "own"}, ids(l.Following(time.Hour).Items()))
	assert.Equal(t, []string{"own"}, ids(l.Following(0).Items()), "the lease has ended")
}

func TestGiveBackKeepsTheRequestsOwn(t *testing.T) {
	var l shown.List[string]
	store := new(settler)
	l.AddClaimed(claimed(store, item("/a", "claimed", "")))
	l.Add(item("", "own", ""))
	l.GiveBack().ReleaseNow()
	assert.Equal(t, []string{"claimed"}, store.released)
	assert.Equal(t, []string{"own"}, ids(l.Peek(views, nil)))
}

func TestPrinted(t *testing.T) {
	var l shown.List[string]
	l.Add(item("", "own", ""))
	printing := shown.Way{State: shown.Printing}
	l.Show(views, printing, anything, whole)
	l.Printed(false, true, 200)
	some, _ := l.HasOwn()
	assert.True(t, some, "the page failed")
	l.Show(views, printing, anything, whole)
	l.Printed(true, true, 200)
	assert.True(t, l.WouldShow(shown.Outcome{Status: 200, Written: 1}))
	assert.False(t, l.WouldShow(shown.Outcome{Status: 500, Written: 1}))
}
