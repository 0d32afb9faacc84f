package storetest

import (
	"fmt"
	"strconv"
	"time"

	"github.com/flashgin/flashgin"
)

// Rule 15: the IDs of messages that are gone.

// An ending is a way in which a message that has the Key "key" leaves its address.
type ending struct {
	name string
	end  func(p *probe, m flashgin.Message)
}

// The store that these run on has a cap of 3.
var endings = []ending{
	{"confirmed", func(p *probe, m flashgin.Message) {
		p.add(m)
		p.confirm(p.claim())
		p.addTexts("other")
	}},
	{"replaced", func(p *probe, m flashgin.Message) {
		p.add(m)
		p.add(p.keyed("newer", "key"))
	}},
	{"replaced in one Add", func(p *probe, m flashgin.Message) {
		p.add(m, p.keyed("newer", "key"))
	}},
	{"replaced while claimed, released", func(p *probe, m flashgin.Message) {
		p.add(m)
		c := p.claim()
		p.add(p.keyed("newer", "key"))
		p.release(c)
	}},
	{"replaced while claimed, lease ended", func(p *probe, m flashgin.Message) {
		p.add(m, p.message("other"))
		p.claimFor(short)
		p.add(p.keyed("newer", "key"))
		p.untilWaiting("the lease ends", 2)
	}},
	{"withdrawn", func(p *probe, m flashgin.Message) {
		p.add(m, p.message("other"))
		p.withdraw("key")
	}},
	{"withdrawn while claimed", func(p *probe, m flashgin.Message) {
		p.add(m, p.message("other"))
		c := p.claim()
		p.withdraw("key")
		p.release(c)
	}},
	{"dropped by the cap", func(p *probe, m flashgin.Message) {
		p.add(m)
		p.addTexts("1", "2", "3")
	}},
	{"dropped by the cap in one Add", func(p *probe, m flashgin.Message) {
		p.add(m, p.message("1"), p.message("2"), p.message("3"))
	}},
}

var rememberChecks = append(endingChecks(), []check{
	{name: "beside new ones", run: func(p *probe) {
		old := p.given("old", "job")
		p.add(old)
		p.confirm(p.claim())
		p.add(old, p.message("new"), old)
		p.want("waiting", p.peek(), "new")
	}},
	{name: "per address", run: func(p *probe) {
		m := p.given("first", "job")
		p.add(m)
		p.confirm(p.claim())
		p.add(m.At(p.other))
		p.want("waiting at another view", p.peek(p.other), "first")
		p.session += "2"
		p.add(m)
		p.want("waiting for another session", p.peek(), "first")
	}},
	{name: "a given one until the message's TTL", run: func(p *probe) {
		p.inTime(func(ttl time.Duration) bool {
			start := time.Now()
			m := p.given("first", "job")
			m.TTL = ttl
			p.add(m)
			p.confirm(p.claim())
			again := p.given("again", "job")
			p.add(again)
			if time.Since(start) > ttl/2 {
				return false
			}
			p.want("waiting before the end of the TTL", p.peek())
			p.eventually("the ID can be added again after the TTL", func() bool {
				p.add(again)
				return len(p.peek()) == 1
			})
			p.want("waiting after the TTL", p.peek(), "again")
			return true
		})
	}},
	{name: "the 1000 newest", cap: batch, run: func(p *probe) {
		const batches = 11
		for i := range batches {
			p.add(numbered(p, i)...)
			p.confirm(p.claim())
		}
		for i := 1; i < batches; i++ {
			p.add(numbered(p, i)...)
			if n := len(p.peek()); n > 0 {
				p.fail(
					"%d of %d IDs were added again, although %d newer ones or fewer were confirmed after them",
					n, batch, (batches-1)*batch)
			}
		}
		p.add(numbered(p, 0)...)
		if n := len(p.peek()); n != batch {
			p.fail(
				"%d of the %d oldest IDs were added again, want all: more than 1000 are remembered",
				n, batch)
		}
	}},
}...)

// batch is how many messages of a thousand are added and confirmed at once.
const batch = 100

// numbered returns the messages of one batch.
func numbered(p *probe, which int) []flashgin.Message {
	msgs := make([]flashgin.Message, batch)
	for i := range msgs {
		msgs[i] = p.given("one of many", strconv.Itoa(which*batch+i))
	}
	return msgs
}

// endingChecks returns a check for each way to end and each kind of ID.
func endingChecks() []check {
	var checks []check
	for _, ending := range endings {
		for _, kind := range []string{"generated", "given"} {
			checks = append(checks, check{
				name: fmt.Sprintf("%s, %s", ending.name, kind),
				cap:  3,
				run: func(p *probe) {
					m := p.keyed("first", "key")
					if kind == "given" {
						m.ID = "job"
					}
					ending.end(p, m)
					before := textsOf(p.peek())
					m.Text = "again"
					p.add(m)
					p.want("waiting after the ID was added again", p.peek(), before...)
				},
			})
		}
	}
	return checks
}
