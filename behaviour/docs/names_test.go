package docs_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	pathpkg "path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/behaviour/internal/apptest"
)

// In each package that users import, of whichever module, each exported name has a doc comment,
// each function and each method has an Example whose output is checked, and each other name occurs
// in a test or an Example.
func TestExportedNames(t *testing.T) {
	packages := parseLibraries(t)
	for _, folder := range slices.Sorted(maps.Keys(packages)) {
		t.Run(folder, func(t *testing.T) {
			p := packages[folder]
			for _, n := range p.exported() {
				_, method, _ := strings.Cut(n.name, ".")
				switch {
				case !n.documented:
					t.Errorf("%s has no doc comment", n.name)
				case !n.call && !p.mentioned[n.name[strings.LastIndex(n.name, ".")+1:]]:
					t.Errorf("%s occurs in no test and no Example", n.name)
				case n.call && !p.shows(n) &&
					!packages["."].shows(exportedName{name: "Store." + method}):
					// What every store has is shown once, at the interface.
					t.Errorf("%s has no Example with checked output", n.name)
				}
			}
		})
	}
	assert.Contains(t, packages, ".")
	assert.Contains(t, packages, "storetest")
	assert.Contains(t, packages, "flashtest")
}

// Whoever reads the pages and the examples meets every name of the package and of flashtest.
func TestEveryNameIsOnAPageOrInAnExample(t *testing.T) {
	var text strings.Builder
	for _, page := range pages(t) {
		text.WriteString(page.Text)
	}
	packages := parseLibraries(t)
	for _, folder := range []string{".", "flashtest"} {
		for _, example := range packages[folder].examples {
			for node := range ast.Preorder(example.Code) {
				if id, ok := node.(*ast.Ident); ok {
					text.WriteString(" " + id.Name + " ")
				}
			}
		}
		for _, pattern := range []string{
			"example*_test.go", "_examples/*/*.go", "flashtest/example*_test.go",
		} {
			paths, err := filepath.Glob(filepath.Join(apptest.Repository, pattern))
			require.NoError(t, err)
			for _, path := range paths {
				code, err := os.ReadFile(path)
				require.NoError(t, err)
				text.Write(code)
			}
		}
		for _, n := range packages[folder].exported() {
			last := n.name[strings.LastIndex(n.name, ".")+1:]
			assert.True(t, regexp.MustCompile(`\b`+last+`\b`).MatchString(text.String()),
				"%s: %s is on no page", folder, n.name)
		}
	}
}

// parsed is a package, read and not compiled: it may belong to another module.
type parsed struct {
	files     []*ast.File
	examples  []*doc.Example
	mentioned map[string]bool // all identifiers in its tests
}

// parseLibraries returns the packages that users import, by folder.
func parseLibraries(t *testing.T) map[string]*parsed {
	packages := map[string]*parsed{}
	require.NoError(t, filepath.WalkDir(apptest.Repository,
		func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			below, err := filepath.Rel(apptest.Repository, path)
			if err != nil {
				return err
			}
			below = filepath.ToSlash(below)
			// All that lies in behaviour/ are tests of the root.
			behaviour := strings.HasPrefix(below, "behaviour/")
			name, folder := entry.Name(), pathpkg.Dir(below)
			switch {
			case entry.IsDir() && below != "." &&
				(name[0] == '.' || name[0] == '_' || name == "node_modules" || name == "testdata" ||
					!behaviour && (name == "docs" || name == "internal")):
				return fs.SkipDir
			case filepath.Ext(name) != ".go" || name == "names_test.go":
				return nil
			case behaviour:
				folder = "."
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil,
				parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			p := packages[folder]
			if p == nil {
				p = &parsed{mentioned: map[string]bool{}}
				packages[folder] = p
			}
			if !behaviour && !strings.HasSuffix(name, "_test.go") {
				p.files = append(p.files, file)
				return nil
			}
			p.examples = append(p.examples, doc.Examples(file)...)
			for node := range ast.Preorder(file) {
				if id, ok := node.(*ast.Ident); ok {
					p.mentioned[id.Name] = true
				}
			}
			return nil
		}))
	maps.DeleteFunc(packages, func(_ string, p *parsed) bool {
		return len(p.files) == 0 || p.files[0].Name.Name == "main"
	})
	return packages
}

// shows reports whether there is an Example of the function or method with an output that is
// checked. What takes a *testing.T has none: it would have to be run by a test.
func (p *parsed) shows(n exportedName) bool {
	want := strings.ReplaceAll(n.name, ".", "_")
	return slices.ContainsFunc(p.examples, func(e *doc.Example) bool {
		return (e.Name == want || strings.HasPrefix(e.Name, want+"_")) &&
			(e.Output != "" || n.needsTest)
	})
}

type exportedName struct {
	name       string // with its type's before it: "Message.Text"
	documented bool   // by a comment before it, beside it, or of its group
	call       bool   // it is a function or a method
	needsTest  bool   // it takes a *testing.T
}

func (p *parsed) exported() (names []exportedName) {
	for _, file := range p.files {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				name := decl.Name.Name
				if decl.Recv != nil {
					name = receiver(decl) + "." + name
				}
				names = append(names, exportedName{name, decl.Doc != nil, true, takesT(decl.Type)})
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					names = append(names, declared(decl, spec)...)
				}
			}
		}
	}
	return slices.DeleteFunc(names, func(n exportedName) bool {
		return slices.ContainsFunc(strings.Split(n.name, "."),
			func(part string) bool { return !ast.IsExported(part) })
	})
}

// declared returns the constants, variables and types of a declaration, and the fields and methods
// of the types.
func declared(decl *ast.GenDecl, spec ast.Spec) (names []exportedName) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, id := range spec.Names {
			names = append(names, exportedName{name: id.Name,
				documented: commented(decl.Doc, spec.Doc, spec.Comment)})
		}
	case *ast.TypeSpec:
		names = append(names,
			exportedName{name: spec.Name.Name, documented: commented(decl.Doc, spec.Doc)})
		members := new(ast.FieldList)
		switch typ := spec.Type.(type) {
		case *ast.StructType:
			members = typ.Fields
		case *ast.InterfaceType:
			members = typ.Methods
		}
		for _, member := range members.List {
			for _, id := range member.Names {
				names = append(names, exportedName{name: spec.Name.Name + "." + id.Name,
					documented: commented(member.Doc, member.Comment)})
			}
		}
	}
	return names
}

func commented(comments ...*ast.CommentGroup) bool {
	return slices.ContainsFunc(comments, func(c *ast.CommentGroup) bool { return c != nil })
}

func receiver(decl *ast.FuncDecl) string {
	typ := decl.Recv.List[0].Type
	if pointer, ok := typ.(*ast.StarExpr); ok {
		typ = pointer.X
	}
	return typ.(*ast.Ident).Name
}

func takesT(typ *ast.FuncType) bool {
	return slices.ContainsFunc(typ.Params.List, func(param *ast.Field) bool {
		pointer, ok := param.Type.(*ast.StarExpr)
		if !ok {
			return false
		}
		selector, ok := pointer.X.(*ast.SelectorExpr)
		return ok && selector.Sel.Name == "T"
	})
}
