package storetest

import (
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/flashgin/flashgin"
)

// Rule 21: at how many views messages of one session are kept.

const (
	// viewsKept is how many views every store keeps, and viewsAtMost how many none exceeds.
	viewsKept   = 100
	viewsAtMost = 1000
	// viewsTooMany is what a client uses that chooses the paths of redirects.
	viewsTooMany = 1200
)

var viewsChecks = []check{
	{name: "as many as every store keeps", run: func(p *probe) {
		views := p.manyViews(viewsKept)
		for _, view := range views {
			p.add(p.message(view).At(view))
		}
		p.want("waiting", p.peek(views...), views...)
	}},
	{name: "bounded", run: func(p *probe) {
		reports, told := p.listenToErrors(), p.listen(flashgin.EventDropped)
		views := p.manyViews(viewsTooMany)
		p.addAtEach(views[:viewsKept], 50)
		if reports != nil && reports.Load() > 0 {
			p.fail("the store reported an error, but nothing was dropped")
		}
		p.wantTold(told, 0)
		p.addAtEach(views[viewsKept:], 300)

		waiting := len(p.peek(views...))
		if waiting > viewsAtMost {
			p.fail("messages wait at %d views of one session, want %d at the most", waiting,
				viewsAtMost)
		}
		newest := views[len(views)-viewsKept:]
		p.want("waiting at the newest views", p.peek(newest...), newest...)
		if reports != nil {
			p.eventually("what was dropped is reported to OnError",
				func() bool { return reports.Load() > 0 })
		}
		p.wantTold(told, int64(len(views)-waiting))
	}},
	{name: "an Add makes a view the newest", cap: viewsTooMany, run: func(p *probe) {
		const atOnce = 50
		views := p.manyViews(viewsTooMany)
		p.addAtEach(views[:4*atOnce], atOnce)
		p.addTexts("first")
		want := []string{"first"}
		for some := range slices.Chunk(views[4*atOnce:], atOnce) {
			p.addAtEach(some, atOnce)
			p.addTexts("again")
			want = append(want, "again")
		}
		p.want("waiting at the view that was added to again and again", p.peek(), want...)
	}},
	{name: "other sessions, and what has gone, do not count", run: func(p *probe) {
		p.addTexts("first")
		session := p.session
		for some := range slices.Chunk(p.manyViews(viewsTooMany), 50) {
			p.session = session
			p.addAtEach(some, len(some))
			p.confirm(p.claim(some...))
			p.session = session + "2"
			p.addAtEach(some, len(some))
		}
		p.session = session
		p.want("waiting after many others were shown", p.peek(), "first")
	}},
}

// manyViews returns n views that nobody else uses.
func (p *probe) manyViews(n int) []string {
	views, folder := make([]string, n), "/"+rand.Text()
	for i := range views {
		views[i] = fmt.Sprint(folder, "/", i)
	}
	return views
}

// addAtEach adds a message at each view, whose text is the view, with so many views an Add.
func (p *probe) addAtEach(views []string, atOnce int) {
	p.Helper()
	var msgs []flashgin.Message
	for i, view := range views {
		msgs = append(msgs, p.message(view).At(view))
		if len(msgs) == atOnce || i == len(views)-1 {
			p.add(msgs...)
			msgs = nil
		}
	}
}
