package storetest

import (
	"time"

	"github.com/flashgin/flashgin"
)

// Rules 12 to 14: what an Add or a Withdraw removes.

var capChecks = []check{
	{name: "one Add", cap: 3, run: func(p *probe) {
		p.addTexts("1", "2", "3", "4", "5")
		p.want("waiting", p.peek(), "3", "4", "5")
	}},
	{name: "several Adds", cap: 3, run: func(p *probe) {
		for _, text := range []string{"1", "2", "3", "4", "5"} {
			p.addTexts(text)
		}
		p.want("waiting", p.peek(), "3", "4", "5")
		p.want("Claim", p.claim().Messages, "3", "4", "5")
	}},
	{name: "each address has its own", cap: 3, run: func(p *probe) {
		p.addTexts("1", "2", "3")
		p.add(p.message("4").At(p.other))
		p.want("waiting at both views", p.peek(p.view, p.other), "1", "2", "3", "4")
		session := p.session
		p.session += "2"
		p.addTexts("5")
		p.session = session
		p.want("waiting after an Add for another session", p.peek(), "1", "2", "3")
	}},
	{name: "claimed ones do not count", cap: 3, run: func(p *probe) {
		p.addTexts("1", "2", "3")
		c := p.claim()
		p.want("the first claim", c.Messages, "1", "2", "3")
		p.addTexts("4", "5", "6")
		p.want("waiting beside three claimed ones", p.peek(), "4", "5", "6")
		p.confirm(part(c, c.Messages[0]))
		p.confirm(p.claim())
		p.release(part(c, c.Messages[1:]...))
		p.want("waiting after the release", p.peek(), "2", "3")
	}},
	{name: "released ones count", cap: 3, run: func(p *probe) {
		p.addTexts("1", "2", "3")
		c := p.claim()
		p.addTexts("4", "5")
		p.release(c) // may drop, or leave that to the next Add
		p.addTexts("6")
		p.want("waiting after a release and an Add", p.peek(), "4", "5", "6")
	}},
	{name: "those whose lease has ended count", cap: 3, run: func(p *probe) {
		p.addTexts("1", "2", "3")
		p.claimFor(short)
		time.Sleep(2 * short) // no other call in between: it might tidy up
		p.addTexts("4")
		p.want("waiting after the lease and an Add", p.peek(), "2", "3", "4")
	}},
	{name: "those whose TTL has ended do not count", cap: 3, run: func(p *probe) {
		msgs := p.messages("1", "2", "3")
		msgs[1].TTL, msgs[2].TTL = short, short
		p.add(msgs...)
		time.Sleep(2 * short)
		p.addTexts("4", "5")
		p.want("waiting after two more were added", p.peek(), "1", "4", "5")
	}},
	{name: "what adds nothing drops nothing", cap: 3, run: func(p *probe) {
		first, last := p.message("1"), p.keyed("3", "key")
		p.add(first, p.message("2"), last)
		p.add(first)
		p.want("waiting after an ID was added again", p.peek(), "1", "2", "3")
		p.add(p.keyed("4", "key"))
		p.want("waiting after one was replaced", p.peek(), "1", "2", "4")
	}},
	{name: "reported", cap: 3, run: func(p *probe) {
		reports := p.listenToErrors()
		if reports == nil {
			return
		}
		p.addTexts("1", "2", "3")
		if reports.Load() > 0 {
			p.fail("the store reported an error, but nothing was dropped")
		}
		p.addTexts("4")
		p.eventually("the dropped message is reported to OnError",
			func() bool { return reports.Load() > 0 })
	}},
	{name: "told to OnEvent", cap: 3, run: func(p *probe) {
		told := p.listen(flashgin.EventDropped)
		p.addTexts("1", "2", "3")
		p.wantTold(told, 0)
		p.addTexts("4", "5")
		p.wantTold(told, 2)
		p.confirm(p.claim())
		p.addTexts("6", "7", "8")
		p.wantTold(told, 2)
		p.add(append(p.messages("9"), p.message("other").At(p.other))...)
		p.wantTold(told, 3)
	}},
}

var keyChecks = []check{
	{name: "replaces in its own place", run: func(p *probe) {
		p.addTexts("first")
		p.add(p.keyed("50 %", "export"), p.message("second"))
		p.add(p.keyed("done", "export"))
		p.want("Peek", p.peek(), "first", "second", "done")
		p.want("Claim", p.claim().Messages, "first", "second", "done")
	}},
	{name: "in one Add", run: func(p *probe) {
		p.add(p.keyed("50 %", "export"), p.message("first"), p.keyed("done", "export"))
		p.want("waiting", p.peek(), "first", "done")
	}},
	{name: "added at once", run: func(p *probe) {
		p.addAtOnce("one Key", func(int) []flashgin.Message {
			msgs := make([]flashgin.Message, rushing)
			for i := range msgs {
				msgs[i] = p.keyed("progress", "export")
			}
			return msgs
		})
	}},
	{name: "no Key replaces nothing", run: func(p *probe) {
		p.addTexts("first", "second")
		p.add(p.keyed("third", "export"))
		p.addTexts("fourth")
		p.want("waiting", p.peek(), "first", "second", "third", "fourth")
	}},
	{name: "of another address", run: func(p *probe) {
		m := p.keyed("first", "export")
		p.add(m)
		p.add(p.keyed("second", "export").At(p.other))
		p.want("waiting at both views", p.peek(p.view, p.other), "first", "second")
		session := p.session
		p.session += "2"
		p.add(p.keyed("third", "export"))
		p.session = session
		p.want("waiting after an Add for another session", p.peek(), "first")
	}},
	{name: "claimed and released", run: func(p *probe) {
		p.add(p.message("first"), p.keyed("50 %", "export"))
		c := p.claim()
		p.want("Claim", c.Messages, "first", "50 %")
		p.add(p.keyed("done", "export"))
		p.want("waiting during the claim", p.peek(), "done")
		p.release(c)
		p.want("waiting after the release", p.peek(), "first", "done")
	}},
	{name: "claimed and confirmed", run: func(p *probe) {
		p.add(p.keyed("50 %", "export"))
		c := p.claim()
		p.want("Claim", c.Messages, "50 %")
		p.add(p.keyed("done", "export"))
		p.confirm(c)
		p.want("waiting after Confirm of the older", p.peek(), "done")
	}},
	{name: "claimed until the lease ends", run: func(p *probe) {
		p.add(p.message("first"), p.keyed("50 %", "export"))
		p.claimFor(short)
		p.add(p.keyed("done", "export"))
		p.untilWaiting("the lease ends", 2)
		p.want("waiting after the lease", p.peek(), "first", "done")
	}},
	{name: "claimed while the newer one was shown", run: func(p *probe) {
		p.add(p.keyed("50 %", "export"))
		older := p.claim()
		p.want("the first claim", older.Messages, "50 %")
		p.add(p.keyed("done", "export"))
		newer := p.claim()
		p.want("the second claim", newer.Messages, "done")
		p.confirm(newer)
		p.release(older)
		p.want("waiting after the release of the older", p.peek())
	}},
	{name: "both released", run: func(p *probe) {
		p.add(p.keyed("50 %", "export"))
		older := p.claim()
		p.add(p.keyed("done", "export"))
		newer := p.claim()
		p.release(newer)
		p.release(older)
		p.want("waiting after both releases", p.peek(), "done")
	}},
}

var withdrawChecks = []check{
	{name: "waiting", run: func(p *probe) {
		p.add(p.message("first"), p.keyed("second", "a"), p.keyed("third", "b"))
		p.withdraw("a")
		p.want("Peek", p.peek(), "first", "third")
		p.want("Claim", p.claim().Messages, "first", "third")
		p.withdraw("a") // where nothing has the key any more
		p.add(p.keyed("fourth", "a"))
		p.want("waiting after a new message with the key", p.peek(), "fourth")
	}},
	{name: "claimed and released", run: func(p *probe) {
		p.add(p.message("first"), p.keyed("second", "a"))
		c := p.claim()
		p.want("Claim", c.Messages, "first", "second")
		p.withdraw("a")
		p.release(c)
		p.want("waiting after the release", p.peek(), "first")
	}},
	{name: "claimed until the lease ends", run: func(p *probe) {
		p.add(p.message("first"), p.keyed("second", "a"))
		p.claimFor(short)
		p.withdraw("a")
		p.untilWaiting("the lease ends", 1)
		p.want("waiting after the lease", p.peek(), "first")
	}},
	{name: "claimed and confirmed", run: func(p *probe) {
		p.add(p.keyed("first", "a"))
		c := p.claim()
		p.withdraw("a")
		p.confirm(c)
		p.want("waiting", p.peek())
	}},
	{name: "one claimed and one waiting", run: func(p *probe) {
		p.add(p.keyed("first", "a"))
		c := p.claim()
		p.add(p.keyed("second", "a"))
		p.withdraw("a")
		p.want("waiting after Withdraw", p.peek())
		p.release(c)
		p.want("waiting after the release", p.peek())
	}},
	{name: "not by the empty key", run: func(p *probe) {
		p.add(p.message("first"), p.keyed("second", "a"))
		p.withdraw("")
		p.want("waiting", p.peek(), "first", "second")
		c := p.claim()
		p.withdraw("")
		p.release(c)
		p.want("waiting after the release", p.peek(), "first", "second")
	}},
	{name: "where nothing is", run: func(p *probe) {
		p.withdraw("a")
		p.withdraw("")
		p.want("waiting", p.peek())
	}},
}
