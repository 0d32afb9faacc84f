package doctest

import (
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var inProse = regexp.MustCompile(
	`^(?:go (?:run|test|vet|build|get|install|mod|doc|list|tool) |cd |npm |\./|\.ci/|git )`)

// Commands returns the command lines of the page, those of a block together: of blocks in sh,
// behind a prompt in blocks of a console, and in the prose what begins as one.
func (p Page) Commands() [][]string {
	var all [][]string
	for _, block := range p.Blocks("") {
		var lines []string
		for line := range strings.Lines(block.Text) {
			line, prompt := strings.CutPrefix(line, "$ ")
			if prompt && block.Language == "console" || block.Language == "sh" {
				line, _, _ = strings.Cut(line, " #")
				lines = append(lines, strings.TrimSpace(line))
			}
		}
		if lines != nil {
			all = append(all, lines)
		}
	}
	for _, code := range p.Code() {
		if inProse.MatchString(code) {
			all = append(all, []string{code})
		}
	}
	return all
}

// elsewhere are the commands of which we cannot know more than that they are called so.
var elsewhere = []string{
	"apidiff", "apt-get", "curl", "flashgin", "git", "gofmt", "gorelease", "redis-cli",
	"redis-server",
}

// CheckCommands tells which command lines of the page name something that does not exist: a folder,
// a package, a test, a script. They are entered at the root, in the folder of the page, or where
// the block before has led to.
func (p Page) CheckCommands() error {
	var failures []error
	last := shell{root: p.root, dir: "."}
	for _, lines := range p.Commands() {
		var err error
		for _, dir := range []string{".", path.Dir(p.Path), last.dir} {
			sh := shell{root: p.root, dir: dir, made: slices.Clone(last.made)}
			failed := sh.enterAll(lines)
			if failed == nil {
				last, err = sh, nil
				break
			}
			if err == nil {
				err = failed
			}
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", p.Path, err))
		}
	}
	return errors.Join(failures...)
}

// shell follows command lines without running them.
type shell struct {
	root, dir string
	made      []string // folders that the lines themselves make
}

var (
	command    = regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^;&|'"])+`)
	word       = regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^\s'"])+`)
	assignment = regexp.MustCompile(`^\w+=`)
)

func (s *shell) enterAll(lines []string) error {
	for _, line := range lines {
		if inner, ok := strings.CutPrefix(line, "("); ok {
			inner, _ := strings.CutSuffix(inner, ")")
			sub := *s
			if err := sub.enterAll([]string{inner}); err != nil {
				return err
			}
			continue
		}
		for _, command := range command.FindAllString(line, -1) {
			words := word.FindAllString(command, -1)
			for len(words) > 0 && assignment.MatchString(words[0]) {
				words = words[1:]
			}
			if len(words) == 0 {
				continue
			}
			if err := s.enter(words[0], words[1:]); err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
		}
	}
	return nil
}

func (s *shell) enter(name string, args []string) error {
	last := ""
	if len(args) > 0 {
		last = args[len(args)-1]
	}
	switch {
	case name == "git" && len(args) > 1 && args[0] == "clone":
		s.made = append(s.made, path.Join(s.dir, path.Base(last)))
	case name == "mkdir":
		s.made = append(s.made, path.Join(s.dir, last))
	case name == "cd":
		s.dir = path.Join(s.dir, last)
		return s.folder(".")
	case name == "go":
		return s.goTool(args)
	case name == "npm":
		_, err := os.Stat(s.path("package.json"))
		return err
	case strings.Contains(name, "/"):
		_, err := os.Stat(s.path(name))
		return err
	case !slices.Contains(elsewhere, name):
		return fmt.Errorf("%s is no command that these pages use: is it one?", name)
	}
	return nil
}

func (s *shell) path(name string) string { return filepath.Join(s.root, s.dir, name) }

// inMade reports whether a folder lies in one that the lines have made.
func (s *shell) inMade(name string) bool {
	dir := path.Join(s.dir, name) + "/"
	return slices.ContainsFunc(s.made,
		func(made string) bool { return strings.HasPrefix(dir, made+"/") })
}

// folder tells why a folder is not there.
func (s *shell) folder(name string) error {
	if s.inMade(name) {
		return nil
	}
	info, err := os.Stat(s.path(name))
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a folder", name)
	}
	return err
}

// goTool checks the packages and the tests that a go command names.
func (s *shell) goTool(args []string) error {
	if len(args) == 0 || s.inMade(".") {
		return nil
	}
	folder := "."
	var tests []string
	for i, arg := range args[1:] {
		switch flag := args[i]; {
		case strings.HasPrefix(arg, "./") || arg == "." || strings.HasPrefix(arg, "../"):
			folder = strings.TrimSuffix(arg, "...")
			if err := s.folder(folder); err != nil {
				return err
			}
			if args[0] == "run" { // what follows are the program's own arguments
				if !isProgram(s.path(folder)) {
					return fmt.Errorf("%s is not a program", arg)
				}
				return nil
			}
		case flag == "-run" || flag == "-bench" || flag == "-fuzz":
			tests = append(tests, arg)
		}
	}
	for _, pattern := range tests {
		if err := s.hasTest(folder, strings.Trim(pattern, `'"`)); err != nil {
			return err
		}
	}
	return nil
}

// hasTest checks each of the alternatives of a pattern such as ^(TestA|TestB)$/case.
func (s *shell) hasTest(folder, pattern string) error {
	names, err := TestNames(s.path(folder))
	if err != nil {
		return err
	}
	pattern, _, _ = strings.Cut(pattern, "/")
	for name := range strings.SplitSeq(strings.Trim(pattern, "^$()"), "|") {
		match, err := regexp.Compile(name)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(names, match.MatchString) && name != "" {
			return fmt.Errorf("no test matches %s", name)
		}
	}
	return nil
}

func isProgram(folder string) bool {
	files, _ := filepath.Glob(filepath.Join(folder, "*.go")) // the pattern is a good one
	return slices.ContainsFunc(files, func(name string) bool {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly)
		return err == nil && file.Name.Name == "main"
	})
}

var testFunction = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)

// TestNames returns the names of all tests, fuzz targets, benchmarks and examples below a folder.
func TestNames(folder string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, match := range testFunction.FindAllStringSubmatch(string(text), -1) {
			names = append(names, match[1])
		}
		return err
	})
	return names, err
}
