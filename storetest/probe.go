package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/flashgin/flashgin"
)

const (
	// long is a lease or a TTL that does not end while a check runs.
	long = time.Minute
	// short is a lease or a TTL whose end a check waits for.
	short = 50 * time.Millisecond
	// pause is how long to wait before looking again.
	pause = 5 * time.Millisecond
	// patience is how long something may take that is bound to happen. Only a broken store takes
	// that long.
	patience = 15 * time.Second
)

// A reporter is the part of *testing.T that checks use. Fatalf does not return.
type reporter interface {
	Helper()
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// A probe is what a check works with: a fresh store, a session and two views that nobody else uses,
// and the calls of the store, which fail the check when they return an error.
type probe struct {
	reporter
	ctx     context.Context
	rule    rule
	store   flashgin.Store
	session string
	view    string
	other   string
}

func newProbe(ctx context.Context, r reporter, rule rule, store flashgin.Store) *probe {
	p := &probe{reporter: r, ctx: ctx, rule: rule, store: store}
	p.move()
	return p
}

// move gives the probe a new session and new views, where nothing waits.
func (p *probe) move() {
	p.session = rand.Text()
	p.view, p.other = "/"+rand.Text(), "/"+rand.Text()
}

// fail ends the check with a message that cites the rule.
func (p *probe) fail(format string, args ...any) {
	p.Helper()
	p.Fatalf("rule %d (%s): %s", p.rule.number, p.rule.name, fmt.Sprintf(format, args...))
}

// listen returns how many messages the store has told OnEvent of, from now on. Where it has no
// OnEvent, that is nil.
func (p *probe) listen(kind flashgin.EventKind) *atomic.Int64 {
	p.Helper()
	store, ok := p.store.(interface {
		OnEvent(func(context.Context, flashgin.Event))
	})
	if !ok {
		p.Logf("this store has no OnEvent")
		return nil
	}
	told := new(atomic.Int64)
	store.OnEvent(func(_ context.Context, e flashgin.Event) {
		if e.Kind == kind {
			told.Add(int64(e.Messages))
		}
	})
	return told
}

// listenToErrors returns how often the store has called OnError, from now on. Where it has no
// OnError, that is nil.
func (p *probe) listenToErrors() *atomic.Int64 {
	p.Helper()
	store, ok := p.store.(interface {
		OnError(func(context.Context, error))
	})
	if !ok {
		p.Logf("this store has no OnError")
		return nil
	}
	reports := new(atomic.Int64)
	store.OnError(func(_ context.Context, err error) {
		if err != nil {
			reports.Add(1)
		}
	})
	return reports
}

func (p *probe) wantTold(told *atomic.Int64, want int64) {
	p.Helper()
	if told == nil {
		return
	}
	p.eventually(fmt.Sprintf("%d messages are told to OnEvent", want),
		func() bool { return told.Load() >= want })
	if n := told.Load(); n > want {
		p.fail("%d messages were told to OnEvent, want %d", n, want)
	}
}

// message returns a message as a Messenger makes it, with a generated ID, addressed to p.view.
func (p *probe) message(text string) flashgin.Message {
	return flashgin.Message{
		View:    p.view,
		Status:  flashgin.StatusInfo,
		Text:    text,
		ID:      "f-" + rand.Text(),
		Created: time.Now().UTC().Truncate(time.Microsecond),
	}
}

// messages returns one message a text.
func (p *probe) messages(texts ...string) []flashgin.Message {
	msgs := make([]flashgin.Message, len(texts))
	for i, text := range texts {
		msgs[i] = p.message(text)
	}
	return msgs
}

// keyed returns a message with a Key.
func (p *probe) keyed(text, key string) flashgin.Message {
	m := p.message(text)
	m.Key = key
	return m
}

// given returns a message with an ID of the caller's.
func (p *probe) given(text, id string) flashgin.Message {
	m := p.message(text)
	m.ID = id
	return m
}

func (p *probe) add(msgs ...flashgin.Message) {
	p.Helper()
	p.ok("Add", p.store.Add(p.ctx, p.session, msgs...))
}

// addTexts adds one message a text to p.view, in one Add.
func (p *probe) addTexts(texts ...string) {
	p.Helper()
	p.add(p.messages(texts...)...)
}

// claim claims at views, or at p.view if none is named, for longer than the check runs.
func (p *probe) claim(views ...string) flashgin.Claim {
	p.Helper()
	return p.claimFor(long, views...)
}

func (p *probe) claimFor(lease time.Duration, views ...string) flashgin.Claim {
	p.Helper()
	c, err := p.store.Claim(p.ctx, p.session, p.orView(views), lease)
	p.ok("Claim", err)
	return c
}

func (p *probe) confirm(c flashgin.Claim) {
	p.Helper()
	p.ok("Confirm", p.store.Confirm(p.ctx, c))
}

func (p *probe) release(c flashgin.Claim) {
	p.Helper()
	p.ok("Release", p.store.Release(p.ctx, c))
}

// peek peeks at views, or at p.view if none is named.
func (p *probe) peek(views ...string) flashgin.Messages {
	p.Helper()
	msgs, err := p.store.Peek(p.ctx, p.session, p.orView(views))
	p.ok("Peek", err)
	return msgs
}

// withdraw withdraws at p.view.
func (p *probe) withdraw(key string) {
	p.Helper()
	p.ok("Withdraw", p.store.Withdraw(p.ctx, p.session, p.view, key))
}

func (p *probe) orView(views []string) []string {
	if len(views) == 0 {
		return []string{p.view}
	}
	return slices.Clone(views) // so that a store that edits its argument spoils no list of ours
}

func (p *probe) ok(call string, err error) {
	p.Helper()
	if err != nil {
		p.fail("%s returned the error %q", call, err)
	}
}

// want fails the check unless the texts of got are those wanted, in that order.
func (p *probe) want(what string, got flashgin.Messages, texts ...string) {
	p.Helper()
	if !slices.Equal(textsOf(got), texts) {
		p.fail("%s: got %s, want %s", what, quote(textsOf(got)), quote(texts))
	}
}

// eventually waits until done returns true.
func (p *probe) eventually(what string, done func() bool) {
	p.Helper()
	for start := time.Now(); !done(); time.Sleep(pause) {
		if time.Since(start) > patience {
			p.fail("%s: not within %v", what, patience)
		}
	}
}

// untilWaiting waits until n messages or more wait at p.view.
func (p *probe) untilWaiting(what string, n int) {
	p.Helper()
	p.eventually(what, func() bool { return len(p.peek()) >= n })
}

// untilGone waits until no more than n messages wait at p.view.
func (p *probe) untilGone(what string, n int) {
	p.Helper()
	p.eventually(what, func() bool { return len(p.peek()) <= n })
}

// inTime calls try with longer and longer spans until it tells that it was quick enough for the
// first half of the span. What it saw is evidence only then: a machine that stalls is not the
// store's fault. Each try starts at addresses where nothing waits.
func (p *probe) inTime(try func(span time.Duration) bool) {
	for span := 100 * time.Millisecond; span < patience; span *= 2 {
		p.move()
		if try(span) {
			return
		}
	}
	p.tooSlow()
}

// tooSlow notes that a check has come to no verdict.
func (p *probe) tooSlow() {
	p.Helper()
	p.Logf("rule %d (%s): this machine is too slow to tell", p.rule.number, p.rule.name)
}

// part returns a Claim of some messages of c; it shares the Tickets.
func part(c flashgin.Claim, msgs ...flashgin.Message) flashgin.Claim {
	c.Messages = msgs
	return c
}

func textsOf(msgs flashgin.Messages) []string {
	var texts []string
	for _, m := range msgs {
		texts = append(texts, m.Text)
	}
	return texts
}

// quote prints texts in a line, without the bulk of long ones.
func quote(texts []string) string {
	const atMost = 12
	line := ""
	for i, text := range texts {
		if i == atMost {
			return fmt.Sprintf("[%s... %d in all]", line, len(texts))
		}
		line += fmt.Sprintf("%.40q ", text)
	}
	return "[" + line + "]"
}
