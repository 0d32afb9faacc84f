package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/flashgin/flashgin/internal/redistest"
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
	skipped        []string // names of tests, with the reason
	failures       []string
	load           loadResult
	bytes          float64 // a message takes, with one at a view
}

// suites are the packages whose tests start Redis servers.
var suites = []string{"./behaviour/redis", "./internal/queue/redis", "./internal/lua"}

// runServers tests the store on the servers in folder, those of Debian's releases, and the one that
// is installed. It prints the table, and writes it to a file if that is named. It returns the exit
// code.
func (b *bench) runServers(folder, releases, write string, load time.Duration) int {
	defer b.cleanUp()
	var rows []tested
	all := b.candidates(folder, releases)
	for _, c := range all {
		fmt.Fprintf(os.Stderr, "%s, %s, %s %s\n", c.version, c.from, c.path, c.why)
	}
	for _, c := range all {
		row := tested{candidate: c}
		if c.why == "" {
			fmt.Fprintf(os.Stderr, "%s, %s\n", c.version, c.from)
			b.runSuites(&row)
			b.must(os.Setenv("REDIS_SERVER", c.path))
			b.scope(func() { row.load = b.mixedLoad(load) })
			b.scope(func() { row.bytes = b.bytesOfAMessage() })
			fmt.Fprintf(os.Stderr, "  %d passed, %d failed, %d skipped; %+v\n",
				row.passed, row.failed, len(row.skipped), row.load)
		}
		rows = append(rows, row)
		if write != "" { // a run that is interrupted leaves what it has
			b.must(os.WriteFile(write, []byte(serversPage(rows, load)), 0o644))
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

// candidates returns all servers, the oldest first.
func (b *bench) candidates(folder, releases string) (found []candidate) {
	add := func(path, from string) {
		c := candidate{path: path, from: from}
		if c.version = versionOf(path); c.version == "" {
			c.why = "it does not start"
		}
		if !slices.ContainsFunc(found, func(other candidate) bool { return other.version == c.version }) {
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
		for _, name := range serverNames[:2] {
			path, err := b.unpack(release, name)
			switch {
			case path != "":
				add(path, "Debian "+release)
			case err != nil:
				found = append(found, candidate{version: name, from: "Debian " + release, why: err.Error()})
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

// unpack downloads a package of a release of Debian, and the libraries that it needs, and unpacks
// them without installing anything. It returns the path of the server, or "" if the release has no
// such package.
func (b *bench) unpack(release, name string) (string, error) {
	dir := filepath.Join(b.packages(), release)
	root, pool := filepath.Join(dir, name), filepath.Join(dir, name+"-pool")
	start := filepath.Join(root, "start", name)
	if _, err := os.Stat(start); err == nil {
		return start, nil
	}
	apt, err := b.aptOf(release, dir)
	if err != nil {
		return "", err
	}
	needs, err := apt("apt-cache", "", "depends", "--recurse", "--no-recommends", "--no-suggests",
		"--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances", name)
	if err != nil {
		return "", nil
	}
	download := []string{"download"}
	for line := range strings.Lines(needs) {
		if line = strings.TrimSpace(line); neededPackage.MatchString(line) {
			download = append(download, line)
		}
	}
	b.must(os.MkdirAll(pool, 0o755))
	slices.Sort(download[1:])
	if _, err := apt("apt-get", pool, append(download[:1], slices.Compact(download[1:])...)...); err != nil {
		return "", err
	}
	archives, _ := filepath.Glob(filepath.Join(pool, "*.deb"))
	for _, archive := range archives {
		if out, err := exec.Command("dpkg-deb", "-x", archive, root).CombinedOutput(); err != nil {
			return "", fmt.Errorf("dpkg-deb: %s", out)
		}
	}
	loaders := glob(root, "lib64/ld-linux-*", "usr/lib64/ld-linux-*", "lib/*/ld-linux-*",
		"usr/lib/*/ld-linux-*")
	if len(loaders) == 0 {
		return "", fmt.Errorf("the packages have no loader")
	}
	libraries := strings.Join(glob(root, "lib/*-linux-gnu", "usr/lib/*-linux-gnu"), ":")
	script := fmt.Sprintf("#!/bin/sh\nexec %s --library-path %s %s \"$@\"\n",
		loaders[len(loaders)-1], libraries, filepath.Join(root, "usr/bin", name))
	b.must(os.MkdirAll(filepath.Dir(start), 0o755))
	return start, os.WriteFile(start, []byte(script), 0o755)
}

// neededPackage matches what a server is made of: itself, its tools, and libraries.
var neededPackage = regexp.MustCompile(`^(redis|valkey|lib|lua|zlib1g)[-+.\w]*$`)

func glob(root string, patterns ...string) (all []string) {
	for _, pattern := range patterns {
		found, _ := filepath.Glob(filepath.Join(root, pattern))
		all = append(all, found...)
	}
	return all
}

// packages is the folder where packages of Debian stay, for the next run.
func (b *bench) packages() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return b.TempDir()
	}
	return filepath.Join(cache, "flashgin-servers")
}

// aptOf returns a function that calls apt for a release, with lists and a state of its own. It
// takes the mirror that this machine uses.
func (b *bench) aptOf(
	release, dir string,
) (func(command, in string, args ...string) (string, error), error) {
	targets, err := exec.Command("apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI)",
		"Identifier: Packages").Output()
	mirror := ""
	for line := range strings.Lines(string(targets)) {
		if uri, ok := strings.CutPrefix(strings.TrimSpace(line), "Debian "); ok && mirror == "" {
			mirror = uri
		}
	}
	if err != nil || mirror == "" {
		return nil, fmt.Errorf("apt-get knows no mirror of Debian: run apt-get update")
	}
	for _, folder := range []string{"lists/partial", "cache/archives/partial"} {
		b.must(os.MkdirAll(filepath.Join(dir, folder), 0o755))
	}
	const key = "/usr/share/keyrings/debian-archive-keyring.gpg"
	var sources []byte
	base, backports := strings.CutSuffix(release, "-backports") // which lack most libraries
	suites := []string{release}
	if backports {
		suites = append(suites, base)
	}
	for _, suite := range suites {
		sources = fmt.Appendf(sources, "deb [signed-by=%s] %s %s main\n", key, mirror, suite)
	}
	b.must(os.WriteFile(filepath.Join(dir, "sources.list"), sources, 0o644))
	b.must(os.WriteFile(filepath.Join(dir, "status"), nil, 0o644))
	apt := func(command, in string, args ...string) (string, error) {
		options := []string{"-q"}
		for _, option := range []string{
			"Dir::Etc::sourcelist=" + dir + "/sources.list", "Dir::Etc::sourceparts=/dev/null",
			"Dir::State::lists=" + dir + "/lists", "Dir::State::status=" + dir + "/status",
			"Dir::Cache=" + dir + "/cache", "APT::Sandbox::User=root", "Acquire::Languages=none",
			"Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
		} {
			options = append(options, "-o", option)
		}
		cmd := exec.Command(command, append(options, args...)...)
		cmd.Dir = in
		out, err := cmd.Output()
		if exit, ok := err.(*exec.ExitError); ok {
			err = fmt.Errorf("%s %s: %s", command, args[0], bytes.TrimSpace(exit.Stderr))
		}
		return string(out), err
	}
	_, err = apt("apt-get", "", "update")
	return apt, err
}

// event is a line of go test -json.
type event struct{ Action, Test, Output string }

var because = regexp.MustCompile(`^\s+\S+_test\.go:\d+: (.+)|^\s+\S+\.go:\d+: (.+)`)

// runSuites runs the tests of the store on the server of row.
func (b *bench) runSuites(row *tested) {
	args := append([]string{"test", "-json", "-count=1", "-timeout=20m"}, suites...)
	cmd := exec.Command("go", args...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "REDIS_SERVER="+row.path)
	out, _ := cmd.Output()
	said := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Test == "" {
			continue
		}
		switch top := !strings.Contains(e.Test, "/"); e.Action {
		case "output":
			if found := because.FindStringSubmatch(e.Output); found != nil {
				said[e.Test] = strings.TrimSpace(cmp.Or(found[1], found[2]))
			}
		case "pass":
			if top {
				row.passed++
			}
		case "skip":
			row.skipped = append(row.skipped, fmt.Sprintf("`%s`: %s", e.Test, said[e.Test]))
		case "fail":
			if top {
				row.failed++
				row.failures = append(row.failures, "`"+e.Test+"`")
			}
			fmt.Fprintf(os.Stderr, "  %s failed: %s\n", e.Test, said[e.Test])
		}
	}
	if row.passed == 0 && row.failed == 0 {
		row.failed, row.failures = 1, []string{"the tests did not run"}
	}
}

// bytesOfAMessage returns how much memory a message takes if it is alone at its view, as most are.
func (b *bench) bytesOfAMessage() float64 {
	const sessions = 10_000
	server := redistest.Start(b)
	admin, store := server.Client(), redisStore(server.Client())
	before := b.info(admin, "memory", "used_memory")
	b.parallel(8, sessions, func(i int) error {
		return store.Add(ctx, fmt.Sprint(i), message("/orders/5"))
	})
	return (b.info(admin, "memory", "used_memory") - before) / sessions
}

// skips returns a line for each reason why tests were skipped.
func skips(row tested) (lines []string) {
	names := map[string][]string{}
	for _, skipped := range row.skipped {
		name, why, _ := strings.Cut(skipped, ": ")
		names[why] = append(names[why], name)
	}
	for _, why := range slices.Sorted(maps.Keys(names)) {
		lines = append(lines, fmt.Sprintf("- %s skips %s: %s.", row.version,
			strings.Join(names[why], ", "), strings.TrimRight(why, ".")))
	}
	return lines
}

// serversPage returns docs/servers.md.
func serversPage(rows []tested, load time.Duration) string {
	var page strings.Builder
	fmt.Fprintf(&page, `# Servers

The tests of the Redis store, and a mixed load, on each of these servers. A command tests them and
writes this page:

    cd bench
    go run . -part servers -servers FOLDER -write ../docs/servers.md

FOLDER has a folder for each server, with a binary: you can test a server of your own. The command
also downloads the packages of some releases of Debian and unpacks them without installing anything.
`+"`-debian`"+` names other releases, and `+"`-load`"+` says how long the load lasts.

In the **load**, four clients add, claim, confirm and release messages of 100 sessions. Meanwhile
the server forgets its scripts ten times a second, cuts all connections twice a second, and has no
memory for new messages for a fifth of the time. Each call that failed is made again. A message is
*lost* if it was added and never shown, and shown *twice* if it came again after it was confirmed.
The last column is what a message takes that is alone at its view, as most are; it also depends on
how a server was compiled.

*%s. %s, %d processors, %s. The load lasted %v.*

| server | from | tests passed | failed | skipped | load: messages | lost | twice | a message takes |
|---|---|--:|--:|--:|--:|--:|--:|--:|
`, time.Now().Format("2 January 2006"), processor(), runtime.NumCPU(), runtime.Version(), load)
	var notes []string
	for _, row := range rows {
		if row.why != "" {
			fmt.Fprintf(&page, "| %s | %s | not tested: %s | | | | | | |\n", row.version, row.from, row.why)
			continue
		}
		fmt.Fprintf(&page, "| %s | %s | %d | %d | %d | %d | %d | %d | %.0f bytes |\n", row.version,
			row.from, row.passed, row.failed, len(row.skipped), row.load.messages, row.load.lost,
			row.load.twice, row.bytes)
		for _, what := range row.failures {
			notes = append(notes, fmt.Sprintf("- %s: %s failed.", row.version, what))
		}
		notes = append(notes, skips(row)...)
	}
	if len(notes) > 0 {
		fmt.Fprintf(&page, "\n%s\n", strings.Join(notes, "\n"))
	}
	return page.String()
}
