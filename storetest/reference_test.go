package storetest

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/flashgin/flashgin"
)

// reference is the plainest store that keeps the rules, and breaks one of them where a fault is
// set. It is here, beside MemoryStore, because most faults are deep inside a store, where no
// wrapper reaches.
type reference struct {
	ttl   time.Duration
	cap   int
	fault fault
	delay time.Duration // of every call

	mu      sync.Mutex
	places  map[string]*place // by session and view; key makes the keys
	seq     int               // of messages and of claims
	touches int               // views in Adds
	report  func(context.Context, error)
	event   func(context.Context, flashgin.Event)
}

// A place is what is at one address.
type place struct {
	key        string
	session    string
	touched    int      // by which Add
	entries    []*entry // in order of arrival
	remembered []memory // oldest first
	lastAdd    time.Time
}

type entry struct {
	msg      flashgin.Message
	seq      int
	added    time.Time
	mark     string    // of the last claim, unless it was released
	until    time.Time // the end of that claim's lease
	replaced bool      // by a newer message with the same Key
	released bool      // at least once
}

type memory struct {
	id    string
	until time.Time
}

func (e *entry) claimed(now time.Time) bool { return e.mark != "" && e.until.After(now) }

func (s *reference) OnError(report func(context.Context, error)) { s.report = report }

func (s *reference) OnEvent(event func(context.Context, flashgin.Event)) { s.event = event }

func (s *reference) tell(ctx context.Context, kind flashgin.EventKind, messages int) {
	if s.event != nil && messages > 0 {
		s.event(ctx, flashgin.Event{Kind: kind, Messages: messages})
	}
}

func (s *reference) Add(ctx context.Context, session string, msgs ...flashgin.Message) error {
	time.Sleep(s.delay)
	if err := ctx.Err(); err != nil && !s.is(addsWhenCancelled) {
		return s.ended(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	made := rand.Text()
	for _, m := range msgs {
		if m.ID == "" && !s.is(takesEmptyID) {
			m.ID = made
			if !s.is(makesOneID) {
				made = rand.Text()
			}
		}
		p := s.place(session, m.View, now)
		if p == nil {
			p = &place{key: s.key(session, m.View), session: session, lastAdd: now}
			s.places[p.key] = p
		}
		s.touches++
		if p.touched == 0 || !s.is(addKeepsViewOld) {
			p.touched = s.touches
		}
		if !s.is(addStartsNothing) {
			p.lastAdd = now
		}
		if !s.is(addSeesExpired) {
			s.purge(p, now)
		}
		known := s.known(p, m, now)
		s.yield(idsRace)
		if known {
			continue
		}
		if m.Key != "" {
			s.removeKey(p, m.Key, now, func(e *entry) { e.replaced = true })
			s.yield(keysRace)
		}
		s.seq++
		p.entries = append(p.entries, &entry{msg: s.copy(m, keepsMap), seq: s.seq, added: now})
		s.drop(ctx, p, now)
	}
	s.dropViews(ctx, session)
	return s.ended(ctx.Err())
}

// ViewsOf implements what rule 23 says.
func (s *reference) ViewsOf(ctx context.Context, session string) (views []string, _ error) {
	if err := ctx.Err(); err != nil {
		return nil, s.ended(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.places {
		if p.session != session && !s.is(namesAllViews) {
			continue
		}
		for i, e := range p.entries {
			if i == 0 || s.is(namesViewsTwice) {
				views = append(views, e.msg.View)
			}
			if s.is(claimsByViewsOf) {
				e.mark = ""
			}
		}
	}
	if s.is(missesViews) && len(views) > 0 {
		views = views[1:]
	}
	return views, nil
}

// dropViews removes the places of a session beyond the bound.
func (s *reference) dropViews(ctx context.Context, session string) {
	var places []*place
	for _, p := range s.places {
		if (p.session == session || s.is(boundsAllSessions)) &&
			(len(p.entries) > 0 || s.is(countsEmptyViews)) {
			places = append(places, p)
		}
	}
	slices.SortFunc(places, func(a, b *place) int { return cmp.Compare(a.touched, b.touched) })
	for len(places) > viewsKept && !s.is(keepsAllViews) {
		victim := places[0]
		if s.is(dropsNewestViews) {
			victim = places[len(places)-1]
		}
		places = slices.DeleteFunc(places, func(p *place) bool { return p == victim })
		delete(s.places, victim.key)
		if s.report != nil && !s.is(dropsViewsInSilence) {
			s.report(ctx, errors.New("a view was dropped"))
		}
		if !s.is(hidesDroppedViews) {
			s.tell(ctx, flashgin.EventDropped, len(victim.entries))
		}
	}
}

// known reports whether the ID of m is at p or remembered there.
func (s *reference) known(p *place, m flashgin.Message, now time.Time) bool {
	for _, e := range p.entries {
		if s.is(dropsEqualTexts) && e.msg.Text == m.Text && m.Text == "saved" {
			return true
		}
		if e.msg.ID != m.ID || s.is(forgetsWaitingIDs) && !e.claimed(now) ||
			s.is(forgetsClaimedIDs) && e.claimed(now) {
			continue
		}
		if s.is(secondAddWins) {
			e.msg = m
		}
		return true
	}
	return slices.ContainsFunc(p.remembered,
		func(r memory) bool { return r.id == m.ID && r.until.After(now) })
}

// removeKey removes the waiting messages with key and calls claimed for those that are claimed.
func (s *reference) removeKey(p *place, key string, now time.Time, claimed func(*entry)) {
	if s.is(keyMeansNothing) {
		return
	}
	for _, e := range slices.Clone(p.entries) {
		switch {
		case e.msg.Key != key:
		case e.claimed(now):
			claimed(e)
		default:
			s.remove(p, e, now, !s.is(forgetsReplacedIDs))
		}
	}
}

// remove takes e out for good.
func (s *reference) remove(p *place, e *entry, now time.Time, remember bool) {
	p.entries = slices.DeleteFunc(p.entries, func(other *entry) bool { return other == e })
	if !remember {
		return
	}
	until := e.added.Add(cmp.Or(e.msg.TTL, s.ttl))
	if strings.HasPrefix(e.msg.ID, "f-") && len(e.msg.ID) == 28 {
		until = now.Add(10 * time.Second)
		if s.is(forgetsGeneratedIDs) {
			until = now
		}
	} else if s.is(remembersForEver) {
		until = now.Add(time.Hour)
	}
	p.remembered = append(p.remembered, memory{e.msg.ID, until})
	atMost := 1000
	if s.is(remembersTooFew) {
		atMost = 900
	}
	if n := len(p.remembered); n > atMost && !s.is(remembersAll) {
		p.remembered = p.remembered[n-atMost:]
	}
}

// drop removes what waits beyond the cap.
func (s *reference) drop(ctx context.Context, p *place, now time.Time) {
	waiting := slices.DeleteFunc(slices.Clone(p.entries),
		func(e *entry) bool { return e.claimed(now) && !s.is(capCountsClaimed) })
	for len(waiting) > s.cap {
		victim := waiting[0]
		if s.is(capDropsNewest) {
			victim = waiting[len(waiting)-1]
		}
		s.remove(p, victim, now, !s.is(forgetsDroppedIDs))
		waiting = slices.DeleteFunc(waiting, func(e *entry) bool { return e == victim })
		if s.report != nil && !s.is(dropsInSilence) {
			s.report(ctx, fmt.Errorf("a message was dropped: the cap is %d", s.cap))
		}
		if !s.is(hidesDrops) {
			s.tell(ctx, flashgin.EventDropped, 1)
		}
	}
}

func (s *reference) Claim(
	ctx context.Context, session string, views []string, lease time.Duration,
) (flashgin.Claim, error) {
	time.Sleep(s.delay)
	if err := s.ended(ctx.Err()); err != nil {
		return flashgin.Claim{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.waiting(session, views, s.is(claimsTwice))
	s.yield(claimsRace)
	now := time.Now()
	s.seq++
	mark := strconv.Itoa(s.seq)
	if s.is(marksByClock) {
		mark = strconv.FormatInt(now.UnixMilli(), 10)
	}
	c := flashgin.Claim{Session: session, Tickets: make(map[string]string)}
	again := 0
	for _, e := range found {
		if e.mark != "" || e.released && s.is(tellsReleasedAsExpired) {
			again++
		}
		e.mark, e.until = mark, now.Add(lease)
		if s.is(leaseNeverEnds) || s.is(timerPerClaim) { // the timer ends the latter
			e.until = now.Add(time.Hour)
		}
		if s.is(timerPerClaim) {
			time.AfterFunc(lease, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				e.mark = ""
			})
		}
		c.Messages = append(c.Messages, s.copy(e.msg, handsOutMap))
		c.Tickets[e.msg.View] = mark
	}
	for _, view := range views {
		if p := s.place(session, view, now); p != nil && s.is(claimStartsExpiry) {
			p.lastAdd = now
		}
	}
	s.tell(ctx, flashgin.EventLeaseExpired, again)
	return c, nil
}

func (s *reference) Confirm(ctx context.Context, c flashgin.Claim) error {
	time.Sleep(s.delay)
	if s.is(confirmDoesNothing) {
		return s.ended(ctx.Err())
	}
	return s.settle(ctx, c, ignoresTicketsOfConfirm, confirmsWholeClaim,
		func(p *place, e *entry, now time.Time) {
			s.remove(p, e, now, !s.is(forgetsConfirmedIDs))
		})
}

func (s *reference) Release(ctx context.Context, c flashgin.Claim) error {
	time.Sleep(s.delay)
	if s.is(releaseDoesNothing) {
		return s.ended(ctx.Err())
	}
	return s.settle(ctx, c, ignoresTicketsOfRelease, releasesWholeClaim,
		func(p *place, e *entry, now time.Time) {
			e.mark, e.released = "", true
			if s.is(releaseAppends) {
				s.seq++
				e.seq = s.seq
			}
		})
}

// settle calls do for every message of c that still carries its mark.
func (s *reference) settle(
	ctx context.Context, c flashgin.Claim, ignoresTickets, wholeClaim fault,
	do func(*place, *entry, time.Time),
) error {
	if err := s.ended(ctx.Err()); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for view, ticket := range c.Tickets {
		p := s.place(c.Session, view, now)
		if p == nil {
			continue
		}
		for _, e := range slices.Clone(p.entries) {
			named := slices.ContainsFunc(c.Messages,
				func(m flashgin.Message) bool { return m.View == e.msg.View && m.ID == e.msg.ID })
			if (named || s.is(wholeClaim)) && e.mark != "" &&
				(e.mark == ticket || s.is(ignoresTickets) && named) {
				do(p, e, now)
			}
		}
	}
	return nil
}

func (s *reference) Peek(
	ctx context.Context, session string, views []string,
) (flashgin.Messages, error) {
	time.Sleep(s.delay)
	if err := s.ended(ctx.Err()); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var msgs flashgin.Messages
	for _, e := range s.waiting(session, views, s.is(peekSeesClaimed)) {
		msgs = append(msgs, s.copy(e.msg, handsOutMap))
		if s.is(peekTakes) {
			e.mark, e.until = "peek", time.Now().Add(time.Hour)
		}
	}
	return msgs, nil
}

func (s *reference) Withdraw(ctx context.Context, session, view, key string) error {
	time.Sleep(s.delay)
	if err := s.ended(ctx.Err()); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if key == "" && !s.is(emptyKeyWithdraws) {
		return nil
	}
	views := []string{view}
	if s.is(withdrawsEverywhere) {
		views = nil
		for at := range s.places {
			if _, other, _ := strings.Cut(at, "\xff"); strings.HasPrefix(at, session+"\xff") {
				views = append(views, other)
			}
		}
	}
	for _, view := range views {
		if p := s.place(session, view, now); p != nil {
			s.removeKey(p, key, now, func(e *entry) {
				if !s.is(withdrawLeavesClaimed) {
					s.remove(p, e, now, true)
				}
			})
		}
	}
	return nil
}

// waiting returns what waits at views in order.
func (s *reference) waiting(session string, views []string, claimedToo bool) []*entry {
	now := time.Now()
	if s.is(sortsViews) {
		slices.Sort(views)
	}
	if !s.is(countsViewsTwice) {
		views = slices.Compact(slices.Sorted(slices.Values(views)))
	}
	var found []*entry
	for _, view := range views {
		p := s.place(session, view, now)
		if p == nil {
			continue
		}
		s.purge(p, now)
		for _, e := range p.entries {
			if !e.claimed(now) || claimedToo {
				found = append(found, e)
			}
		}
	}
	slices.SortStableFunc(found, func(a, b *entry) int {
		switch s.fault {
		case ordersByID:
			return strings.Compare(a.msg.ID, b.msg.ID)
		case ordersByClock:
			return a.msg.Created.Compare(b.msg.Created)
		case ordersByText:
			return strings.Compare(strconv.Itoa(a.seq), strconv.Itoa(b.seq))
		case ordersByView:
			return cmp.Or(strings.Compare(a.msg.View, b.msg.View), cmp.Compare(a.seq, b.seq))
		}
		return cmp.Compare(a.seq, b.seq)
	})
	return found
}

// purge removes what is over: its TTL has ended, or it was replaced, and no claim holds it.
func (s *reference) purge(p *place, now time.Time) {
	for _, e := range slices.Clone(p.entries) {
		mayReturn := s.is(replacedReturnByRelease) && e.mark == "" ||
			s.is(replacedReturnByLease) && e.mark != ""
		switch {
		case e.claimed(now):
		case e.replaced && !mayReturn:
			s.remove(p, e, now, true)
		case s.expired(e, now):
			s.remove(p, e, now, false)
		}
	}
}

func (s *reference) expired(e *entry, now time.Time) bool {
	from := e.added
	if s.is(ttlFromCreated) {
		from = e.msg.Created
	}
	ignored := s.is(ignoresTTL) || s.is(ignoresTTLOnceClaimed) && !e.until.IsZero()
	return e.msg.TTL > 0 && !now.Before(from.Add(e.msg.TTL)) && !ignored
}

// place returns what is at an address, or nil.
func (s *reference) place(session, view string, now time.Time) *place {
	if s.places == nil {
		s.places = make(map[string]*place)
	}
	p := s.places[s.key(session, view)]
	if p == nil || now.Sub(p.lastAdd) >= s.ttl && !s.is(neverExpires) {
		delete(s.places, s.key(session, view))
		return nil
	}
	return p
}

func (s *reference) key(session, view string) string {
	switch s.fault {
	case joinsByColon:
		return session + ":" + view
	case foldsViews:
		view = strings.ToLower(view)
	case ignoresSession:
		session = ""
	}
	return session + "\xff" + view // no byte of a valid string
}

// copy returns a copy of m that shares nothing, unless the fault is set.
func (s *reference) copy(m flashgin.Message, shares fault) flashgin.Message {
	if s.is(losesLink) {
		m.Link = nil
	}
	if s.is(cutsText) {
		m.Text, _, _ = strings.Cut(m.Text, "\x00")
	}
	if !s.is(shares) {
		m.Data = maps.Clone(m.Data)
		if m.Link != nil {
			link := *m.Link
			m.Link = &link
		}
	}
	return m
}

func (s *reference) ended(err error) error {
	switch {
	case s.is(ignoresContext):
		return nil
	case err != nil && s.is(hidesContextError):
		return fmt.Errorf("the call was cancelled: %v", err)
	}
	return err
}

// yield lets other calls in if the fault is set.
func (s *reference) yield(f fault) {
	if s.is(f) {
		s.mu.Unlock()
		time.Sleep(time.Microsecond)
		s.mu.Lock()
	}
}

func (s *reference) is(f fault) bool { return f != "" && s.fault == f }
