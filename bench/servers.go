package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/flashgin/flashgin/internal/redistest"
	"github.com/flashgin/flashgin/internal/testrun"
)

// servers is the name of the part that runs the tests of the Redis store on several servers.
const servers = "servers"

// A candidate is a server that may be tested.
type candidate struct {
	path    string // of the binary
	version string // "Redis 7.0.15"
	from    string // where it comes from
	why     string // why it cannot be tested
}

// A tested server is a row of the table.
type tested struct {
	candidate
	passed, failed int
	skipped        []skipped
	failures       []string
	load           loadResult
	bytes          float64 // a message takes, with one at a view
}

// A skipped test, and the reason.
type skipped struct{ test, why string }

// A suite is the tests of a folder that run on each server.
type suite struct{ folder, run string }

// suites returns the tests of the store, and those of faults if the soaks run: nearly all are
// soaks.
func suites() []suite {
	all := []suite{{"behaviour/redis", ""}, {"internal/queue/redis", ""}}
	if testrun.Soaking() {
		all = append(all, suite{"behaviour/faults", "Redis"})
	}
	return all
}

// runServers tests the store on the servers in folder, those of Debian's releases, and the one that
// is installed. It prints the table, and writes it to a file if that is named. It returns the exit
// code.
func (b *bench) runServers(folder, releases, write string, load time.Duration) int {
	defer b.cleanUp()
	all := b.candidates(folder, releases)
	for _, c := range all {
		fmt.Fprintf(os.Stderr, "%s, %s, %s %s\n", c.version, c.from, c.path, c.why)
	}
	rows := make([]tested, len(all))
	for i, c := range all {
		rows[i].candidate = c
	}
	b.scope(func() { b.mixedLoads(rows, load) })
	binaries := b.buildSuites()
	for i := range rows {
		row := &rows[i]
		if row.why == "" {
			fmt.Fprintf(os.Stderr, "%s, %s\n", row.version, row.from)
			b.must(os.Setenv("REDIS_SERVER", row.path))
			b.scope(func() { row.bytes = b.bytesOfAMessage() })
			b.runSuites(row, binaries)
			fmt.Fprintf(os.Stderr, "  %d passed, %d failed, %d skipped; %+v\n",
				row.passed, row.failed, len(row.skipped), row.load)
		}
		if write != "" { // a run that is interrupted leaves what it has
			b.must(writeServers(write, serversPage(rows[:i+1], load), ""))
		}
	}
	fmt.Fprint(b.out, serversPage(rows, load))
	for _, row := range rows {
		if row.why != "" || row.failed > 0 || row.load.lost > 0 || row.load.twice > 0 {
			return 1
		}
	}
	return 0
}

// writeServers replaces the first part of docs/servers.md, or the section about the long run. An
// empty part stays as it is.
func writeServers(path, page, section string) error {
	old, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	oldPage, oldSection, _ := strings.Cut(string(old), longHeading)
	if page == "" {
		page = oldPage
	}
	if section == "" && oldSection != "" {
		section = longHeading + oldSection
	}
	page = strings.TrimRight(page, "\n") + "\n"
	if section != "" {
		page += "\n" + section
	}
	return os.WriteFile(path, []byte(page), 0o644)
}

// candidates returns all servers, the oldest first.
func (b *bench) candidates(folder, releases string) (found []candidate) {
	add := func(path, from string) {
		c := candidate{path: path, from: from}
		if c.version = versionOf(path); c.version == "" {
			c.why = "it does not start"
		}
		if !slices.ContainsFunc(found, func(other candidate) bool {
			return other.version == c.version
		}) {
			found = append(found, c)
		}
	}
	if folder != "" {
		for _, name := range serverNames {
			paths, err := filepath.Glob(filepath.Join(folder, "*", name))
			b.must(err)
			for _, path := range paths {
				add(path, "a binary")
			}
		}
	}
	for release := range strings.FieldsFuncSeq(releases, func(r rune) bool { return r == ',' }) {
		release, only, _ := strings.Cut(release, "/")
		for _, name := range serverNames[:2] {
			if only != "" && only != name {
				continue
			}
			path, err := b.unpack(release, name)
			switch {
			case errors.Is(err, errNoPackage): // as before the release of Debian that first had it
				fmt.Fprintf(os.Stderr, "Debian %s: %v\n", release, err)
			case err != nil:
				found = append(found,
					candidate{version: name, from: "Debian " + release, why: err.Error()})
			default:
				add(path, "Debian "+release)
			}
		}
	}
	if path, err := exec.LookPath("redis-server"); err == nil && (b.installed || len(found) == 0) {
		add(path, "installed")
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(strings.Compare(word(a.version, 0), word(b.version, 0)),
			compareVersions(word(a.version, 1), word(b.version, 1)))
	})
	return found
}

var serverNames = []string{"redis-server", "valkey-server", "keydb-server"}

func word(text string, i int) string {
	if words := strings.Fields(text); i < len(words) {
		return words[i]
	}
	return ""
}

func compareVersions(a, b string) int {
	numbers := func(s string) (n []int) {
		for part := range strings.SplitSeq(s, ".") {
			i := 0
			_, _ = fmt.Sscan(part, &i)
			n = append(n, i)
		}
		return n
	}
	return slices.Compare(numbers(a), numbers(b))
}

var versionLine = regexp.MustCompile(`^(\w+) server v=([\d.]+)`)

// versionOf returns what a server says that it is, or "".
func versionOf(path string) string {
	out, _ := exec.Command(path, "--version").Output()
	if found := versionLine.FindSubmatch(out); found != nil {
		return string(found[1]) + " " + string(found[2])
	}
	return ""
}

// event is a line of go test -json.
type event struct{ Action, Test, Output string }

var because = regexp.MustCompile(`^\s+\S+\.go:\d+: (.+)`)

// buildSuites compiles the tests once for all servers. It returns the folder with the binaries.
func (b *bench) buildSuites() string {
	dir := b.TempDir()
	for _, suite := range suites() {
		cmd := exec.Command("go", "test", "-c", "-o", suiteBinary(dir, suite.folder), ".")
		cmd.Dir = filepath.Join("..", suite.folder)
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%s: %s", suite.folder, out)
		}
	}
	return dir
}

func suiteBinary(dir, folder string) string {
	return filepath.Join(dir, strings.ReplaceAll(folder, "/", "-")+".test")
}

// runSuites runs the tests of the store on the server of row.
func (b *bench) runSuites(row *tested, binaries string) {
	for _, suite := range suites() {
		start := time.Now()
		cmd := exec.Command("go", "tool", "test2json", suiteBinary(binaries, suite.folder),
			"-test.v=test2json", "-test.timeout=30m", "-test.run="+suite.run)
		cmd.Dir = filepath.Join("..", suite.folder)
		cmd.Env = append(os.Environ(), "REDIS_SERVER="+row.path)
		out, err := cmd.Output()
		before := row.failed
		if ran := row.count(out); ran == 0 || err != nil && row.failed == before {
			row.failed++
			row.failures = append(row.failures, "`"+suite.folder+"`")
			fmt.Fprintf(os.Stderr, "  %s: %v\n%s", suite.folder, err, out)
		}
		fmt.Fprintf(os.Stderr, "  %s: %v\n", suite.folder, time.Since(start).Round(time.Second))
	}
}

// count adds what go test -json has said, and prints what a test that failed has said. It returns
// how many tests have run.
func (row *tested) count(out []byte) (ran int) {
	said := map[string]*strings.Builder{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Test == "" {
			continue
		}
		if said[e.Test] == nil {
			said[e.Test] = new(strings.Builder)
		}
		switch top := !strings.Contains(e.Test, "/"); e.Action {
		case "output":
			said[e.Test].WriteString(e.Output)
		case "pass":
			if top {
				row.passed++
				ran++
			}
		case "skip":
			why := ""
			for line := range strings.Lines(said[e.Test].String()) {
				if found := because.FindStringSubmatch(line); found != nil {
					why = strings.TrimSpace(found[1])
				}
			}
			row.skipped = append(row.skipped, skipped{e.Test, why})
			fmt.Fprintf(os.Stderr, "  %s skipped: %s\n", e.Test, why)
		case "fail":
			if top {
				row.failed++
				row.failures = append(row.failures, "`"+e.Test+"`")
				ran++
			}
			fmt.Fprintf(os.Stderr, "  %s failed:\n%s", e.Test, said[e.Test])
		}
	}
	return ran
}

// bytesOfAMessage returns how much memory a message takes if it is alone at its view, as most are.
func (b *bench) bytesOfAMessage() float64 {
	const sessions = 10_000
	server := redistest.Start(b)
	admin, store := patientClient(server), redisStore(patientClient(server))
	before := b.info(admin, "memory", "used_memory")
	b.parallel(8, sessions, func(i int) error {
		return store.Add(ctx, fmt.Sprint(i), message("/orders/5"))
	})
	return (b.info(admin, "memory", "used_memory") - before) / sessions
}

// notes returns what the table has no room for: what failed, and why tests were skipped. The names
// of those are printed while they run.
func notes(rows []tested) (lines []string) {
	of := map[string][]string{} // servers, by the reason
	var reasons []string
	ran := 0
	for _, row := range rows {
		if row.why == "" {
			ran++
		}
		for _, what := range row.failures {
			lines = append(lines, fmt.Sprintf("- %s: %s failed.", row.version, what))
		}
		for _, skipped := range row.skipped {
			if of[skipped.why] == nil {
				reasons = append(reasons, skipped.why)
			}
			if !slices.Contains(of[skipped.why], row.version) {
				of[skipped.why] = append(of[skipped.why], row.version)
			}
		}
	}
	for _, why := range reasons {
		servers := "on all servers"
		if len(of[why]) < ran {
			servers = "on " + strings.Join(of[why], ", ")
		}
		lines = append(lines, wrap(fmt.Sprintf("- Skipped %s: %s.", servers,
			strings.TrimRight(why, ".")), "  "))
	}
	return lines
}

// wrap breaks a line, so that lines have at most 100 bytes. The others begin with the indent.
func wrap(line, indent string) string {
	var lines []string
	for len(line) > 100 {
		at := strings.LastIndexByte(line[:101], ' ')
		if at <= len(indent) {
			break
		}
		lines = append(lines, line[:at])
		line = indent + line[at+1:]
	}
	return strings.Join(append(lines, line), "\n")
}

// serversPage returns docs/servers.md.
func serversPage(rows []tested, load time.Duration) string {
	var page strings.Builder
	fmt.Fprintf(&page, `# Servers

The tests of the Redis store, and a load, have run on each of these servers. To test one of your
own, and write this page:

    cd bench
    go run . -part servers -servers FOLDER -debian bullseye,trixie,sid \
        -write ../docs/servers.md

FOLDER has a folder with a binary for each server. The packages of Debian are downloaded, and
unpacked without being installed.

In the **load**, which all servers get at the same time, four clients add some 100 messages a
second, for 100 sessions, claim, confirm and release them, and try again what failed. Meanwhile the
server forgets its scripts ten times a second, cuts all connections twice a second, and has no
memory for a fifth of the time. A message is *lost* if it was added and never shown, and shown
*twice* if it came again after it was confirmed. The last column is the memory of a message that is
alone at its view, as most are; it depends on how a server was compiled.

*%s. %s, %d processors, %s. The load lasted %v.%s*

| server | from | tests passed | failed | skipped | load: messages | lost | twice | a message takes |
|---|---|--:|--:|--:|--:|--:|--:|--:|
`, time.Now().Format("2 January 2006"), processor(), runtime.NumCPU(), runtime.Version(), load,
		pick(testrun.Soaking(), "", "\nThe soaks and the tests of faults did not run."))
	for _, row := range rows {
		if row.why != "" {
			fmt.Fprintf(&page, "| %s | %s | not tested: %s | | | | | | |\n", row.version, row.from,
				row.why)
			continue
		}
		fmt.Fprintf(&page, "| %s | %s | %d | %d | %d | %d | %d | %d | %.0f bytes |\n", row.version,
			row.from, row.passed, row.failed, len(row.skipped), row.load.messages, row.load.lost,
			row.load.twice, row.bytes)
	}
	if lines := notes(rows); len(lines) > 0 {
		fmt.Fprintf(&page, "\n%s\n", strings.Join(lines, "\n"))
	}
	return page.String()
}
