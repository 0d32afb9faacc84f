package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A ledger knows what became of each message, by its number.
type ledger struct {
	mu    sync.Mutex
	begun time.Time
	notes []note
}

// A note is a message. Times count from the beginning.
type note struct {
	made, shown time.Duration // shown: the first time, or 0
	again       time.Duration // shown the second time, or 0
	user        int32
	view        int8
	by, byAgain int8 // the processes that showed it first and the second time
	times       uint8
	state       noteState
	mayBeLost   bool // Redis has lost it, as is documented
	mayRepeat   bool // what says that it was shown is lost, as is documented
}

type noteState uint8

const (
	noteMade     noteState = iota // nobody knows whether it was added
	noteAdded                     // without an error
	noteReported                  // refused with an error, or reported as lost
)

func newLedger() *ledger { return &ledger{begun: time.Now()} }

func (l *ledger) now() time.Duration { return time.Since(l.begun) }

// make returns the number of a new message.
func (l *ledger) make(user, view int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes = append(l.notes, note{user: int32(user), view: int8(view), made: l.now()})
	return len(l.notes) - 1
}

// set notes what adding a message came to. What was reported stays so.
func (l *ledger) set(number int, state noteState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := &l.notes[number]; n.state != noteReported {
		n.state = state
	}
}

// show notes that a message was shown, by a process.
func (l *ledger) show(number, by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := &l.notes[number]
	switch n.times {
	case 0:
		n.shown, n.by = l.now(), int8(by)
	case 1:
		n.again, n.byAgain = l.now(), int8(by)
	}
	n.times++
}

// wasShown reports whether a message was shown.
func (l *ledger) wasShown(number int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.notes[number].times > 0
}

// recent calls do with the messages that were made since then.
func (l *ledger) recent(since time.Duration, do func(number int, n *note)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.notes) - 1; i >= 0 && l.notes[i].made >= since; i-- {
		do(i, &l.notes[i])
	}
}

// missing returns the users of messages that were added, must be shown, and were not.
func (l *ledger) missing() map[int]bool {
	users := map[int]bool{}
	l.recent(0, func(_ int, n *note) {
		if n.state == noteAdded && n.times == 0 && !n.mayBeLost {
			users[int(n.user)] = true
		}
	})
	return users
}

// totals are the figures of a ledger.
type totals struct {
	made, shown, reported, unknown int
	lost, twice                    int // which must not be
	lostByRedis, again             int // as is documented
}

func (l *ledger) totals() (t totals) {
	l.recent(0, func(_ int, n *note) {
		t.made++
		switch {
		case n.times > 0:
			t.shown++
		case n.state == noteReported:
			t.reported++
		case n.state == noteMade:
			t.unknown++
		case n.mayBeLost:
			t.lostByRedis++
		default:
			t.lost++
		}
		if n.times > 1 && n.mayRepeat {
			t.again++
		} else if n.times > 1 {
			t.twice++
		}
	})
	return t
}

// nameOf is the text and the ID of a message.
func nameOf(number int) string { return "m" + strconv.Itoa(number) }

// numberOf is the opposite of nameOf.
func numberOf(name string) (number int, ok bool) {
	digits, ok := strings.CutPrefix(name, "m")
	if !ok {
		return 0, false
	}
	number, err := strconv.Atoi(digits)
	return number, err == nil
}

// excuse notes that a message may rightly be shown again.
func (l *ledger) excuse(number int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes[number].mayRepeat = true
}

// explain prints what is known of messages that were lost or shown twice without a reason.
func (l *ledger) explain(out io.Writer) {
	left := 50
	l.recent(0, func(number int, n *note) {
		lost := n.state == noteAdded && n.times == 0 && !n.mayBeLost
		if left > 0 && (lost || n.times > 1 && !n.mayRepeat) {
			left--
			fmt.Fprintf(out, "%s, user %d, view %d, made at %.2f s, shown %d times, "+
				"first at %.2f s by %d, then at %.2f s by %d\n", nameOf(number), n.user, n.view,
				n.made.Seconds(), n.times, n.shown.Seconds(), n.by, n.again.Seconds(), n.byAgain)
		}
	})
}
