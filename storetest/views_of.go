package storetest

import (
	"context"
	"errors"
	"slices"

	"github.com/flashgin/flashgin"
)

// Rule 23: at which views messages of a session wait.

var viewsOfChecks = []check{
	{name: "each view, once", run: func(p *probe) {
		p.viewsOf() // nothing was ever added: any error fails the check
		p.add(p.messages("1", "2")...)
		p.add(p.message("3").At(p.other))
		p.wantViews(p.view, p.other)
	}},
	{name: "any view", run: func(p *probe) {
		for some := range slices.Chunk(words, 50) {
			p.move()
			for _, view := range some {
				p.add(p.message("text").At(view))
			}
			p.wantViews(some...)
		}
	}},
	{name: "after a release", run: func(p *probe) {
		p.addTexts("first")
		p.release(p.claim())
		p.wantViews(p.view)
	}},
	{name: "not of another session", run: func(p *probe) {
		mine := p.session
		p.addTexts("mine")
		p.session += "2"
		p.add(p.message("theirs").At(p.other))
		p.session = mine
		if views := p.viewsOf(); slices.Contains(views, p.other) {
			p.fail("ViewsOf returned %q, which has a view of another session", views)
		}
	}},
	{name: "changes nothing", run: func(p *probe) {
		p.addTexts("first")
		p.claim()
		p.addTexts("second")
		p.viewsOf()
		p.want("Peek after ViewsOf", p.peek(), "second")
	}},
	{name: "a context that has ended", run: func(p *probe) {
		store, ok := p.store.(viewer)
		if !ok {
			return
		}
		p.addTexts("first")
		ctx, cancel := context.WithCancel(p.ctx)
		cancel()
		if _, err := store.ViewsOf(ctx, p.session); !errors.Is(err, context.Canceled) {
			p.fail("ViewsOf returned the error %v, want one that wraps %q", err, context.Canceled)
		}
	}},
}

type viewer interface {
	ViewsOf(ctx context.Context, session string) ([]string, error)
}

var _ viewer = (*flashgin.MemoryStore)(nil)

// viewsOf returns what ViewsOf does, or nil if the store has none.
func (p *probe) viewsOf() []string {
	p.Helper()
	store, ok := p.store.(viewer)
	if !ok {
		p.Logf("this store has no ViewsOf")
		return nil
	}
	views, err := store.ViewsOf(p.ctx, p.session)
	p.ok("ViewsOf", err)
	return views
}

// wantViews wants each of the views among those that ViewsOf returns, and none twice.
func (p *probe) wantViews(want ...string) {
	p.Helper()
	if _, ok := p.store.(viewer); !ok {
		return
	}
	views := p.viewsOf()
	slices.Sort(views)
	for _, view := range want {
		if i, found := slices.BinarySearch(views, view); !found {
			p.fail("ViewsOf returned %q, want %q among them", views, view)
		} else if i+1 < len(views) && views[i+1] == view {
			p.fail("ViewsOf returned %q twice", view)
		}
	}
}
