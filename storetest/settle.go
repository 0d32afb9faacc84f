package storetest

import (
	"slices"
	"time"

	"github.com/flashgin/flashgin"
)

// Rules 5 to 9: how a claim ends.

var confirmChecks = []check{
	{name: "never returned", run: func(p *probe) {
		p.addTexts("first")
		p.add(p.message("second").At(p.other))
		p.confirm(p.claim(p.view, p.other))
		p.want("Peek", p.peek(p.view, p.other))
		p.want("Claim", p.claim(p.view, p.other).Messages)
		p.addTexts("third")
		p.want("waiting after another Add", p.peek(p.view, p.other), "third")
	}},
	{name: "nor when the lease has ended", run: func(p *probe) {
		p.inTime(func(lease time.Duration) bool {
			p.addTexts("confirmed", "not confirmed")
			start := time.Now()
			c := p.claimFor(lease)
			p.want("Claim", c.Messages, "confirmed", "not confirmed")
			p.confirm(part(c, c.Messages[0]))
			if time.Since(start) > lease/2 {
				return false
			}
			p.untilWaiting("the message that was not confirmed waits again", 1)
			p.want("waiting after the lease", p.peek(), "not confirmed")
			return true
		})
	}},
}

var releaseChecks = []check{
	{name: "in its old place", run: func(p *probe) {
		p.addTexts("first")
		p.add(p.message("second").At(p.other))
		p.addTexts("third")
		for range 3 {
			c := p.claim(p.view, p.other)
			p.want("Claim", c.Messages, "first", "second", "third")
			p.release(c)
		}
		c := p.claim(p.view, p.other)
		p.addTexts("fourth")
		p.release(c)
		p.want("waiting after the release", p.peek(p.view, p.other), "first", "second", "third",
			"fourth")
		p.want("claimed after the release", p.claim(p.view, p.other).Messages, "first", "second",
			"third", "fourth")
	}},
	{name: "one by one", run: func(p *probe) {
		p.addTexts("first", "second", "third", "fourth")
		c := p.claim()
		p.want("Claim", c.Messages, "first", "second", "third", "fourth")
		for _, i := range []int{2, 0, 3, 1} {
			p.release(part(c, c.Messages[i]))
		}
		p.want("waiting after the releases", p.peek(), "first", "second", "third", "fourth")
	}},
}

var leaseChecks = []check{
	{name: "holds until it ends", run: func(p *probe) {
		p.addTexts("first")
		p.want("the first claim", p.claim().Messages, "first")
		time.Sleep(short)
		p.want("Peek during the lease", p.peek())
		p.want("Claim during the lease", p.claim().Messages)
	}},
	{name: "ended, in the old place", run: func(p *probe) {
		p.addTexts("first")
		p.add(p.message("second").At(p.other))
		p.want("Claim", p.claimFor(short, p.view, p.other).Messages, "first", "second")
		p.addTexts("third")
		p.eventually("the lease ends", func() bool { return len(p.peek(p.view, p.other)) == 3 })
		p.want("Peek after the lease", p.peek(p.view, p.other), "first", "second", "third")
		p.want("Claim after the lease", p.claim(p.view, p.other).Messages, "first", "second",
			"third")
	}},
	{name: "ended, with no call in between", run: func(p *probe) {
		p.addTexts("first", "second")
		p.want("Claim", p.claimFor(short).Messages, "first", "second")
		time.Sleep(2 * short)
		p.want("Claim after the lease", p.claim().Messages, "first", "second")
	}},
	{name: "of a settled claim ends nothing", run: func(p *probe) {
		p.addTexts("first")
		p.release(p.claimFor(short))
		p.want("the second claim", p.claim().Messages, "first")
		time.Sleep(2 * short)
		p.want("waiting when the lease of the first claim has ended", p.peek())
	}},
	{name: "ended, told to OnEvent", run: func(p *probe) {
		told := p.listen(flashgin.EventLeaseExpired)
		p.addTexts("first", "second")
		p.release(p.claim())
		p.claimFor(short)
		p.untilWaiting("the lease ends", 2)
		p.wantTold(told, 0) // nobody has been given them again
		p.addTexts("third")
		p.want("Claim after the lease", p.claim().Messages, "first", "second", "third")
		p.wantTold(told, 2)
	}},
}

var lateChecks = []check{
	{name: "Confirm and Release after a newer claim", run: func(p *probe) {
		p.addTexts("first", "second")
		late := p.claimFor(short)
		p.want("the first claim", late.Messages, "first", "second")
		p.untilWaiting("the lease ends", 2)
		newer := p.claim()
		p.want("the second claim", newer.Messages, "first", "second")

		p.confirm(late)
		p.release(late)
		p.want("waiting after the late calls", p.peek())
		p.want("claimed after the late calls", p.claim().Messages)
		p.release(newer)
		p.want("waiting after the newer claim was released", p.peek(), "first", "second")
		p.confirm(late)
		p.want("waiting after one more late Confirm", p.peek(), "first", "second")

		p.confirm(p.claim())
		p.release(late)
		p.want("waiting after a late Release of confirmed messages", p.peek())
	}},
	{name: "with no newer claim", run: func(p *probe) {
		// A late Confirm may remove the message or leave it; a late Release leaves it.
		p.addTexts("first")
		late := p.claimFor(short)
		p.untilWaiting("the lease ends", 1)
		p.release(late)
		p.want("waiting after the late Release", p.peek(), "first")

		late = p.claimFor(short)
		p.untilWaiting("the second lease ends", 1)
		p.confirm(late)
		p.confirm(p.claim())
		p.want("waiting in the end", p.peek())
	}},
	{name: "twice", run: func(p *probe) {
		p.addTexts("first")
		c := p.claim()
		p.release(c)
		p.release(c)
		p.want("waiting after two releases", p.peek(), "first")
		c = p.claim()
		p.confirm(c)
		p.confirm(c)
		p.release(c)
		p.want("waiting after Confirm, Confirm and Release", p.peek())
	}},
	{name: "marks differ", run: func(p *probe) {
		p.addTexts("first")
		for range 50 { // claims that follow at once, within one tick of a coarse clock
			settled := p.claim()
			p.release(settled)
			newer := p.claim()
			p.want("the newer claim", newer.Messages, "first")
			p.confirm(settled)
			p.release(settled)
			p.want("waiting while the newer claim holds it", p.peek())
			p.release(newer)
			p.want("waiting after the newer claim was released", p.peek(), "first")
		}
	}},
	{name: "nothing to settle", run: func(p *probe) {
		p.confirm(flashgin.Claim{})
		p.release(flashgin.Claim{})
		empty := p.claim()
		p.confirm(empty)
		p.release(empty)
		p.addTexts("first")
		c := p.claim()
		p.confirm(part(c))
		p.release(part(c))
		p.want("waiting after no message was settled", p.peek())
		p.release(c)
		p.want("waiting after the release", p.peek(), "first")
	}},
}

var splitChecks = []check{
	{name: "Confirm, then Release", run: func(p *probe) {
		confirmed, released := split(p)
		p.confirm(confirmed)
		p.want("waiting after Confirm of one half", p.peek(p.view, p.other), "later")
		p.release(released)
		p.want("waiting after Release of the other", p.peek(p.view, p.other), "second", "fourth",
			"later")
	}},
	{name: "Release, then Confirm", run: func(p *probe) {
		confirmed, released := split(p)
		slices.Reverse(released.Messages) // the order of a list of messages to settle means nothing
		p.release(released)
		p.want("waiting after Release of one half", p.peek(p.view, p.other), "second", "fourth",
			"later")
		p.confirm(confirmed)
		p.want("waiting after Confirm of the other", p.peek(p.view, p.other), "second", "fourth",
			"later")
	}},
	{name: "what is left is still claimed", run: func(p *probe) {
		p.addTexts("first", "second", "third")
		c := p.claim()
		p.want("Claim", c.Messages, "first", "second", "third")
		p.release(part(c, c.Messages[0]))
		p.confirm(part(c, c.Messages[0])) // no longer of this claim
		p.want("the claim after one message was released", p.claim().Messages, "first")
		p.release(part(c, c.Messages[2]))
		p.want("waiting after another was released", p.peek(), "third")
		p.release(c)
		p.want("waiting after the whole was released", p.peek(), "second", "third")
	}},
}

// split claims four messages at two views, adds a fifth and returns two halves of the claim.
func split(p *probe) (odd, even flashgin.Claim) {
	p.Helper()
	p.addTexts("first", "second")
	p.add(p.message("third").At(p.other), p.message("fourth").At(p.other))
	c := p.claim(p.view, p.other)
	p.want("Claim", c.Messages, "first", "second", "third", "fourth")
	p.addTexts("later")
	return part(c, c.Messages[0], c.Messages[2]), part(c, c.Messages[1], c.Messages[3])
}
