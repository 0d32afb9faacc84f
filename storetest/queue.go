package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/flashgin/flashgin"
)

// Rules 1 to 4: what waits, in which order, and that nobody else is given it.

var orderChecks = []check{
	{name: "of one Add", run: func(p *probe) {
		msgs := p.messages("first", "second", "third")
		for i := range msgs {
			msgs[i].ID = []string{"c", "a", "b"}[i]
			// a clock that runs backwards
			msgs[i].Created = msgs[i].Created.Add(-time.Duration(i) * time.Hour)
		}
		p.add(msgs...)
		p.want("Peek", p.peek(), "first", "second", "third")
		p.want("Claim", p.claim().Messages, "first", "second", "third")
	}},
	{name: "of several Adds", cap: 200, run: func(p *probe) {
		var texts []string
		for i := range 120 { // enough to tell numbers from numbers compared as text
			text := strconv.Itoa(i)
			texts = append(texts, text)
			p.add(p.given(text, strconv.Itoa(500-i)))
		}
		p.want("Peek", p.peek(), texts...)
		p.want("Claim", p.claim().Messages, texts...)
	}},
	{name: "over views", run: func(p *probe) {
		p.addTexts("1")
		p.add(p.message("2").At(p.other))
		p.addTexts("3")
		p.add(p.message("4").At(p.other), p.message("5"), p.message("6").At(p.other),
			p.message("7"))
		p.add(p.message("8").At(p.other), p.message("9"))
		want := []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"}
		p.want("Peek", p.peek(p.view, p.other), want...)
		p.want("Peek, the views the other way round", p.peek(p.other, p.view), want...)
		p.want("Claim", p.claim(p.other, p.view).Messages, want...)
	}},
}

var equalChecks = []check{
	{name: "in one Add", run: func(p *probe) {
		p.addTexts("saved", "saved")
		p.want("Peek", p.peek(), "saved", "saved")
		p.want("Claim", p.claim().Messages, "saved", "saved")
	}},
	{name: "in two Adds", run: func(p *probe) {
		m := p.given("saved", "1")
		p.add(m)
		m.ID = "2"
		p.add(m)
		p.want("Claim", p.claim().Messages, "saved", "saved")
	}},
}

var oneIDChecks = []check{
	{name: "waiting", run: func(p *probe) {
		first := p.message("first")
		p.add(first, p.message("second"))
		again := p.message("again")
		again.ID = first.ID
		p.add(again)
		p.want("waiting after the ID was added again", p.peek(), "first", "second")
	}},
	{name: "twice in one Add", run: func(p *probe) {
		p.add(p.given("first", "job"), p.given("again", "job"))
		p.want("waiting", p.peek(), "first")
	}},
	{name: "claimed", run: func(p *probe) {
		p.add(p.given("first", "job"))
		c := p.claim()
		p.add(p.given("again", "job"))
		p.want("waiting while the ID is claimed", p.peek())
		p.release(c)
		p.want("waiting after the release", p.peek(), "first")
	}},
	{name: "does not replace by its Key", run: func(p *probe) {
		p.add(p.given("first", "job"), p.keyed("progress", "key"))
		again := p.keyed("again", "key")
		again.ID = "job"
		p.add(again)
		p.want("waiting", p.peek(), "first", "progress")
	}},
	{name: "added at once", run: func(p *probe) {
		p.addAtOnce("one ID", func(round int) []flashgin.Message {
			m := p.message("again")
			if round%2 == 0 { // a job that runs twice; else a try that its retry overtakes
				m.ID = fmt.Sprint("job ", round)
			}
			return slices.Repeat([]flashgin.Message{m}, rushing)
		})
	}},
	{name: "another address", run: func(p *probe) {
		m := p.given("here", "job")
		p.add(m)
		p.add(m.At(p.other))
		p.want("waiting at the other view", p.peek(p.other), "here")
		p.session += "2"
		p.add(m)
		p.want("waiting for the other session", p.peek(), "here")
	}},
}

// Rule 22. Applications call stores directly, too, past the Messenger that makes IDs.
var noIDChecks = []check{
	{name: "in one Add", run: func(p *probe) {
		if p.addWithoutID("first", "second") == nil {
			p.wantIDs("first", "second")
		}
	}},
	{name: "in two Adds", run: func(p *probe) {
		if p.addWithoutID("first") == nil && p.addWithoutID("second") == nil {
			p.wantIDs("first", "second")
		}
	}},
	{name: "after one was shown", run: func(p *probe) {
		if p.addWithoutID("first") == nil {
			p.confirm(p.claim())
			if p.addWithoutID("second") == nil {
				p.wantIDs("second")
			}
		}
	}},
}

// addWithoutID adds messages whose ID is empty, and returns the error: a store may refuse them.
func (p *probe) addWithoutID(texts ...string) error {
	msgs := p.messages(texts...)
	for i := range msgs {
		msgs[i].ID = ""
	}
	return p.store.Add(p.ctx, p.session, msgs...)
}

// wantIDs fails unless the messages wait and each has an ID of its own.
func (p *probe) wantIDs(texts ...string) {
	p.Helper()
	waiting := p.peek()
	p.want("waiting after an Add without IDs", waiting, texts...)
	seen := map[string]bool{"": true}
	for _, m := range waiting {
		if seen[m.ID] {
			p.fail("%q has no ID of its own, but %q", m.Text, m.ID)
		}
		seen[m.ID] = true
	}
	p.want("claimed after an Add without IDs", p.claim().Messages, texts...)
}

var onceChecks = []check{
	{name: "one after another", run: func(p *probe) {
		p.addTexts("first", "second")
		p.want("the first claim", p.claim().Messages, "first", "second")
		p.want("the second claim", p.claim().Messages)
		p.addTexts("third")
		p.want("the claim after an Add", p.claim(p.view, p.other).Messages, "third")
	}},
	{name: "in a rush", run: rush},
	{name: "amid everything else", cap: 1000, run: claimAmidEverything},
}

const (
	// rounds is how often calls are let loose at one moment.
	rounds = 25
	// rushing is how many are.
	rushing = 8
)

// atOnce calls do with 0, 1 and so on at one moment, and returns when all calls have.
func atOnce(do func(i int)) {
	start := make(chan struct{})
	var calls sync.WaitGroup
	for i := range rushing {
		calls.Go(func() {
			<-start
			do(i)
		})
	}
	close(start)
	calls.Wait()
}

// addAtOnce lets Adds loose at one moment, one for each message of a round. It fails unless one
// message waits after each round. They have what in common.
func (p *probe) addAtOnce(what string, messages func(round int) []flashgin.Message) {
	p.Helper()
	for round := range rounds {
		msgs, errs := messages(round), make([]error, rushing)
		atOnce(func(i int) { errs[i] = p.store.Add(p.ctx, p.session, msgs[i]) })
		for _, err := range errs {
			p.ok("Add", err)
		}
		c := p.claim()
		if n := len(c.Messages); n != 1 {
			p.fail("%d messages wait after %d Adds of %s at once, want 1", n, rushing, what)
		}
		p.confirm(c)
	}
}

// rush lets claims for the same messages loose at one moment, again and again.
func rush(p *probe) {
	for range rounds {
		p.addTexts("first", "second", "third")
		claims, errs := make([]flashgin.Claim, rushing), make([]error, rushing)
		atOnce(func(i int) {
			claims[i], errs[i] = p.store.Claim(p.ctx, p.session, []string{p.view}, long)
		})

		var given []string
		for i, c := range claims {
			p.ok("Claim", errs[i])
			given = append(given, textsOf(c.Messages)...)
			p.confirm(c)
		}
		slices.Sort(given)
		if want := []string{"first", "second", "third"}; !slices.Equal(given, want) {
			p.fail("given to %d claims at once: %s, want %s", rushing, quote(given), quote(want))
		}
	}
}

// claimAmidEverything adds, claims, settles, peeks and withdraws from many goroutines, and counts.
func claimAmidEverything(p *probe) {
	const adders, claimers, each = 4, 8, 50
	views := []string{p.view, p.other, p.view + "/3"}
	book := &ledger{holders: make(map[string]int), missing: adders * each}

	var adding, claiming sync.WaitGroup
	for adder := range adders {
		adding.Go(func() {
			for i := range each {
				m := p.message(fmt.Sprintf("%d of %d", i, adder)).At(views[i%len(views)])
				book.check(p.store.Add(p.ctx, p.session, m))
			}
		})
	}
	for claimer := range claimers {
		claiming.Go(func() {
			order := slices.Clone(views)
			if claimer%2 == 0 {
				slices.Reverse(order) // two orders of locking show a deadlock
			}
			for turn := 0; book.open(); turn++ {
				c, err := p.store.Claim(p.ctx, p.session, order, long)
				book.check(err)
				book.claimed(c.Messages)
				switch {
				case len(c.Messages) == 0:
					_, err = p.store.Peek(p.ctx, p.session, order)
					book.check(err)
					book.check(p.store.Withdraw(p.ctx, p.session, p.view, "a key of no message"))
					time.Sleep(pause)
				// Not for ever: the same messages might come back at every third turn.
				case turn%3 == 0 && turn < each:
					book.released(c.Messages)
					book.check(p.store.Release(p.ctx, c))
				default:
					book.check(p.store.Confirm(p.ctx, c))
					book.confirmed(c.Messages)
				}
			}
		})
	}
	adding.Wait()
	giveUp := time.AfterFunc(patience, book.close)
	claiming.Wait()
	giveUp.Stop()

	if book.wrong != nil {
		p.fail("%v", book.wrong)
	}
	if book.missing > 0 {
		p.fail("%d of %d messages were never confirmed: no claim was given them within %v",
			book.missing, adders*each, patience)
	}
	p.want("waiting in the end", p.peek(views...))
}

// A ledger notes who was given which message.
type ledger struct {
	mu      sync.Mutex
	holders map[string]int // by ID
	missing int            // messages not yet confirmed
	wrong   error          // the first thing that went wrong
	closed  bool
}

// open reports whether there is more to claim.
func (l *ledger) open() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.missing > 0 && l.wrong == nil && !l.closed
}

func (l *ledger) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

func (l *ledger) check(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wrong == nil {
		l.wrong = err
	}
}

func (l *ledger) claimed(msgs flashgin.Messages) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range msgs {
		l.holders[m.ID]++
		if l.holders[m.ID] > 1 && l.wrong == nil {
			l.wrong = fmt.Errorf(
				"message %q was given to a claim while another had it, or after it was confirmed",
				m.Text)
		}
	}
}

// released is called before Release, since another claim may be given the messages before Release
// returns.
func (l *ledger) released(msgs flashgin.Messages) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range msgs {
		l.holders[m.ID]--
	}
}

// confirmed leaves the messages in the book: nobody may be given them again.
func (l *ledger) confirmed(msgs flashgin.Messages) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.missing -= len(msgs)
}
