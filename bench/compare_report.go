package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// A goal is what flashgin wants to be beside another contender.
type goal struct {
	ours, theirs string
	of           part
	most         float64 // of theirs
}

// A part is what of a contender is compared, of each round.
type part struct {
	name string
	of   func(*result) []float64
}

var (
	cycle      = part{"cycle", func(r *result) []float64 { return r.cycle }}
	emptyPage  = part{"empty page", func(r *result) []float64 { return r.empty }}
	redisCycle = part{"cycle, processor time of Redis", func(r *result) []float64 {
		return r.redisCycle
	}}
)

var goals = []goal{
	{oursCookieKnown, byHand, emptyPage, 0.8},
	{oursCookieKnown, plain, emptyPage, 1.15},
	{oursKnown, usualRedis, emptyPage, 0.9},
	{oursCookie, byHand, emptyPage, 1.2},
	{ours, byHandInSession, emptyPage, 1.2},
	{oursBesideRedis, usualRedis, emptyPage, 0.9},
	{oursCookie, byHand, cycle, 1.1},
	{ours, byHandInSession, cycle, 1.1},
	{ours, usualRedis, cycle, 1},
	{ours, listInSCS, cycle, 0.95},
	{oursCookie, byHand, redisCycle, 1.4},
	{ours, byHandInSession, redisCycle, 1.4},
}

// behaviours are those in which flashgin wants to be alone without a fault.
var behaviours = []string{
	wrongPlace, twoTabs, twoPosts, paused, postedPaused, stopped, postedStopped,
}

const reportHead = `# Side by side

The same page and the same form, with several flash libraries. The program that measures also writes
this page, in about five minutes:

    cd bench
    go run . -part compare -write ../docs/comparison.md

Each application is a web server in a process of its own. All use one Redis server. They take turns:
%d rounds with %d users each, %d users at a time. A figure is the median of the rounds. In a
**cycle**, a form is posted, a redirect answers it, and the page after the redirect must show the
message once. An **empty page** is the same page, without the message, when it is loaded for the
second time after that. In all applications html/template renders the page, which has a table of 20
rows. “KnownFor” means that Config.KnownFor is set.

%s

`

const reportCost = `## What it costs

Processor time is in µs, for the web server process and for Redis. Commands are those that the
application sends to Redis. Bytes are those of all cookies that are sent and set. “Session” means
that each request reads a session, which is a signed cookie if the row says nothing else. The other
applications greet a user without looking the user up.

`

const reportBehaviour = `## What becomes of messages

Each story runs %d times (with Redis away, three times). Handlers do 20 ms of other work before they
use messages, so requests that are sent together overlap. [_examples/versus](../_examples/versus)
has some of the same stories as tests that are written to be read.

- *Another page is first*: after the redirect, another page is loaded before the page that the
  message is about.
- *Two tabs load together*: the page is loaded twice at the same moment.
- *Two forms at once*: two forms are posted at the same moment; the page has to show both messages.
- *Redis paused*, *Redis stopped*: a message waits, and Redis is away for %v: frozen, or shut down
  and started again with the data that it saved. The page is loaded meanwhile and afterwards.
- *Posted meanwhile*: a message is added while Redis is away.

A message is *lost* if no page ever shows it, *doubled* if it is shown twice, *misplaced* if the
wrong page shows it, and *late* if its page shows it, but only some seconds after Redis is back. A
request is *hung* if it takes longer than %v, and *failed* if the answer is an error. A page is
*logged out* if it does not know its user any more.

`

const reportEnd = `
If a message is posted while Redis is away for longer than the answer can wait, flashgin reports
that to Config.OnError, the log and the Errors of the gin.Context, and tries for eight seconds. If
Redis is not back by then, the message is lost. Messages in cookies need no Redis, and have the
faults of cookies.
`

const reportGoals = `
## Goals

A ratio is the median over the rounds, with the quartiles. Each round measures both. Where nothing
else is said, it is one of the web server's processor time.

`

// report returns the results as a page of Markdown.
func (b *bench) report(results []*result) string {
	var page strings.Builder
	fmt.Fprintf(&page, reportHead, len(results[0].cycle), b.comparedUsers(), comparisonUsers,
		wrap("*"+b.conditions()+"*", ""))
	page.WriteString(reportCost)
	page.WriteString("| | cycles a second | web server, cycle | web server, empty page | Redis, cycle | Redis, empty page | " +
		"commands, cycle | commands, empty page | cookie bytes, cycle | cookie bytes, empty page |\n")
	page.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range results {
		fmt.Fprintf(&page, "| %s | %.0f | %.0f | %.0f |", r.name, median(r.perSecond),
			median(r.cycle), median(r.empty))
		if r.redis {
			fmt.Fprintf(&page, " %.0f | %.0f | %.3g | %.3g |", median(r.redisCycle),
				median(r.redisPage), r.commands, r.pageCommands)
		} else {
			page.WriteString(" | | | |")
		}
		fmt.Fprintf(&page, " %.0f | %.0f |\n", r.cookieBytes, r.pageCookies)
	}
	if !b.costs {
		b.reportBehaviours(&page, results)
	}
	page.WriteString(reportGoals)
	page.WriteString(b.judged(results))
	return page.String()
}

// reportBehaviours writes what becomes of messages.
func (b *bench) reportBehaviours(page *strings.Builder, results []*result) {
	fmt.Fprintf(page, "\n"+reportBehaviour, b.trials(), b.away(), b.hangs())
	fmt.Fprintf(page, "| | %s |\n|---|%s\n", strings.Join(behaviours, " | "),
		strings.Repeat("---|", len(behaviours)))
	for _, r := range results {
		if !r.flashes {
			continue
		}
		fmt.Fprintf(page, "| %s |", r.name)
		for _, name := range behaviours {
			fmt.Fprintf(page, " %s |", r.behaviours[name])
		}
		page.WriteString("\n")
	}
	page.WriteString(reportEnd)
}

// judged is the tables of the goals.
func (b *bench) judged(results []*result) string {
	var table strings.Builder
	table.WriteString("| | measured | target | |\n|---|--:|--:|---|\n")
	row := func(what, measured, target string, met bool) {
		said := ""
		if target != "" {
			said = verdict(met)
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", what, measured, target, said)
	}
	named := func(name string) *result {
		return results[slices.IndexFunc(results, func(r *result) bool { return r.name == name })]
	}
	for _, g := range goals {
		low, middle, high := ratios(g.of.of(named(g.ours)), g.of.of(named(g.theirs)))
		row(fmt.Sprintf("%s / %s, %s", g.ours, g.theirs, g.of.name),
			fmt.Sprintf("%.2f (%.2f to %.2f)", middle, low, high), fmt.Sprintf("≤ %g", g.most),
			middle <= g.most)
	}
	for _, r := range results {
		if r.known() {
			row("commands to Redis on an empty page, "+r.name, fmt.Sprintf("%.3g", r.pageCommands),
				"0", r.pageCommands == 0)
		}
	}
	for _, name := range []string{oursCookie, oursCookieKnown} {
		bytes := named(name).cookieBytes
		row("cookie bytes of a cycle, "+name, fmt.Sprintf("%.0f", bytes), "< 200", bytes < 200)
	}
	row("allocations that an empty page adds, "+oursMemory, fmt.Sprintf("%.0f", addedAllocations()),
		"", true)
	if b.costs {
		return table.String()
	}
	var bad, good []string
	for _, r := range results {
		if !r.flashes || r.stored { // no flash library can keep such a user logged in
			continue
		}
		if slices.ContainsFunc(behaviours, func(name string) bool {
			return faulty(r.behaviours[name])
		}) {
			bad = append(bad, r.name)
		} else {
			good = append(good, r.name)
		}
	}
	hand, scs := named(byHandInSession), named(listInSCS)
	fmt.Fprintf(&table,
		"\nflashgin cannot save the cost of reading the session: with a session in a signed cookie, an empty\n"+
			"page with messages by hand takes %.2f times the time of scs.\n",
		medianRatio(hand.empty, scs.empty))
	table.WriteString("\n| behaviour | measured | target | |\n|---|---|---|---|\n")
	met := !slices.ContainsFunc(good, isTheirs) && !slices.ContainsFunc(bad, isOurs)
	row("without a fault, of those whose sessions are not in Redis", strings.Join(good, "; "),
		"flashgin alone", met)
	return table.String()
}

// addedAllocations returns how many allocations an empty page with flashgin has, with the store in
// memory, beyond those of a page without flashes.
func addedAllocations() float64 {
	page := func(name string) float64 {
		c := contenderNamed(name)
		handler := c.app(c, nil, 0)
		login := httptest.NewRecorder()
		handler.ServeHTTP(login, httptest.NewRequest(http.MethodGet, "/login", nil))
		cookie, _, _ := strings.Cut(login.Header().Get("Set-Cookie"), ";")
		w := &nowhere{header: http.Header{}}
		return testing.AllocsPerRun(1000, func() {
			r := httptest.NewRequest(http.MethodGet, orderPath, nil)
			r.Header.Set("Cookie", cmp.Or(cookie, "flash=none"))
			clear(w.header)
			handler.ServeHTTP(w, r)
		})
	}
	return page(oursMemory) - page(plain)
}

// nowhere is an answer that nobody reads.
type nowhere struct{ header http.Header }

func (w *nowhere) Header() http.Header            { return w.header }
func (w *nowhere) WriteHeader(int)                {}
func (w *nowhere) Write(data []byte) (int, error) { return len(data), nil }

// faulty reports whether what was found is worse than late.
func faulty(found string) bool { return found != fine && !strings.HasPrefix(found, late) }

func isOurs(name string) bool   { return strings.HasPrefix(name, "flashgin") }
func isTheirs(name string) bool { return !isOurs(name) }

// conditions say where, when and with what it was measured.
func (b *bench) conditions() string {
	short := ""
	if b.short {
		short = " A short run, whose figures mean little."
	}
	return fmt.Sprintf("%s. %s, %d processors, %s, %s. %s.%s",
		time.Now().UTC().Format("2 January 2006"), processor(), runtime.NumCPU(), runtime.Version(),
		b.redisVersion(), strings.Join(versions(), ", "), short)
}

// versions are those of the modules that are compared.
func versions() (list []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return []string{"versions unknown"}
	}
	for _, module := range info.Deps {
		switch module.Path {
		case "github.com/gin-gonic/gin", "github.com/gin-contrib/sessions",
			"github.com/boj/redistore", "github.com/redis/go-redis/v9",
			"github.com/alexedwards/scs/v2", "github.com/alexedwards/scs/goredisstore",
			"github.com/gofiber/fiber/v3":
			list = append(list, strings.TrimPrefix(module.Path, "github.com/")+" "+module.Version)
		}
	}
	return list
}

func medianRatio(ours, theirs []float64) float64 {
	_, middle, _ := ratios(ours, theirs)
	return middle
}

// ratios returns the median and the quartiles of the ratios of the rounds.
func ratios(ours, theirs []float64) (low, middle, high float64) {
	all := make([]float64, len(ours))
	for i := range ours {
		all[i] = ours[i] / theirs[i]
	}
	slices.Sort(all)
	n := len(all)
	return all[n/4], all[n/2], all[3*n/4]
}

// runComparison prints the comparison, and writes it to a file if that is named. It returns the
// exit code.
func (b *bench) runComparison(file string) int {
	defer b.cleanUp()
	text := b.report(b.compare())
	fmt.Fprint(b.out, text)
	if file != "" {
		b.must(os.WriteFile(file, []byte(text), 0o644))
	}
	return 0
}
