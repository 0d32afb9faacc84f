package answer

import (
	"context"
	"slices"
	"time"

	"github.com/flashgin/flashgin/internal/delivery"
	"github.com/flashgin/flashgin/internal/known"
	"github.com/flashgin/flashgin/internal/queue"
	"github.com/flashgin/flashgin/internal/secret"
	"github.com/flashgin/flashgin/internal/seeding"
	"github.com/flashgin/flashgin/internal/shown"
)

// findName asks Config.View for the name of the page, once for each page to which HandleContext has
// gone on. Call it before views.List.
func (a *Answer[T]) findName() {
	if a.views.IsNamed() || a.site.Views.View == nil || a.Ended() {
		return
	}
	c, name := a.Gin(), ""
	a.Outside(func() { name = a.site.Views.NameOf(c) })
	a.views.Name(name)
}

// unasked returns the views for which the store was not asked yet.
func (a *Answer[T]) unasked() []string {
	views := a.views.List()
	if len(a.asked) == 0 {
		return views
	}
	return slices.DeleteFunc(slices.Clone(views), a.wasAsked)
}

// allAsked reports whether the store was asked for all views of the page.
func (a *Answer[T]) allAsked() bool {
	if len(a.asked) == 0 || !a.views.AreListed() {
		return false
	}
	return !slices.ContainsFunc(a.views.List(), func(view string) bool { return !a.wasAsked(view) })
}

func (a *Answer[T]) wasAsked(view string) bool { return slices.Contains(a.asked, view) }

// claim claims the messages at the views of the page, each view once: if that fails, the page goes
// without messages.
func (a *Answer[T]) claim() {
	a.findName()
	if a.Ended() || len(a.unasked()) == 0 {
		return
	}
	key, ok := a.keys.Read()
	if a.Ended() {
		return
	}
	views := a.unasked() // another goroutine may have claimed meanwhile
	if len(views) == 0 {
		return
	}
	if len(a.asked) == 0 {
		a.asked = slices.Clip(views)
	} else {
		a.asked = append(a.asked, views...)
	}
	if ok {
		look := a.lookUp(key, views)
		if !look.Nothing && a.claimFrom(a.site.Store, key, views) {
			a.site.Known.Learn(look)
		}
	}
	if seed := a.site.Seed(a.Client()); seed != nil {
		a.claimFrom(seed, seeding.Session, views)
	}
}

// lookUp says what is known of the session at the views, without asking the store.
func (a *Answer[T]) lookUp(session string, views []string) known.Look {
	if a.site.Known == nil {
		return known.Look{}
	}
	look := a.site.Known.Look(a.site.Store.WakeName(session), secret.Mark(&a.HTTP), views)
	if look.Nothing {
		a.Outside(func() { a.site.Skipped(a.Client()) })
	}
	return look
}

// claimFrom reports whether the store has nothing at the views, not even claimed by another page.
func (a *Answer[T]) claimFrom(
	store *delivery.Delivery[T], session string, views []string,
) (nothing bool) {
	since := time.Now()
	var claim queue.Claim[T]
	var err error
	a.AskStore(func(ctx context.Context) {
		claim, err = store.Claim(ctx, session, views, a.site.Timeout)
	})
	if err != nil {
		a.failRead("claim", err)
		return false
	}
	claim.Page = a.views.Page()
	a.list.AddClaimed(shown.Claimed[T]{Claim: claim, From: store, Since: since})
	return claim.Nothing
}

// peek asks the store once what waits at the views.
func (a *Answer[T]) peek() {
	a.findName()
	if a.Ended() || a.peekAsked || len(a.unasked()) == 0 {
		return
	}
	key, ok := a.keys.Read()
	if a.Ended() || a.peekAsked {
		return
	}
	views := a.unasked()
	if len(views) == 0 {
		return
	}
	a.peekAsked = true
	var err error
	if ok && !a.lookUp(key, views).Nothing {
		a.AskStore(func(ctx context.Context) {
			a.peeked, err = a.site.Store.Peek(ctx, key, views, a.site.Timeout)
		})
	}
	if seed := a.site.Seed(a.Client()); seed != nil {
		seeded, _ := seed.Peek(a.Context(), seeding.Session, views, a.site.Timeout)
		a.peeked = append(a.peeked, seeded...)
	}
	if err != nil {
		a.failRead("peek", err)
	}
}
