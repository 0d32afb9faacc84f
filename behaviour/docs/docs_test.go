// Package docs_test holds the pages of documentation to what they say.
package docs_test

import (
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/doctest"
)

// Whether the code on the pages compiles, the tests in docs/ tell.

// TestLinks checks the links of every page of documentation.
func TestLinks(t *testing.T) {
	for _, page := range pages(t) {
		for _, link := range page.Links() {
			assert.NoError(t, page.CheckLink(link), page.Path)
		}
	}
}

// TestCommands keeps the pages from naming folders, programs and tests that do not exist in the
// commands that they show.
func TestCommands(t *testing.T) {
	for _, page := range pages(t) {
		assert.NoError(t, page.CheckCommands())
	}
}

// TestNamedTests keeps the pages from referring to tests that do not exist.
func TestNamedTests(t *testing.T) {
	names, err := doctest.TestNames(apptest.Repository)
	require.NoError(t, err)
	named := regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark|Example)[A-Z]\w*`)
	for _, page := range pages(t) {
		for _, name := range named.FindAllString(page.Prose(), -1) {
			assert.True(t, slices.Contains(names, name), "%s refers to %s, which does not exist",
				page.Path, name)
		}
	}
}

// Users read what is promised, and what stands against threats, without the names of tests. Another
// page has those, so that each promise keeps its tests.
func TestEveryPromiseNamesItsTests(t *testing.T) {
	tests, err := doctest.Open(apptest.Repository, "docs/guarantees-tests.md")
	require.NoError(t, err)
	shown := map[string]bool{}
	row := regexp.MustCompile(`(?m)^\| \*\*([^*]+)\*\*.*\bTest[A-Z]`)
	for _, match := range row.FindAllStringSubmatch(tests.Text, -1) {
		shown[strings.TrimSuffix(match[1], ".")] = true
	}
	item, firstCell := `^- \*\*([^*]+)\*\*`, `^\| ([^|*]+) \| [^|]+ \|$`
	for _, test := range []struct{ page, until, names string }{
		{"docs/guarantees.md", "## What is not promised", item + "|" + firstCell},
		{"docs/security.md", "## Too much of everything", `^## (.+)$`},
		{"docs/security.md", "", firstCell},
	} {
		page, err := doctest.Open(apptest.Repository, test.page)
		require.NoError(t, err)
		text := page.Text
		if test.until != "" {
			var found bool
			text, _, found = strings.Cut(text, test.until)
			require.True(t, found, test.page)
		}
		names := regexp.MustCompile("(?m)"+test.names).FindAllStringSubmatch(text, -1)
		assert.Greater(t, len(names), 5, test.page)
		for _, match := range names {
			name := strings.TrimSuffix(spaced(strings.Join(match[1:], "")), ".")
			assert.True(t, name == "what fails" || shown[name],
				"%s: docs/guarantees-tests.md names no test of %q", test.page, name)
		}
	}
}

// TestMapOfFiles keeps the map in CONTRIBUTING.md complete.
func TestMapOfFiles(t *testing.T) {
	page, err := doctest.Open(apptest.Repository, "CONTRIBUTING.md")
	require.NoError(t, err)
	patterns := regexp.MustCompile("[`\\[]([\\w*]+(?:\\.go|/)?)[`\\]]")
	var listed []string
	for row := range strings.Lines(page.Text) {
		if strings.HasPrefix(row, "|") {
			for _, match := range patterns.FindAllStringSubmatch(row, -1) {
				listed = append(listed, strings.TrimSuffix(match[1], "/"))
			}
		}
	}
	entries, err := os.ReadDir(apptest.Repository)
	require.NoError(t, err)
	used := map[string]bool{}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "_test.go") ||
			!entry.IsDir() && filepath.Ext(name) != ".go" {
			continue
		}
		found := ""
		for _, pattern := range listed {
			if ok, err := filepath.Match(pattern, name); ok && assert.NoError(t, err) {
				found = pattern
			}
		}
		assert.NotEmpty(t, found, "the map does not say what %s is", name)
		used[found] = true
	}
	for _, pattern := range listed {
		assert.True(t, used[pattern], "the map has %s, which does not exist", pattern)
	}
}

// TestTroublePage keeps the page from quoting what nothing here says any more.
func TestTroublePage(t *testing.T) {
	page, err := doctest.Open(apptest.Repository, "docs/trouble.md")
	require.NoError(t, err)
	var source strings.Builder
	comment := regexp.MustCompile(`(?m)^\s*//.*$`) // what only a comment says, no program says
	for _, folder := range []string{".", "internal"} {
		start := filepath.Join(apptest.Repository, folder)
		require.NoError(t, filepath.WalkDir(start,
			func(path string, entry fs.DirEntry, err error) error {
				switch {
				case err != nil:
					return err
				case entry.IsDir() && folder == "." && path != start:
					return fs.SkipDir
				case filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go"):
					text, err := os.ReadFile(path)
					source.WriteString(comment.ReplaceAllString(string(text), ""))
					return err
				}
				return nil
			}))
	}
	oneLine := regexp.MustCompile(`" ?\+\s*"`).ReplaceAllString(source.String(), "")
	quotes := regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(page.Text, -1)
	require.Greater(t, len(quotes), 5)
	for _, quote := range quotes[1:] { // the first is html/template's
		assert.True(t, strings.Contains(oneLine, quote[1]), quote[1])
	}
	_, err = template.New("page").Parse("{{flashes}}")
	assert.ErrorContains(t, err, quotes[0][1])
}

// A handler may ignore the error of AddFlash. All examples say so in the same way, with which
// linters are content, too.
func TestExamplesIgnoreErrorsInTheSameWay(t *testing.T) {
	bare := regexp.MustCompile(`(?m)^(?://)?[ \t]*[a-z]+\.(?:AddFlash|RedirectFlash)\(`)
	for _, page := range pages(t) {
		for _, block := range page.Blocks("go") {
			assert.NotRegexp(t, bare, block.Text, page.Path)
		}
	}
	found := 0
	for _, pattern := range []string{"*.go", "_examples/*/*.go", "docs/*/*.go", "flash*/*.go"} {
		paths, err := filepath.Glob(filepath.Join(apptest.Repository, pattern))
		require.NoError(t, err)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			if !strings.Contains(string(text), "sessions.Default(c)") { // AddFlash of gin-contrib
				assert.NotRegexp(t, bare, string(text), path)
			}
			found += strings.Count(string(text), "_ = s.AddFlash(")
		}
	}
	assert.Greater(t, found, 3)
}

// The limits on the pages are those of the code.
func TestLimitsOnThePagesAreThoseOfTheCode(t *testing.T) {
	for _, test := range []struct{ page, says, file, code string }{
		{"docs/security.md", "64 at a time", "internal/guard/breaker.go", "inFlightAtMost = 64"},
		{"docs/security.md", "three attempts side by side", "internal/guard/retry.go",
			"AFewTimes = Effort{Attempts: 3,"},
		{"docs/security.md", "256 requests at a time", "internal/delivery/add.go",
			"lateAddsAtMost = 256"},
		{"docs/guarantees.md", "256 requests at a time", "internal/delivery/add.go",
			"lateAddsAtMost = 256"},
		{"docs/security.md", "`/_flash/messages` | 16 |", "internal/views/views.go",
			"ListAtMost = 16"},
		{"docs/security.md", "`/_flash/stream` | 64 |", "internal/views/views.go",
			"StreamAtMost = 64"},
		{"docs/security.md", "1000 messages, 64 claims", "internal/live/ack.go",
			"ackTicketsAtMost = 64"},
		{"docs/redis.md", "four times a second", "internal/guard/breaker.go",
			"probeEvery = 250 * time.Millisecond"},
		{"docs/redis.md", "up to two seconds", "internal/guard/timeout.go",
			"CallTimeout = 2 * time.Second"},
		{"docs/live.md", "after 2 to 8 s, at random", "internal/live/stream.go",
			"retryAtLeast = 2000 retryAtMost = 8000"},
		{"docs/live.md", "every five seconds", "internal/live/stream.go",
			"pollUnwoken = 5 * time.Second"},
		{"docs/live.md", "every 15 to 30 seconds", "internal/live/stream.go",
			"pollAtLeast = 15 * time.Second pollAtMost = 30 * time.Second"},
	} {
		page, err := doctest.Open(apptest.Repository, test.page)
		require.NoError(t, err)
		assert.Contains(t, spaced(page.Text), test.says, test.page)
		code, err := os.ReadFile(filepath.Join(apptest.Repository, test.file))
		require.NoError(t, err)
		assert.Contains(t, spaced(string(code)), test.code, "%s, for %s", test.file, test.page)
	}
}

// spaced returns a text with one space between words.
func spaced(text string) string { return strings.Join(strings.Fields(text), " ") }

func pages(t *testing.T) []doctest.Page {
	t.Helper()
	pages, err := doctest.Pages(apptest.Repository)
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	return pages
}

// The drawings of CONTRIBUTING.md lead to files that exist.
func TestDrawnFilesExist(t *testing.T) {
	page, err := doctest.Open(apptest.Repository, "CONTRIBUTING.md")
	require.NoError(t, err)
	drawings := regexp.MustCompile("(?s)```text\n(.*?)```").FindAllStringSubmatch(page.Text, -1)
	require.Len(t, drawings, 3)
	for _, drawing := range drawings {
		files := regexp.MustCompile(`[a-z_/]+\.(?:go|lua|js)`).FindAllString(drawing[1], -1)
		assert.Greater(t, len(files), 5)
		for _, file := range files {
			assert.FileExists(t, filepath.Join(apptest.Repository, file))
		}
	}
}

// A user reads all of these pages, some day. CONTRIBUTING.md has the bound.
func TestPagesForUsersAreShort(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(apptest.Repository, "docs", "*.md"))
	require.NoError(t, err)
	words := 0
	for _, path := range append(paths, filepath.Join(apptest.Repository, "README.md")) {
		switch filepath.Base(path) {
		case "comparison.md", "design.md", "guarantees-tests.md", "servers.md":
			continue // for contributors
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		words += len(strings.Fields(string(text)))
	}
	assert.LessOrEqual(t, words, 12000)
}
