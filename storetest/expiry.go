package storetest

import "time"

// Rules 10 and 11: what ends by time.

var messageTTLChecks = []check{
	{name: "waiting", run: func(p *probe) {
		msgs := p.messages("brief", "a minute", "no TTL")
		msgs[0].TTL = short
		msgs[1].TTL = long
		for i := range msgs {
			msgs[i].Created = msgs[i].Created.Add(-time.Hour) // not what the TTL counts from
		}
		p.add(msgs...)
		p.untilGone("the brief message is gone", 2)
		p.want("Peek after its end", p.peek(), "a minute", "no TTL")
		p.want("Claim after its end", p.claim().Messages, "a minute", "no TTL")
	}},
	{name: "waiting, with no call in between", run: func(p *probe) {
		msgs := p.messages("brief", "no TTL")
		msgs[0].TTL = short
		p.add(msgs...)
		time.Sleep(2 * short)
		p.want("Claim after its end", p.claim().Messages, "no TTL")
	}},
	{name: "released after its end", run: func(p *probe) {
		p.inTime(func(ttl time.Duration) bool {
			start := time.Now()
			msgs := p.messages("brief", "no TTL")
			msgs[0].TTL = ttl
			p.add(msgs...)
			c := p.claim()
			if time.Since(start) > ttl/2 {
				return false
			}
			p.want("Claim", c.Messages, "brief", "no TTL")
			time.Sleep(ttl)
			p.release(c)
			p.untilGone("the brief message is gone", 1)
			p.want("waiting after the release", p.peek(), "no TTL")
			return true
		})
	}},
	{name: "ended before its lease", run: func(p *probe) {
		msgs := p.messages("brief", "no TTL")
		msgs[0].TTL = short
		p.add(msgs...)
		p.claimFor(2 * short)
		p.eventually("the lease ends", func() bool { return len(p.peek()) > 0 })
		p.untilGone("the brief message is gone", 1)
		p.want("waiting after the lease", p.peek(), "no TTL")
	}},
	{name: "ended, and the ID is free", run: func(p *probe) {
		m := p.given("brief", "job")
		m.TTL = short
		p.add(m, p.message("no TTL"))
		time.Sleep(2 * short)
		p.add(p.given("again", "job"))
		p.want("waiting after the ID was added again", p.peek(), "no TTL", "again")
	}},
	{name: "zero and more than the store's", ttl: 4 * short, run: func(p *probe) {
		msgs := p.messages("a minute", "no TTL")
		msgs[0].TTL = long
		p.add(msgs...)
		p.untilGone("the store's TTL ends", 0)
		p.want("Claim after the store's TTL", p.claim().Messages)
	}},
}

var expiryChecks = []check{
	{name: "of waiting and claimed messages", ttl: 4 * short, run: func(p *probe) {
		p.addTexts("claimed")
		c := p.claim()
		p.addTexts("waiting")
		p.untilGone("the address is gone", 0)
		p.release(c)
		p.want("waiting after the release of what is gone", p.peek())
	}},
	{name: "of remembered IDs", ttl: 4 * short, run: func(p *probe) {
		m := p.given("first", "job")
		p.add(m)
		p.confirm(p.claim())
		m.Text = "again"
		for range 10 {
			time.Sleep(8 * short) // twice the TTL, with no Add that would start it anew
			start := time.Now()
			p.add(m)
			waiting := p.peek()
			if time.Since(start) < 2*short {
				p.want("waiting after the ID was added again", waiting, "again")
				return
			}
		}
		p.tooSlow()
	}},
	{name: "each Add starts it anew", ttl: expiryTTL, run: addsKeepAlive},
	{name: "an Add elsewhere does not", ttl: expiryTTL, run: func(p *probe) {
		p.addTexts("first")
		p.eventually("the address is gone", func() bool {
			p.add(p.message("elsewhere").At(p.other))
			return len(p.peek()) == 0
		})
	}},
	{name: "nothing else does", ttl: expiryTTL, cap: 50, run: func(p *probe) {
		const rounds = 40
		texts := make([]string, rounds+1)
		for i := range texts {
			texts[i] = "one of many"
		}
		p.addTexts(texts...)
		for range rounds { // 40 eighths of the TTL, five times as long as the messages last
			c := p.claim()
			if len(c.Messages) == 0 {
				return
			}
			p.confirm(part(c, c.Messages[0]))
			p.release(part(c, c.Messages[1:]...))
			p.withdraw("a key of no message")
			p.peek()
			time.Sleep(expiryTTL / 8)
		}
		p.fail(
			"an address was still there after %d rounds of Claim, Confirm, Release, Withdraw and Peek, %v apart; its TTL is %v",
			rounds, expiryTTL/8, expiryTTL)
	}},
}

const expiryTTL = 320 * time.Millisecond

// addsKeepAlive adds for longer than the TTL of the store, with less than the TTL between two Adds.
func addsKeepAlive(p *probe) {
	for range 10 {
		p.move()
		inTime := true // with a margin, since a store may count whole milliseconds
		last := time.Now()
		var texts []string
		for _, text := range []string{"1", "2", "3", "4", "5"} {
			start := time.Now()
			p.addTexts(text)
			inTime = inTime && time.Since(last) < expiryTTL*9/10
			last = start
			texts = append(texts, text)
			time.Sleep(expiryTTL / 3)
		}
		waiting := p.peek()
		if inTime && time.Since(last) < expiryTTL*9/10 {
			p.want("waiting after Adds that followed each other within the TTL", waiting, texts...)
			return
		}
	}
	p.tooSlow()
}
