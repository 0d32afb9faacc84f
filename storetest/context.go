package storetest

import (
	"context"
	"errors"
	"time"
)

// Rule 16: a context that has ended.

var contextChecks = []check{
	{name: "cancelled", run: func(p *probe) {
		ctx, cancel := context.WithCancel(p.ctx)
		cancel()
		callEnded(ctx, p, context.Canceled)
	}},
	{name: "past its deadline", run: func(p *probe) {
		ctx, cancel := context.WithDeadline(p.ctx, time.Now().Add(-time.Second))
		defer cancel()
		callEnded(ctx, p, context.DeadlineExceeded)
	}},
}

// callEnded calls every method with a context that has ended, wants the error, and wants nothing
// changed.
func callEnded(ctx context.Context, p *probe, want error) {
	p.Helper()
	p.addTexts("confirmed?", "released?")
	c := p.claim()
	p.want("Claim", c.Messages, "confirmed?", "released?")
	p.add(p.keyed("waiting", "key"))
	added := p.keyed("added?", "key")

	check := func(call string, err error) {
		p.Helper()
		if !errors.Is(err, want) {
			p.fail("%s returned the error %v, want one that wraps %q", call, err, want)
		}
		p.want("waiting after "+call, p.peek(), "waiting")
	}
	check("Add", p.store.Add(ctx, p.session, added))
	claim, err := p.store.Claim(ctx, p.session, []string{p.view}, long)
	check("Claim", err)
	p.want("the messages of the failed Claim", claim.Messages)
	msgs, err := p.store.Peek(ctx, p.session, []string{p.view})
	check("Peek", err)
	p.want("the messages of the failed Peek", msgs)
	check("Withdraw", p.store.Withdraw(ctx, p.session, p.view, "key"))
	check("Confirm", p.store.Confirm(ctx, part(c, c.Messages[0])))
	check("Release", p.store.Release(ctx, part(c, c.Messages[1])))

	p.release(c)
	p.want("waiting after the claim was released in earnest", p.peek(), "confirmed?", "released?",
		"waiting")
	p.add(added)
	p.want("waiting after the message was added in earnest", p.peek(), "confirmed?", "released?",
		"added?")
}
