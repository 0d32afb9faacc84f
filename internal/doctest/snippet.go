package doctest

import (
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/importer"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Snippet is a block of Go on a page. What is a complete file is checked as it is. Of anything
// else, these are the rules:
//
//   - Blank lines outside of brackets divide it into paragraphs.
//   - A paragraph that begins with func, type, const or import is a declaration of the file.
//   - The others are the statements of one function, and each opens a scope inside that of the one
//     before: a page may show two lines that declare err.
//   - A paragraph that is nothing but an expression is assigned to _.
//   - Names that it does not declare are those of one Go file, the given one, which also says what
//     is imported.
//
// A variable or an import that is not used is no error.
type Snippet struct {
	Page Page
	Block
}

// complete reports whether the snippet is a whole file.
func (s Snippet) complete() bool {
	_, err := parser.ParseFile(token.NewFileSet(), "", s.Text, parser.PackageClauseOnly)
	return err == nil
}

// file returns the snippet as a file of the package of the given one.
func (s Snippet) file(given *ast.File) string {
	var declarations, statements strings.Builder
	scopes := 0
	line := s.Line
	for _, paragraph := range paragraphs(s.Text) {
		at := fmt.Sprintf("//line %s:%d\n", s.Page.Path, line)
		line += strings.Count(paragraph, "\n")
		switch firstToken(paragraph) {
		case token.EOF:
		case token.FUNC, token.TYPE, token.CONST, token.IMPORT:
			declarations.WriteString(at + paragraph)
		default:
			if isValue(paragraph) {
				paragraph = "_ = " + strings.TrimLeft(paragraph, "\n")
			}
			statements.WriteString("{\n" + at + paragraph)
			scopes++
		}
	}
	var imports strings.Builder
	for _, spec := range given.Imports {
		name := ""
		if spec.Name != nil {
			name = spec.Name.Name
		}
		fmt.Fprintf(&imports, "import %s %s\n", name, spec.Path.Value)
	}
	return fmt.Sprintf("package %s\n%s%s\nfunc _() {\n%s%s}\n", given.Name, &imports, &declarations,
		&statements, strings.Repeat("}\n", scopes))
}

// isValue reports whether code is an expression that is no statement, as a call is.
func isValue(code string) bool {
	expr, err := parser.ParseExpr(strings.TrimSpace(code))
	_, call := expr.(*ast.CallExpr)
	return err == nil && !call
}

// paragraphs divides code at blank lines outside of brackets and strings. Joined, they are the code
// again.
func paragraphs(code string) []string {
	lines := slices.Collect(strings.Lines(code))
	inside := make([]bool, len(lines)+2) // by line, counted from 1: the code before its end is open
	depth := 0
	scan(code, func(line int, tok token.Token, literal string) {
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth--
		}
		for covered := range strings.Count(literal, "\n") {
			inside[line+covered] = tok == token.STRING || tok == token.COMMENT
		}
		if last := line + strings.Count(literal, "\n"); last < len(inside) {
			inside[last] = depth > 0
		}
	})
	var found []string
	var paragraph strings.Builder
	open := false
	for i, line := range lines {
		blank := strings.TrimSpace(line) == ""
		if !blank {
			open = inside[i+1]
		}
		paragraph.WriteString(line)
		if blank && !open || i == len(lines)-1 {
			found = append(found, paragraph.String())
			paragraph.Reset()
		}
	}
	return found
}

func firstToken(code string) token.Token {
	first := token.EOF
	scan(code, func(_ int, tok token.Token, _ string) {
		if first == token.EOF && tok != token.COMMENT {
			first = tok
		}
	})
	return first
}

func scan(code string, do func(line int, tok token.Token, literal string)) {
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(code))
	var s scanner.Scanner
	s.Init(file, []byte(code), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return
		}
		if tok == token.SEMICOLON && literal == "\n" { // it was not written
			continue
		}
		do(file.Line(pos), tok, literal)
	}
}

// CheckFormat tells whether the snippet is as gofmt would have it.
func (s Snippet) CheckFormat() error {
	formatted, err := format.Source([]byte(s.Text))
	if err != nil { // declarations and statements: each by itself
		var all strings.Builder
		for _, paragraph := range paragraphs(s.Text) {
			formatted, err := format.Source([]byte(paragraph))
			if err != nil {
				return fmt.Errorf("%s:%d: %w", s.Page.Path, s.Line, err)
			}
			all.Write(formatted)
		}
		formatted = []byte(all.String())
	}
	if string(formatted) != s.Text {
		return fmt.Errorf("%s:%d: not as gofmt would have it, which is\n%s", s.Page.Path, s.Line,
			formatted)
	}
	return nil
}

// A Checker tells whether snippets compile.
type Checker struct {
	files    *token.FileSet
	given    *ast.File
	importer types.Importer
}

// NewChecker returns a Checker for snippets that use the names of the given file. The packages that
// they import must be known to the module of the working directory; it asks the go command for
// them.
func NewChecker(given string, snippets []Snippet) (*Checker, error) {
	c := &Checker{files: token.NewFileSet()}
	var err error
	if c.given, err = parser.ParseFile(
		c.files, given, nil, parser.SkipObjectResolution,
	); err != nil {
		return nil, err
	}
	imports := map[string]bool{}
	need := func(file *ast.File) {
		for _, spec := range file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value) // the parser has looked
			imports[path] = true
		}
	}
	need(c.given)
	for _, s := range snippets {
		text := s.Text
		if !s.complete() {
			text = s.file(c.given)
		}
		if file, err := parser.ParseFile(
			token.NewFileSet(), "", text, parser.ImportsOnly,
		); err == nil {
			need(file)
		}
	}
	exports, err := exportsOf(slices.Sorted(maps.Keys(imports)))
	if err != nil {
		return nil, err
	}
	c.importer = importer.ForCompiler(c.files, "gc", func(path string) (io.ReadCloser, error) {
		file, ok := exports[path]
		if !ok {
			return nil, fmt.Errorf("%s is not among the packages that snippets import", path)
		}
		return os.Open(file)
	})
	return c, nil
}

// exportsOf builds packages and all that they need, and returns the files that say what each
// exports.
func exportsOf(paths []string) (map[string]string, error) {
	var failed strings.Builder
	list := exec.Command("go", append([]string{
		"list", "-deps", "-export", "-f", "{{.ImportPath}}\t{{.Export}}",
	}, paths...)...)
	list.Stderr = &failed
	output, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, failed.String())
	}
	exports := map[string]string{}
	for line := range strings.Lines(string(output)) {
		if path, file, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			exports[path] = file
		}
	}
	return exports, nil
}

var notUsed = regexp.MustCompile(`(?:declared|imported.*) and not used`)

// Package returns what a package exports that the snippets import.
func (c *Checker) Package(path string) (*types.Package, error) { return c.importer.Import(path) }

// Check tells why the snippet does not compile.
func (c *Checker) Check(s Snippet) error {
	text, files := fmt.Sprintf("//line %s:%d\n%s", s.Page.Path, s.Line, s.Text), []*ast.File(nil)
	if !s.complete() {
		text = s.file(c.given)
	}
	file, err := parser.ParseFile(c.files, "", text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if !s.complete() {
		files = append(files, without(declared(file), c.given))
	}
	var failures []error
	config := types.Config{Importer: c.importer, Error: func(err error) {
		if !notUsed.MatchString(err.Error()) {
			failures = append(failures, err)
		}
	}}
	_, _ = config.Check(file.Name.Name, c.files, append(files, file), nil)
	return errors.Join(failures...)
}

// declared returns the names that a file declares.
func declared(file *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			names[decl.Name.Name] = decl.Recv == nil
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				for _, name := range namesOf(spec) {
					names[name] = true
				}
			}
		}
	}
	return names
}

// without returns a file without what it says of some names.
func without(names map[string]bool, file *ast.File) *ast.File {
	left := *file
	left.Decls = nil
	for _, decl := range file.Decls {
		if general, ok := decl.(*ast.GenDecl); ok {
			fewer := *general
			fewer.Specs = slices.DeleteFunc(slices.Clone(general.Specs), func(spec ast.Spec) bool {
				return slices.ContainsFunc(namesOf(spec), func(name string) bool {
					return names[name]
				})
			})
			decl = &fewer
		}
		left.Decls = append(left.Decls, decl)
	}
	return &left
}

func namesOf(spec ast.Spec) (names []string) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		names = append(names, spec.Name.Name)
	case *ast.ValueSpec:
		for _, ident := range spec.Names {
			if ident.Name != "_" {
				names = append(names, ident.Name)
			}
		}
	}
	return names
}
