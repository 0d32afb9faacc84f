// Package docs_test holds the pages of documentation to what they say, as far as that takes more
// than the standard library. Links, commands and names of tests are checked in the root module.
package docs_test

import (
	"go/types"
	"html/template"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
	"github.com/flashgin/flashgin/internal/doctest"
)

// snippets returns every piece of Go on every page of the repository, and what compiles them.
func snippets(t *testing.T) ([]doctest.Page, []doctest.Snippet, *doctest.Checker) {
	t.Helper()
	all, err := doctest.Pages("..")
	require.NoError(t, err)
	var found []doctest.Snippet
	for _, page := range all {
		for _, block := range page.Blocks("go") {
			found = append(found, doctest.Snippet{Page: page, Block: block})
		}
	}
	require.NotEmpty(t, found)
	checker, err := doctest.NewChecker("given_test.go", found)
	require.NoError(t, err)
	return all, found, checker
}

// TestSnippets compiles them by the rules of doctest.Snippet; given_test.go has the names that the
// pages do not declare.
func TestSnippets(t *testing.T) {
	_, found, checker := snippets(t)
	for _, snippet := range found {
		assert.NoError(t, checker.Check(snippet))
		assert.NoError(t, snippet.CheckFormat())
	}
}

// TestTemplates parses the HTML on the pages as templates with our functions.
func TestTemplates(t *testing.T) {
	all, _, _ := snippets(t)
	count := 0
	for _, page := range all {
		for _, block := range page.Blocks("html") {
			_, err := template.New("page").Funcs(flashgin.FuncMap()).Parse(block.Text)
			assert.NoError(t, err, "%s:%d", page.Path, block.Line)
			count++
		}
	}
	assert.Positive(t, count)
}

// TestNames keeps the pages from naming what flashgin does not have: flashgin.New, Config.Store,
// Messenger.Add.
func TestNames(t *testing.T) {
	all, _, checker := snippets(t)
	library, err := checker.Package("github.com/flashgin/flashgin")
	require.NoError(t, err)
	exported := library.Scope()
	members := regexp.MustCompile(`\b([A-Z]\w*)\.([A-Z]\w*)`)
	packages := regexp.MustCompile(`\bflashgin\.([A-Z]\w*)`)
	row := regexp.MustCompile("(?m)^\\| `([A-Z]\\w*)` \\|") // of a table of configuration
	hasMember := func(page doctest.Page, name, member string) {
		if named, ok := exported.Lookup(name).(*types.TypeName); ok {
			found, _, _ := types.LookupFieldOrMethod(named.Type(), true, library, member)
			assert.NotNil(t, found, "%s: %s.%s", page.Path, name, member)
		}
	}
	count := 0
	for _, page := range all {
		for _, match := range packages.FindAllStringSubmatch(page.Text, -1) {
			assert.NotNil(t, exported.Lookup(match[1]), "%s: flashgin.%s", page.Path, match[1])
			count++
		}
		for _, match := range members.FindAllStringSubmatch(page.Text, -1) {
			hasMember(page, match[1], match[2])
		}
		if page.Path == "README.md" {
			for _, match := range row.FindAllStringSubmatch(page.Text, -1) {
				hasMember(page, "Config", match[1])
			}
		}
	}
	assert.NotZero(t, count)
}
