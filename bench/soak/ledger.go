package main

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// What must never happen.
const (
	strangersMessage = "message at another user"
	strangersSession = "session at another user"
	lostMessage      = "lost without a report"
	shownTwice       = "shown twice"
	publicAnswer     = "a cache may keep it"
	shownWrongly     = "shown where it may not be"
	noAnswer         = "no answer"
	goroutinePanics  = "a goroutine panicked"
	wrongPromise     = "said yes, and did not"
)

var kinds = []string{
	strangersMessage, strangersSession, lostMessage, shownTwice, publicAnswer, shownWrongly,
	noAnswer, goroutinePanics, wrongPromise,
}

const examplesAtMost = 6

// A ledger knows whose each message and each session is, and what has become of them.
type ledger struct {
	mu       sync.Mutex
	notes    []note
	owners   map[string]int          // session key → user
	held     map[int]map[string]bool // session keys that a browser has got
	violated map[string]*violations
	reports  map[string]int // what Config.OnError was told
	events   map[string]int // messages by kind of event
	refused  atomic.Int64   // calls of misuse, by a panic
}

// note is a message.
type note struct {
	scenario *scenario
	how      string    // it was added
	at       *scenario // whose handler took it last
	shown    *scenario // in whose answer it came first
	user     int
	state    noteState
	seen     uint8 // in whole answers
	perhaps  bool  // in an answer that broke off, or on a stream, without an acknowledgement
}

type noteState uint8

const (
	noteMade     noteState = iota
	noteRefused            // with an error
	noteAdded              // without one
	noteReported           // as lost
	noteWaiting            // at the end
)

// violations are those of one kind.
type violations struct {
	count    int
	by       map[string]int // scenario
	examples []string
}

func newLedger() *ledger {
	return &ledger{
		owners: map[string]int{}, held: map[int]map[string]bool{},
		violated: map[string]*violations{}, reports: map[string]int{}, events: map[string]int{},
	}
}

// violate notes that something happened that never must.
func (l *ledger) violate(kind string, s *scenario, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.violateLocked(kind, s, format, args...)
}

func (l *ledger) violateLocked(kind string, s *scenario, format string, args ...any) {
	v := l.violated[kind]
	if v == nil {
		v = &violations{by: map[string]int{}}
		l.violated[kind] = v
	}
	v.count++
	if v.by[s.String()]++; v.by[s.String()] <= 2 && len(v.examples) < examplesAtMost {
		v.examples = append(v.examples, s.String()+": "+fmt.Sprintf(format, args...))
	}
}

func (l *ledger) count() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range l.violated {
		n += v.count
	}
	return n
}

// counts lists the kinds of violations so far.
func (l *ledger) counts() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	counts := map[string]int{}
	for kind, v := range l.violated {
		counts[kind] = v.count
	}
	if len(counts) == 0 {
		return "none"
	}
	return byCount(counts)
}

// make returns the number of a new message for user, and its text.
func (l *ledger) make(user int, s *scenario, how string) (number int, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.notes = append(l.notes, note{scenario: s, user: user, how: how})
	number = len(l.notes) - 1
	return number, fmt.Sprintf("u%dn%dz", user, number)
}

// noteText finds the texts of make.
var noteText = regexp.MustCompile(`u(\d+)n(\d+)z`)

// added notes what adding a message returned.
func (l *ledger) added(number int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := &l.notes[number]
	switch {
	case err != nil:
		n.state = noteRefused
	case n.state == noteMade:
		n.state = noteAdded
	}
}

// lost notes that these messages were reported as lost.
func (l *ledger) lost(numbers []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, number := range numbers {
		l.notes[number].state = noteReported
	}
}

// found notes the messages in an answer to user, each once. They are shown if the answer is whole.
// It returns how many there were.
func (l *ledger) found(user int, by *scenario, where, text string, whole bool) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	var here []int
	for _, match := range noteText.FindAllStringSubmatch(text, -1) {
		number, _ := strconv.Atoi(match[2])
		if number >= len(l.notes) || slices.Contains(here, number) {
			continue
		}
		here = append(here, number)
		n := &l.notes[number]
		if n.user != user {
			l.violateLocked(strangersMessage, n.scenario,
				"a message of user %d (%s) came to user %d, in %s of %s",
				n.user, n.how, user, where, by)
			continue
		}
		if !whole {
			n.perhaps = true
			continue
		}
		if n.seen++; n.seen == 2 {
			l.violateLocked(shownTwice, n.shown,
				"the message of user %d (%s) came again, in %s of %s", n.user, n.how, where, by)
		}
		if n.shown == nil {
			n.shown = by
		}
	}
	return len(here)
}

// isSeen reports whether a message was shown, or was refused.
func (l *ledger) isSeen(number int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := &l.notes[number]
	return n.seen > 0 || n.state == noteRefused || n.state == noteReported
}

// taken notes that a handler got messages, and whether nobody can know what becomes of them.
func (l *ledger) taken(by *scenario, texts []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, text := range texts {
		if number, ok := numberIn(text); ok {
			n := &l.notes[number]
			n.at, n.perhaps = by, n.perhaps || by.uncertain
		}
	}
}

// own notes that a session key was given to user.
func (l *ledger) own(key string, user int, by *scenario, where string) {
	if key == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	owner, known := l.owners[key]
	if !known {
		l.owners[key] = user
	} else if owner != user {
		l.violateLocked(strangersSession, by, "a session key of user %d came to user %d, %s", owner,
			user, where)
	}
}

// hold notes that the browser of user has a session with this key, and whether it is new there.
func (l *ledger) hold(key string, user int) (isNew bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[user] == nil {
		l.held[user] = map[string]bool{}
	}
	isNew = !l.held[user][key]
	l.held[user][key] = true
	return isNew
}

// missing returns the session keys of users who have not seen all of their messages.
func (l *ledger) missing() map[int][]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	keys := map[int][]string{}
	for i := range l.notes {
		if n := &l.notes[i]; n.unaccounted() && keys[n.user] == nil {
			keys[n.user] = []string{}
			for key := range l.held[n.user] {
				keys[n.user] = append(keys[n.user], key)
			}
		}
	}
	return keys
}

func (n *note) unaccounted() bool { return n.state == noteAdded && n.seen == 0 && !n.perhaps }

// waits notes a message that waited at the end. It must not have been shown.
func (l *ledger) waits(user int, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	match := noteText.FindStringSubmatch(text)
	number, _ := strconv.Atoi(match[2])
	n := &l.notes[number]
	switch {
	case n.user != user:
		l.violateLocked(strangersMessage, n.scenario, "a message of user %d (%s) waits for user %d",
			n.user, n.how, user)
	case n.seen > 0:
		l.violateLocked(shownTwice, n.shown,
			"the message of user %d (%s) was shown and waits again", n.user, n.how)
	case n.state == noteAdded:
		n.state = noteWaiting
	}
}

// settle counts what is lost.
func (l *ledger) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.notes {
		if n := &l.notes[i]; n.unaccounted() {
			at := n.at
			if at == nil {
				at = n.scenario
			}
			l.violateLocked(lostMessage, at, "message %d of user %d (%s) is nowhere", i, n.user,
				n.how)
		}
	}
}

// print writes the figures of a run as rows of a table, and then the examples.
func (l *ledger) print(out io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var shown, waiting, refused, reported, perhaps int
	for i := range l.notes {
		switch n := &l.notes[i]; {
		case n.seen > 0:
			shown++
		case n.state == noteRefused:
			refused++
		case n.state == noteReported:
			reported++
		case n.state == noteWaiting:
			waiting++
		case n.perhaps:
			perhaps++
		}
	}
	fmt.Fprintf(out, "| messages | %d |\n| of these shown | %d |\n| waiting at the end | %d |\n",
		len(l.notes), shown, waiting)
	fmt.Fprintf(out, "| refused with an error | %d |\n| reported as lost | %d |\n", refused,
		reported)
	fmt.Fprintf(out, "| in an answer that broke off | %d |\n| sessions | %d |\n", perhaps,
		len(l.owners))
	fmt.Fprintf(out, "| refused by a panic | %d |\n", l.refused.Load())
	for _, kind := range kinds {
		count := 0
		if v := l.violated[kind]; v != nil {
			count = v.count
		}
		fmt.Fprintf(out, "| **%s** | **%d** |\n", kind, count)
	}
	for _, kind := range kinds {
		if v := l.violated[kind]; v != nil {
			fmt.Fprintf(out, "\n%s, by scenario: %s\n", kind, byCount(v.by))
			fmt.Fprintf(out, "  %s\n", strings.Join(v.examples, "\n  "))
		}
	}
	fmt.Fprintf(out, "\nreports: %s\nevents: %s\n", byCount(l.reports), byCount(l.events))
}

// byCount lists names with their counts, the largest first.
func byCount(counts map[string]int) string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, counts[name])
	}
	return strings.Join(names, ", ")
}

// numberIn returns the number of the message that a text begins with.
func numberIn(text string) (int, bool) {
	match := noteText.FindStringSubmatch(text)
	if match == nil {
		return 0, false
	}
	number, err := strconv.Atoi(match[2])
	return number, err == nil
}
