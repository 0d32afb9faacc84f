package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/flashgin/flashgin/internal/redistest"
)

// builds is the name of a part that compares two builds of this program: this one, and one that was
// built with an older flashgin, as
//
//	git worktree add /tmp/older COMMIT
//	go mod edit -replace github.com/flashgin/flashgin=/tmp/older &&
//		go build -o /tmp/before . && git checkout go.mod
//	go run . -part builds -before /tmp/before
const builds = "builds"

// inMemory is the application with flashgin and the store in memory.
const inMemory = "flashgin in memory"

// compareBuilds prints how much processor time the web server of this build uses, against that of
// the program before. A process keeps its luck (its memory, its connections) as long as it lives:
// two of the same program differ by some percent. So each ratio is that of a pair of processes, and
// the result is the median of many pairs, with the quartiles.
func (b *bench) compareBuilds(before string) int {
	defer b.cleanUp()
	self, err := os.Executable()
	b.must(err)
	fmt.Fprint(b.out, "| what | measured | target | |\n|---|--:|--:|---|\n")
	for _, name := range []string{"flashgin", inMemory} {
		var empty, cycle [2][]float64
		programs := [2]string{self, before}
		for pair := range pick(b.short, 1, 15) {
			e, c := b.comparePair(programs, name, pair%2)
			for i := range programs {
				empty[i], cycle[i] = append(empty[i], e[i]), append(cycle[i], c[i])
			}
		}
		b.spread(name+": an empty page, against the build before", empty)
		b.spread(name+": a form and the page with its message", cycle)
	}
	return 0
}

// comparePair starts a process of each program, the first one first, and returns their processor
// times of an empty page and of a cycle: the median of some rounds.
func (b *bench) comparePair(programs [2]string, name string, first int) (empty, cycle [2]float64) {
	b.scope(func() {
		server := redistest.Start(b)
		const timeout = 10 * time.Second // a page that gives up would be cheap
		rounds, pages := pick(b.short, 1, 5), pick(b.short, 100, 1000)
		var webs [2]*web
		var users [2][]user
		for turn := range programs {
			i := (first + turn) % 2
			webs[i] = b.startProgram(programs[i], name, server, timeout)
			users[i] = webs[i].logIn(pages)
		}
		var e, c [2][]float64
		for round := range rounds + 1 {
			for turn := range webs {
				i := (first + turn + round) % 2
				page, form := webs[i].perPage(users[i], 0), webs[i].perCycle(users[i])
				if round > 0 { // the first warms up
					e[i], c[i] = append(e[i], page), append(c[i], form)
				}
			}
		}
		for i := range webs {
			empty[i], cycle[i] = median(e[i]), median(c[i])
		}
	})
	return empty, cycle
}

// spread prints the ratio of this build and the one before, with its quartiles.
func (b *bench) spread(what string, both [2][]float64) {
	low, middle, high := ratios(both[0], both[1])
	const most = 1.03
	b.row(what, fmt.Sprintf("%.2f, %.2f to %.2f (%.3g / %.3g µs)",
		middle, low, high, median(both[0]), median(both[1])), fmt.Sprintf("≤ %g", most),
		middle <= most)
}

// perCycle returns the processor time of a form of each user and the page after it.
func (w *web) perCycle(users []user) float64 {
	before := w.processorTime()
	client := *w.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	w.b.parallel(4, len(users), func(i int) error {
		request, err := http.NewRequest(http.MethodPost, w.url+orderPath+"?n=1", nil)
		w.b.must(err)
		request.Header.Set("Cookie", users[i].cookie)
		response, err := client.Do(request)
		w.b.must(err)
		response.Body.Close()
		return w.shows(users[i], 1)
	})
	time.Sleep(20 * time.Millisecond) // the last confirmations
	return (w.processorTime() - before) / float64(len(users))
}
