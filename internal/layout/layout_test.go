// Package layout_test holds the packages to the rules of layout in CONTRIBUTING.md.
package layout_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/doctest"
)

const (
	root        = "../.."
	fileAtMost  = 400
	roomAtMost  = 1100
	rootAtMost  = 2700
	filesAtMost = 30 // of the root
	rulesHeader = "The rules of layout"
)

// A folder is a package as go list tells of it. Its path is below the module, "." for the root.
type folder struct {
	path    string
	imports []string       // of this module
	lines   map[string]int // by file, without tests
}

// A room is what a row of the table says.
type room struct {
	path    string
	imports []string
}

// The rules. Each is the first words of its sentence in CONTRIBUTING.md.
const (
	noRoot    = "Nothing in `internal/` imports the root package"
	onlyTable = "A room imports the rooms that the table names"
	inTable   = "Every package in `internal/` has a row in the table"
	shortFile = "A file of a room has at most 400 lines"
	smallRoom = "A room has at most 1,100 lines"
	smallRoot = "The root has at most 30 files and 2,700 lines"
	shortLine = "A line of Go has at most 100 columns"
)

func TestLayout(t *testing.T) {
	page, err := doctest.Open(root, "CONTRIBUTING.md")
	require.NoError(t, err)
	rules, rooms := rulesOn(page.Text), roomsOn(page.Text)
	for _, found := range append(violations(listed(t), rooms), longLines(t)...) {
		i := slices.IndexFunc(rules, func(rule string) bool {
			return strings.HasPrefix(rule, found.rule)
		})
		require.GreaterOrEqual(t, i, 0, "CONTRIBUTING.md has no rule %q", found.rule)
		assert.Fail(t, rules[i], found.where)
	}
	assert.Len(t, rules, 7, "each rule is checked here")
}

// The check sees every rule broken, and nothing where none is.
func TestLayoutSeesWhatIsBroken(t *testing.T) {
	rooms := []room{{"internal/a", nil}, {"internal/b", []string{"internal/a"}}}
	good := []folder{
		{path: ".", imports: []string{"internal/b"}, lines: map[string]int{"big.go": 2700}},
		{path: "internal/a", lines: map[string]int{"a.go": 400, "b.go": 400, "c": 300}},
		{path: "internal/b", imports: []string{"internal/a"}},
	}
	assert.Empty(t, violations(good, rooms))
	for _, test := range []struct {
		name string
		add  folder // in the place of the one with its path
		rule string
	}{
		{"an import of the root", folder{path: "internal/a", imports: []string{"."}}, noRoot},
		{"an import of what users import",
			folder{path: "internal/a", imports: []string{"storetest"}}, noRoot},
		{"an arrow back", folder{path: "internal/a", imports: []string{"internal/b"}}, onlyTable},
		{"an unknown room", folder{path: "internal/c"}, inTable},
		{"a long file",
			folder{path: "internal/a", lines: map[string]int{"a.go": 401}}, shortFile},
		{"a large room",
			folder{path: "internal/a", lines: map[string]int{"a.go": 400, "b.go": 400, "c": 301}},
			smallRoom},
		{"a large root",
			folder{path: ".", lines: map[string]int{"a.go": 2000, "b.go": 701}}, smallRoot},
		{"a root of many files", folder{path: ".", lines: manyFiles(31)}, smallRoot},
	} {
		t.Run(test.name, func(t *testing.T) {
			packages := []folder{test.add}
			for _, p := range good {
				if p.path != test.add.path {
					packages = append(packages, p)
				}
			}
			found := violations(packages, rooms)
			require.Len(t, found, 1)
			assert.Equal(t, test.rule, found[0].rule)
		})
	}
	t.Run("a row without a room", func(t *testing.T) {
		found := violations(good, append(rooms, room{"internal/gone", nil}))
		require.Len(t, found, 1)
		assert.Equal(t, inTable, found[0].rule)
	})
}

func manyFiles(n int) map[string]int {
	lines := map[string]int{}
	for i := range n {
		lines[fmt.Sprint(i, ".go")] = 1
	}
	return lines
}

type violation struct{ rule, where string }

// violations returns what the packages have that the rules forbid.
func violations(packages []folder, rooms []room) (found []violation) {
	fail := func(rule, format string, args ...any) {
		found = append(found, violation{rule, fmt.Sprintf(format, args...)})
	}
	there := map[string]bool{}
	for _, p := range packages {
		all := 0
		for _, lines := range p.lines {
			all += lines
		}
		if p.path == "." && (all > rootAtMost || len(p.lines) > filesAtMost) {
			fail(smallRoot, "it has %d files and %d lines", len(p.lines), all)
		}
		if there[p.path] = true; !strings.HasPrefix(p.path, "internal/") {
			continue
		}
		row := slices.IndexFunc(rooms, func(r room) bool { return r.path == p.path })
		if row < 0 {
			fail(inTable, "%s has none", p.path)
			continue
		}
		for _, imported := range p.imports {
			if !strings.HasPrefix(imported, "internal/") {
				fail(noRoot, "%s imports %s", p.path, imported)
			} else if !slices.Contains(rooms[row].imports, imported) {
				fail(onlyTable, "%s imports %s", p.path, imported)
			}
		}
		for name, lines := range p.lines {
			if lines > fileAtMost {
				fail(shortFile, "%s/%s has %d", p.path, name, lines)
			}
		}
		if all > roomAtMost {
			fail(smallRoom, "%s has %d", p.path, all)
		}
	}
	for _, r := range rooms {
		if !there[r.path] {
			fail(inTable, "%s has one, and does not exist", r.path)
		}
		for _, imported := range r.imports {
			other := slices.IndexFunc(rooms, func(r room) bool { return r.path == imported })
			if other < 0 {
				fail(inTable, "%s may import %s, which has none", r.path, imported)
			}
		}
	}
	return found
}

// listed returns the packages of the module.
func listed(t *testing.T) (packages []folder) {
	// The go command does not see what go list reads. It sees what the test itself reads, and runs
	// the test again when there is something new.
	require.NoError(t, filepath.WalkDir(filepath.Join(root, "internal"),
		func(_ string, _ fs.DirEntry, err error) error { return err }))
	// -e lists the packages also if their imports make a circle, as an import of the root does.
	const fields = "ImportPath,Dir,Imports,GoFiles,IgnoredGoFiles,Module"
	command := exec.Command("go", "list", "-e", "-json="+fields, "./...")
	command.Dir = root
	var stderr bytes.Buffer
	command.Stderr = &stderr
	text, err := command.Output()
	require.NoError(t, err, stderr.String())
	for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
		var p struct {
			ImportPath, Dir                  string
			Imports, GoFiles, IgnoredGoFiles []string
			Module                           struct{ Path string }
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		below := func(path string) (string, bool) {
			if path == p.Module.Path {
				return ".", true
			}
			return strings.CutPrefix(path, p.Module.Path+"/")
		}
		f := folder{lines: map[string]int{}}
		f.path, _ = below(p.ImportPath)
		for _, path := range p.Imports {
			if path, ours := below(path); ours {
				f.imports = append(f.imports, path)
			}
		}
		for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
			text, err := os.ReadFile(filepath.Join(p.Dir, name))
			require.NoError(t, err)
			if !strings.HasSuffix(name, "_test.go") {
				f.lines[name] = bytes.Count(text, []byte("\n"))
			}
		}
		if len(f.lines) > 0 { // else it has tests alone, as this one
			packages = append(packages, f)
		}
	}
	require.Greater(t, len(packages), 10)
	return packages
}

var linked = regexp.MustCompile(`\[(internal/[\w/]+)\]`)

// roomsOn returns the rows of the table of rooms: the room, what happens in it, what it may import.
func roomsOn(page string) (rooms []room) {
	for row := range strings.Lines(page) {
		cells := strings.Split(row, "|")
		if len(cells) != 5 {
			continue
		}
		name := linked.FindStringSubmatch(cells[1])
		if name == nil {
			continue
		}
		r := room{path: name[1]}
		for short := range strings.SplitSeq(strings.Trim(strings.TrimSpace(cells[3]), "–"), ", ") {
			if short != "" {
				r.imports = append(r.imports, "internal/"+strings.Trim(short, "`"))
			}
		}
		rooms = append(rooms, r)
	}
	return rooms
}

// rulesOn returns the items of the list of rules.
func rulesOn(page string) (rules []string) {
	_, section, _ := strings.Cut(page, "# "+rulesHeader+"\n")
	section, _, _ = strings.Cut(section, "\n#")
	for item := range strings.SplitSeq("\n"+section, "\n- ") {
		rules = append(rules, strings.Join(strings.Fields(item), " "))
	}
	return rules[1:]
}
