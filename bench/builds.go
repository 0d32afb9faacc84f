package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/flashgin/flashgin/internal/redistest"
)

// builds is the name of a part that compares two builds of this program: this one, and one that was
// built with an older flashgin, as
//
//	git worktree add /tmp/older COMMIT
//	go mod edit -replace github.com/flashgin/flashgin=/tmp/older && go build -o /tmp/before . && git checkout go.mod
//	go run . -part builds -before /tmp/before
const builds = "builds"

// inMemory is the application with flashgin and the store in memory.
const inMemory = "flashgin in memory"

// compareBuilds prints how much processor time the web server of this build uses, against that of
// the program before.
func (b *bench) compareBuilds(before string) int {
	defer b.cleanUp()
	self, err := os.Executable()
	b.must(err)
	fmt.Fprint(b.out, "| what | measured | target | |\n|---|--:|--:|---|\n")
	rounds, pages := pick(b.short, 3, 31), pick(b.short, 100, 1000)
	for _, name := range []string{"flashgin", inMemory} {
		b.scope(func() {
			server := redistest.Start(b)
			const timeout = 10 * time.Second // a page that gives up would be cheap
			var empty, cycle [2][]float64
			var webs [2]*web
			var users [2][]user
			for i, program := range []string{self, before} {
				webs[i] = b.startProgram(program, name, server, timeout)
				users[i] = webs[i].logIn(pages)
			}
			for round := range rounds + 1 {
				for turn := range webs {
					i := (turn + round) % len(webs)
					e, c := webs[i].perPage(users[i], 0), webs[i].perCycle(users[i])
					if round > 0 { // the first warms up
						empty[i], cycle[i] = append(empty[i], e), append(cycle[i], c)
					}
				}
			}
			b.ratio(name+": an empty page, against the build before", "µs", empty[0], empty[1], 1.03)
			b.ratio(name+": a form and the page with its message", "µs", cycle[0], cycle[1], 1.03)
		})
	}
	return 0
}

// perCycle returns the processor time of a form of each user and the page after it.
func (w *web) perCycle(users []user) float64 {
	before := w.processorTime()
	client := *w.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w.b.parallel(4, len(users), func(i int) error {
		request, err := http.NewRequest(http.MethodPost, w.url+orderPath+"?n=1", nil)
		w.b.must(err)
		request.Header.Set("Cookie", users[i].cookie)
		response, err := client.Do(request)
		w.b.must(err)
		response.Body.Close()
		if body, _ := w.get(orderPath, users[i].cookie); strings.Count(body, "<p ") != 1 {
			return fmt.Errorf("%s: a page after a form does not show its message", w.url)
		}
		return nil
	})
	time.Sleep(20 * time.Millisecond) // the last confirmations
	return (w.processorTime() - before) / float64(len(users))
}
