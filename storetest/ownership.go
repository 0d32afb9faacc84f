package storetest

import (
	"maps"
	"slices"

	"github.com/flashgin/flashgin"
)

// Rule 18: what the caller edits later changes nothing in the store, and the store edits nothing of
// the caller's.

var ownershipChecks = []check{
	{name: "messages of Add", run: func(p *probe) {
		msgs := []flashgin.Message{rich(p, "first"), rich(p, "second")}
		want := deepCopy(msgs)
		p.add(msgs...)
		p.wantMessages("the caller's slice after Add", msgs, want...)
		spoil(msgs)
		p.wantMessages("Peek after the caller edited its slice", p.peek(), want...)
		p.wantMessages("Claim after the caller edited its slice", p.claim().Messages, want...)
	}},
	{name: "views", run: func(p *probe) {
		p.addTexts("first")
		p.add(p.message("second").At(p.other))
		want := []string{p.view, p.other, "/b", "/a", p.view}
		views := slices.Clone(want)
		_, err := p.store.Peek(p.ctx, p.session, views)
		p.ok("Peek", err)
		c, err := p.store.Claim(p.ctx, p.session, views, long)
		p.ok("Claim", err)
		if !slices.Equal(views, want) {
			p.fail("Peek or Claim edited the caller's list of views")
		}
		clear(views)
		p.release(c)
		p.want("waiting after the caller edited its views", p.peek(p.view, p.other), "first",
			"second")
	}},
	{name: "messages of Peek", run: func(p *probe) {
		m := rich(p, "first")
		want := deepCopy([]flashgin.Message{m})
		p.add(m)
		spoil(p.peek())
		p.wantMessages("Peek after the caller edited the result", p.peek(), want...)
		p.wantMessages("Claim after the caller edited the result of Peek", p.claim().Messages,
			want...)
	}},
	{name: "messages of Claim", run: func(p *probe) {
		m := rich(p, "first")
		want := deepCopy([]flashgin.Message{m})
		p.add(m)
		c := p.claim()
		untouched := part(c, deepCopy(c.Messages)...)
		spoil(c.Messages)
		p.release(untouched)
		p.wantMessages("Peek after the caller edited what it had claimed", p.peek(), want...)
	}},
	{name: "messages of Release", run: func(p *probe) {
		m := rich(p, "first")
		want := deepCopy([]flashgin.Message{m})
		p.add(m)
		c := p.claim()
		p.release(c)
		spoil(c.Messages)
		p.wantMessages("Peek after the caller edited what it had released", p.peek(), want...)
	}},
	{name: "Tickets", run: func(p *probe) {
		p.addTexts("first")
		p.add(p.message("second").At(p.other))
		c := p.claim(p.view, p.other)
		edited := c.Tickets
		c.Tickets = maps.Clone(c.Tickets)
		clear(edited)
		p.confirm(part(c, c.Messages[0]))
		p.release(part(c, c.Messages[1]))
		p.want("waiting after a claim was settled by a copy of its Tickets",
			p.peek(p.view, p.other), "second")
	}},
}

// rich returns a message with all that a copy would share.
func rich(p *probe, text string) flashgin.Message {
	m := p.message(text)
	m.Data = map[string]string{"order": "108"}
	m.Link = &flashgin.Link{Label: "View order", URL: "/orders/108"}
	return m
}

func deepCopy(msgs []flashgin.Message) []flashgin.Message {
	msgs = slices.Clone(msgs)
	for i := range msgs {
		msgs[i].Data = maps.Clone(msgs[i].Data)
		if msgs[i].Link != nil {
			link := *msgs[i].Link
			msgs[i].Link = &link
		}
	}
	return msgs
}

// spoil edits everything that can be reached from msgs.
func spoil(msgs []flashgin.Message) {
	for i := range msgs {
		if msgs[i].Data != nil {
			msgs[i].Data["order"] = "spoilt"
			msgs[i].Data["spoilt"] = "spoilt"
		}
		if msgs[i].Link != nil {
			*msgs[i].Link = flashgin.Link{Label: "spoilt", URL: "spoilt"}
		}
		msgs[i] = flashgin.Message{Text: "spoilt"}
	}
}
