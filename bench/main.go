// Bench measures what the Redis store costs and how it behaves when Redis hangs, against what one
// would write by hand, and what streams to open pages cost. It starts servers of its own, needs
// redis-server and about ten minutes, and prints a table:
//
//	go run .
//
// With -part compare it measures other things: flash messages of several kinds, side by side, in
// about five minutes, and writes docs/comparison.md:
//
//	go run . -part compare -write ../docs/comparison.md
//
// With -costs, too, it measures no more of that than the costs.
//
// With -part servers it runs the tests of the Redis store and a mixed load on several servers, and
// writes docs/servers.md:
//
//	go run . -part servers -servers FOLDER -write ../docs/servers.md
//
// With -part long four web servers share a Redis server that is in trouble for an hour. It writes a
// section of docs/servers.md:
//
//	go run . -part long -for 1h -messages 1000000 -write ../docs/servers.md
//
// With FLASHGIN_BENCH_PROFILE=FOLDER each of its web servers leaves a CPU profile of what was
// measured there.
//
// The folder soak has a program of its own, which looks for mistakes under load.
//
// With -short it takes seconds and its figures mean little; CI runs it so to know that it still
// works.
//
// What is compared is measured in turns, and the median of the rounds counts. Redis's processor
// time is that of its process, as INFO tells it; that of a page is getrusage of a web server which
// is a process of its own, as is the load.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// parts are what the program measures, in this order.
var parts = []struct {
	name string
	run  func(*bench)
}{
	{"trips", roundTrips},
	{"redis", redisTime},
	{"page", pageTime},
	{"outage", outages},
	{"many", manySessions},
	{"failover", failovers},
	{"streams", openPages},
	{"news", newsTime},
}

// comparison is the name of a part that prints tables of its own.
const comparison = "compare"

func partNames() (names []string) {
	for _, part := range parts {
		names = append(names, part.name)
	}
	return names
}

func main() {
	if os.Getenv(serverEnv) != "" {
		serve()
		return
	}
	short := flag.Bool("short", false, "a few seconds instead of minutes")
	messages := flag.Int("messages", 0,
		"how many messages wait, each in a session of its own (default 1000000; with -short 20000)")
	only := flag.String("part", "",
		"one of "+strings.Join(partNames(), ", ")+", all of these by default; or "+
			comparison+", "+builds+", "+servers+" or "+long)
	before := flag.String("before", "",
		"with -part "+builds+": this program, built with an older flashgin")
	costs := flag.Bool("costs", false,
		"with -part "+comparison+": costs alone, and not what becomes of messages")
	write := flag.String("write", "",
		"with -part "+comparison+" or "+servers+" or "+long+
			": the file that its result is written to, besides")
	folder := flag.String("servers", "",
		"with -part "+servers+
			": a folder with a folder for each server, which has a binary such as redis-server")
	debian := flag.String("debian", "",
		"with -part "+servers+
			": releases of Debian whose packages are tested, such as bookworm,trixie/valkey-server")
	installed := flag.Bool("installed", true,
		"with -part "+servers+": also test the server that is installed")
	load := flag.Duration("load", 10*time.Minute,
		"with -part "+servers+": how long the load lasts on each server")
	length := flag.Duration("for", time.Hour, "with -part "+long+": how long messages are added")
	flag.Parse()
	if *only != "" && *only != comparison && *only != builds && *only != servers &&
		*only != long && !slices.Contains(partNames(), *only) {
		fmt.Fprintf(os.Stderr, "-part %s: want one of %s, %s, %s, %s, %s\n", *only,
			strings.Join(partNames(), ", "), comparison, builds, servers, long)
		os.Exit(2)
	}
	b := &bench{
		short: *short, messages: *messages, only: *only, costs: *costs, installed: *installed,
		out: os.Stdout,
	}
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupted
		b.cleanUp()
		os.Exit(1)
	}()
	if *only == comparison {
		redis.SetLogger(quiet{})
		os.Exit(b.runComparison(*write))
	}
	if *only == builds {
		os.Exit(b.compareBuilds(*before))
	}
	if *only == servers {
		redis.SetLogger(quiet{})
		os.Exit(b.runServers(*folder, *debian, *write, *load))
	}
	if *only == long {
		redis.SetLogger(quiet{})
		os.Exit(b.runLong(*length, cmp.Or(*messages, 1_000_000), *write))
	}
	os.Exit(b.run())
}

// bench is one run of the program. It stands in for a test, which the package that starts Redis
// servers asks for.
type bench struct {
	testing.TB // the test that runs the program, if one does
	short      bool
	installed  bool // test the installed server, too
	messages   int
	only       string
	costs      bool
	out        io.Writer
	cleanups   []func()
	missed     int
}

// run returns the exit code.
func (b *bench) run() int {
	b.messages = cmp.Or(b.messages, pick(b.short, 20_000, 1_000_000))
	defer b.cleanUp()
	redis.SetLogger(quiet{})

	fmt.Fprintf(b.out, "%s, %d processors, %s, %s", processor(), runtime.NumCPU(),
		runtime.Version(), b.redisVersion())
	if b.short {
		fmt.Fprint(b.out, "; a short run, whose figures mean little")
	}
	fmt.Fprint(b.out, "\n\n| what | measured | target | |\n|---|--:|--:|---|\n")
	for _, part := range parts {
		if b.only == "" || b.only == part.name {
			part.run(b)
		}
	}
	if b.missed > 0 {
		fmt.Fprintf(b.out, "\n%d targets missed\n", b.missed)
	}
	return 0
}

func pick[T any](short bool, a, b T) T {
	if short {
		return a
	}
	return b
}

// row prints a row of the table.
func (b *bench) row(what, measured, target string, met bool) {
	last := ""
	if target != "" {
		last = verdict(met)
	}
	if !met {
		b.missed++
	}
	fmt.Fprintf(b.out, "| %s | %s | %s | %s |\n", what, measured, target, last)
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**missed**"
}

// count prints a row about a number that has to be exact.
func (b *bench) count(what string, n, target int) {
	b.row(what, fmt.Sprint(n), fmt.Sprint(target), n == target)
}

// ratio prints a row about how ours compares with theirs, from the rounds.
func (b *bench) ratio(what string, unit string, ours, theirs []float64, most float64) {
	r := medianRatio(ours, theirs)
	b.row(what, fmt.Sprintf("%.2f (%.3g / %.3g %s)", r, median(ours), median(theirs), unit),
		fmt.Sprintf("≤ %g", most), r <= most)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// The methods of testing.TB that are needed.

func (b *bench) Helper()                   {}
func (b *bench) Cleanup(f func())          { b.cleanups = append(b.cleanups, f) }
func (b *bench) Fatal(args ...any)         { b.end(1, fmt.Sprintln(args...)) }
func (b *bench) Fatalf(f string, a ...any) { b.end(1, fmt.Sprintf(f, a...)) }
func (b *bench) Skip(args ...any) {
	b.end(0, "nothing was measured: "+fmt.Sprint(args...))
}

func (b *bench) TempDir() string {
	dir, err := os.MkdirTemp("", "flashgin-bench-")
	b.must(err)
	b.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func (b *bench) end(code int, text string) {
	if b.TB != nil && code == 0 {
		b.TB.Skip(text)
	}
	fmt.Fprintln(os.Stderr, strings.TrimSpace(text))
	b.cleanUp()
	os.Exit(code)
}

func (b *bench) cleanUp() {
	for _, f := range slices.Backward(b.cleanups) {
		f()
	}
	b.cleanups = nil
}

// scope ends what part starts when it returns.
func (b *bench) scope(part func()) {
	outer := b.cleanups
	b.cleanups = nil
	part()
	b.cleanUp()
	b.cleanups = outer
}

func (b *bench) must(err error) {
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bench) redisVersion() string {
	text, err := exec.Command(redisServer(), "--version").Output()
	if err != nil {
		return "no Redis"
	}
	server, rest, _ := strings.Cut(string(text), " v=")
	version, _, _ := strings.Cut(rest, " ")
	return strings.TrimSuffix(server, " server") + " " + version
}

// redisServer is the name of the server's binary, or its path.
func redisServer() string { return cmp.Or(os.Getenv("REDIS_SERVER"), "redis-server") }

func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, " \t:\n")
		}
	}
	return runtime.GOOS + "/" + runtime.GOARCH
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
