package storetest

// Rule 20: only the views asked for, only of that session.

var scopeChecks = []check{
	{name: "nothing waits", run: func(p *probe) {
		p.want("Peek", p.peek(p.view, p.other))
		p.want("Claim", p.claim(p.view, p.other).Messages)
	}},
	{name: "no views", run: func(p *probe) {
		p.addTexts("first")
		for _, views := range [][]string{nil, {}} {
			msgs, err := p.store.Peek(p.ctx, p.session, views)
			p.ok("Peek", err)
			p.want("Peek at no view", msgs)
			c, err := p.store.Claim(p.ctx, p.session, views, long)
			p.ok("Claim", err)
			p.want("Claim at no view", c.Messages)
		}
		p.want("waiting after all that", p.peek(), "first")
	}},
	{name: "no messages", run: func(p *probe) {
		p.add()
		p.want("waiting", p.peek())
	}},
	{name: "other views", run: func(p *probe) {
		p.add(p.keyed("here", "key"), p.keyed("there", "key").At(p.other))
		p.want("Peek at one view", p.peek(), "here")
		c := p.claim()
		p.want("Claim at one view", c.Messages, "here")
		p.want("waiting at the other view after Claim", p.peek(p.other), "there")
		p.release(c)
		p.withdraw("key")
		p.want("waiting after Withdraw at one view", p.peek(p.view, p.other), "there")
		p.want("claimed at the other view", p.claim(p.other).Messages, "there")
	}},
	{name: "other sessions", run: func(p *probe) {
		mine, theirs := p.session, p.session+"2"
		p.add(p.keyed("mine", "key"))
		p.session = theirs
		p.want("Peek for a session without messages", p.peek())
		p.want("Claim for a session without messages", p.claim().Messages)
		p.withdraw("key")
		p.add(p.keyed("theirs", "key"))
		p.session = mine
		p.want("waiting after calls for another session", p.peek(), "mine")
		p.confirm(p.claim())
		p.session = theirs
		p.want("waiting for the other session", p.peek(), "theirs")
	}},
	{name: "a view named twice", run: func(p *probe) {
		p.addTexts("first")
		p.add(p.message("second").At(p.other))
		views := []string{p.view, p.other, p.view, p.other, p.view}
		p.want("Peek", p.peek(views...), "first", "second")
		c := p.claim(views...)
		p.want("Claim", c.Messages, "first", "second")
		p.confirm(part(c, c.Messages[0]))
		p.release(part(c, c.Messages[1]))
		p.want("waiting after the claim was settled", p.peek(views...), "second")
	}},
	{name: "Peek leaves everything", run: func(p *probe) {
		p.addTexts("first", "second")
		for range 3 {
			p.want("Peek", p.peek(), "first", "second")
		}
		p.want("Claim after Peek", p.claim().Messages, "first", "second")
	}},
	{name: "Peek does not see what is claimed", run: func(p *probe) {
		p.addTexts("first")
		c := p.claim()
		p.addTexts("second")
		p.want("Peek beside a claim", p.peek(), "second")
		p.release(c)
		p.want("Peek after the release", p.peek(), "first", "second")
	}},
	{name: "a claim says whose it is", run: func(p *probe) {
		p.addTexts("first")
		c := p.claim()
		if c.Session != p.session {
			p.fail("Claim.Session is %q, want the session %q that was asked for", c.Session,
				p.session)
		}
	}},
}
