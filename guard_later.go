package flashgin

import (
	"context"
	"slices"
	"time"
)

const (
	// laterFor is how long after its first attempt an add is still tried. The store remembers the ID of a message that is gone for longer, so one that had
	// arrived all the same, and was shown, does not come twice.
	laterFor = rememberFor - callTimeout
	// laterAfter is the pause after the attempts that the answer may have waited for.
	laterAfter = time.Second
	// laterAtMost is how many adds of requests are tried at a time when their answers have left.
	laterAtMost = 256
)

// addLater goes on adding messages of a request, whose answer leaves without knowing what becomes of them. Some are left out: one with a Key would replace a
// newer one, and one with a short TTL may be out of date. The page that they are for may have been loaded by then, so open pages are woken. The context is that
// of the attempts that have failed.
func (g *guard) addLater(ctx context.Context, since time.Time, session string, msgs []Message) {
	msgs = slices.DeleteFunc(slices.Clone(msgs), func(m Message) bool { return m.Key != "" || m.TTL > 0 && m.TTL < laterFor })
	if len(msgs) == 0 {
		return
	}
	select {
	case g.later <- struct{}{}:
	default:
		return
	}
	started := g.goInBackground(func() {
		defer func() { <-g.later }()
		ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), since.Add(laterFor))
		defer cancel()
		defer context.AfterFunc(g.ctx, cancel)() // close does not wait that long
		if !sleep(ctx, laterAfter) {
			return
		}
		err := g.tryHere(ctx, untilEnd, func(ctx context.Context) error { return g.store.Add(ctx, session, msgs...) })
		if err == nil { // else it was said that they may be lost
			g.tell(ctx, Event{Kind: EventAdded, Messages: len(msgs)})
		}
	})
	if !started {
		<-g.later
	}
}
