package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/flashgin/flashgin/internal/redistest"
)

// What becomes of messages where users and machines do not wait for one another. Each is found by
// doing it, some times over.

// behaviours are the columns of the table; their names are also those of result.behaviours.
const (
	wrongPlace    = "another page is first"
	twoTabs       = "two tabs load together"
	twoPosts      = "two forms at once"
	paused        = "Redis paused"
	postedPaused  = "posted meanwhile, paused"
	stopped       = "Redis stopped"
	postedStopped = "posted meanwhile, stopped"
)

const (
	otherPath = "/orders/6"
	// busy is how long handlers work on something else in between, so that requests which come
	// together overlap.
	busy = "?work=20ms"
)

// away is how long Redis is.
func (b *bench) away() time.Duration { return pick(b.short, 500*time.Millisecond, 4*time.Second) }

// hangs is how long a page may take before it counts as one that hangs, and how long a message may
// be late. In a short run that is left to the machine.
func (b *bench) hangs() time.Duration { return pick(b.short, standstill, 2*time.Second) }

// patience is how long a message is looked for that may come late: longer than any of the
// contenders keeps one back.
func (b *bench) patience() time.Duration {
	return pick(b.short, 500*time.Millisecond, 12*time.Second)
}

// behave fills in the behaviours.
func (b *bench) behave(results []*result) {
	results = slices.DeleteFunc(slices.Clone(results), func(r *result) bool { return !r.flashes })
	server := redistest.Start(b, "save 3600 1") // what a stop saves
	start := func(timeout time.Duration) map[*result]*web {
		webs := map[*result]*web{}
		for _, r := range results {
			webs[r] = b.startWeb(r.name, server, timeout)
		}
		return webs
	}
	webs := start(100 * time.Millisecond) // as it is by default
	b.scope(func() {
		tried := webs
		if b.short {
			tried = start(10 * time.Second) // see trial
		}
		for _, r := range results {
			for name, try := range map[string]func(*visitor) []string{
				wrongPlace: tryWrongPlace, twoTabs: tryTwoTabs, twoPosts: tryTwoPosts,
			} {
				var found tally
				for range b.trials() {
					found.add(b.trial(tried[r], try))
				}
				r.behaviours[name] = found.String()
			}
		}
	})
	b.outage(results, webs, paused, postedPaused, server.Pause, server.Resume)
	b.outage(results, webs, stopped, postedStopped, server.Stop, server.Restart)
}

func (b *bench) trials() int { return pick(b.short, 2, 20) }

// trial makes one. A short run has to know faults on any machine. So what goes wrong there is tried
// again if a page may have given up waiting for the store, which takes two seconds.
func (b *bench) trial(w *web, try func(*visitor) []string) (wrong []string) {
	for range 5 {
		start := time.Now()
		wrong = try(w.newVisitor())
		if !b.short || len(wrong) == 0 || time.Since(start) < 2*time.Second {
			break
		}
		time.Sleep(time.Second) // flashgin asks the store again
	}
	return wrong
}

// tryWrongPlace has a page with another order load before the one that the message is about.
func tryWrongPlace(v *visitor) []string {
	v.web.b.must(v.post(orderPath))
	other := v.do(http.MethodGet, otherPath)
	return v.web.b.judge([]string{messageText}, append(answersOf(v, 3), misplaced(other))...)
}

// tryTwoTabs has two tabs with the page load at the same time.
func tryTwoTabs(v *visitor) []string {
	v.web.b.must(v.post(orderPath))
	tabs := v.together(http.MethodGet, orderPath+busy, orderPath+busy)
	return v.web.b.judge([]string{messageText}, append(tabs, answersOf(v, 3)...)...)
}

// tryTwoPosts sends two forms at the same time.
func tryTwoPosts(v *visitor) []string {
	v.together(http.MethodPost, orderPath+busy+"&n=1", orderPath+busy+"&n=2")
	return v.web.b.judge([]string{messageText + "1", messageText + "2"}, answersOf(v, 5)...)
}

// answersOf gets the page so many times.
func answersOf(v *visitor, n int) (answers []answer) {
	for range n {
		answers = append(answers, v.do(http.MethodGet, orderPath))
	}
	return answers
}

// misplaced marks the texts of a page on which they have no business.
func misplaced(a answer) answer {
	texts := slices.Clone(a.texts)
	for i := range texts {
		texts[i] += wrongly
	}
	a.texts = texts
	return a
}

const wrongly = " on the wrong page"

// judge says what is wrong with the answers, which together have to show each text once.
func (b *bench) judge(want []string, answers ...answer) (wrong []string) {
	count := map[string]int{}
	for _, a := range answers {
		wrong = append(wrong, b.faults(a, http.StatusOK)...)
		for _, text := range a.texts {
			count[text]++
		}
	}
	for _, text := range want {
		switch right, misplaced := count[text], count[text+wrongly]; {
		case right+misplaced == 0:
			wrong = append(wrong, "lost")
		case right+misplaced > 1:
			wrong = append(wrong, "doubled")
		case misplaced > 0:
			wrong = append(wrong, "misplaced")
		}
	}
	return wrong
}

// faults says what is wrong with an answer, but for its messages.
func (b *bench) faults(a answer, status int) (wrong []string) {
	if a.took > b.hangs() {
		wrong = append(wrong, "hung")
	}
	if a.late {
		wrong = append(wrong, late)
	}
	switch {
	case a.err != nil || a.status != status:
		wrong = append(wrong, "failed")
	case status == http.StatusOK && !a.user:
		wrong = append(wrong, "logged out")
	}
	return wrong
}

// A tally counts in how many trials something was wrong.
type tally struct {
	trials int
	times  map[string]int
}

func (t *tally) add(wrong []string) {
	t.trials++
	if t.times == nil {
		t.times = map[string]int{}
	}
	slices.Sort(wrong)
	for _, word := range slices.Compact(wrong) {
		t.times[word]++
	}
}

const (
	fine = "fine"
	late = "late" // is mentioned, and no fault: the message is shown, once, where it belongs
)

func (t *tally) String() string {
	var words []string
	for _, word := range []string{
		"hung", "failed", "logged out", "lost", "doubled", "misplaced", late,
	} {
		switch n := t.times[word]; {
		case n == 0:
		case n == t.trials:
			words = append(words, word)
		default:
			words = append(words, fmt.Sprintf("%s (%d of %d)", word, n, t.trials))
		}
	}
	if len(words) == 0 {
		return fine
	}
	return strings.Join(words, ", ")
}

// outage lets Redis go away and come back. A reader has a message that waits, and gets its page
// meanwhile; a writer posts meanwhile. Afterwards both get their page until they have seen what
// they should, and then some.
func (b *bench) outage(
	results []*result, webs map[*result]*web, waits, posted string, begin, end func(),
) {
	const each = 3
	type pair struct {
		result         *result
		reader, writer *visitor
		post           answer   // of the writer
		read, written  []answer // pages
	}
	var pairs []*pair
	for _, r := range results {
		for range each {
			p := &pair{result: r, reader: webs[r].newVisitor(), writer: webs[r].newVisitor()}
			b.must(p.reader.post(orderPath))
			pairs = append(pairs, p)
		}
	}
	begin()
	back := make(chan struct{})
	time.AfterFunc(b.away(), func() { end(); close(back) })
	started := time.Now()
	var group sync.WaitGroup
	for _, p := range pairs {
		group.Go(func() { p.read = append(p.read, p.reader.do(http.MethodGet, orderPath)) })
		group.Go(func() { p.post = p.writer.do(http.MethodPost, orderPath) })
	}
	group.Wait()
	<-back // a server needs a moment to start
	time.Sleep(time.Until(started.Add(b.away() + time.Second)))
	for _, p := range pairs {
		group.Go(func() {
			p.read = append(p.read, p.reader.until(messageText)...)
			p.written = p.writer.until(messageText)
		})
	}
	group.Wait()
	read, wrote := map[*result]*tally{}, map[*result]*tally{}
	for _, r := range results {
		read[r], wrote[r] = new(tally), new(tally)
	}
	for _, p := range pairs {
		read[p.result].add(b.judge([]string{messageText}, p.read...))
		wrong := b.faults(p.post, http.StatusSeeOther)
		if !slices.Contains(wrong, "failed") { // who is told so has lost nothing
			wrong = append(wrong, b.judge([]string{messageText}, p.written...)...)
		}
		wrote[p.result].add(wrong)
	}
	for _, r := range results {
		r.behaviours[waits], r.behaviours[posted] = read[r].String(), wrote[r].String()
	}
}

// until gets the page until it shows the text, or patience ends, and then three times more.
func (v *visitor) until(text string) (answers []answer) {
	for start := time.Now(); time.Since(start) < v.web.b.patience(); time.Sleep(
		100 * time.Millisecond) {
		a := v.do(http.MethodGet, orderPath)
		shown := slices.Contains(a.texts, text)
		a.late = shown && time.Since(start) > v.web.b.hangs()
		answers = append(answers, a)
		if shown {
			break
		}
	}
	return append(answers, answersOf(v, 3)...)
}
