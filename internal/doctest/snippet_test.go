package doctest_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/doctest"
)

const given = `package given

import (
	"fmt"
	"time"
)

var (
	name string
	when func() (time.Duration, error)
)
`

func TestChecker(t *testing.T) {
	file := filepath.Join(t.TempDir(), "given.go")
	require.NoError(t, os.WriteFile(file, []byte(given), 0o600))
	snippet := func(code string) doctest.Snippet {
		return doctest.Snippet{
			Page: doctest.Page{Path: "docs/page.md"}, Block: doctest.Block{Text: code, Line: 7},
		}
	}
	good := map[string]string{
		"a program":                  "package main\n\nimport \"os\"\n\nfunc main() { os.Exit(1) }\n",
		"statements":                 "fmt.Println(name)\n",
		"a variable not used":        "d, err := when() // waits\n",
		"err twice":                  "d, err := when()\n\nerr := fmt.Errorf(\"%v %s\", err, d)\n",
		"an earlier paragraph's":     "d, err := when()\n\nfmt.Println(d, err)\n",
		"an expression":              "time.Second *\n\t2\n",
		"a literal":                  "// a comment\nstruct{ A int }{\n\tA: 1,\n}\n",
		"a blank line in a string":   "a := `x\n\ny`\nname = a\n",
		"declarations":               "type T struct{}\n\nfunc (T) M() string { return greeting }\n\nconst greeting = \"x\"\n",
		"both":                       "t := T{}\n\ntype T struct{}\n\nfmt.Println(t)\n",
		"an import of its own":       "import \"slices\"\n\nslices.Sort([]int{1})\n",
		"a function with a blank":    "func f() {\n\tname = \"a\"\n\n\tname = \"b\"\n}\n",
		"a comment and nothing else": "// nothing\n",
		"a given name, declared":     "func name() {}\n\ntype when struct{}\n\nname()\n",
	}
	bad := map[string]string{
		"\n\nfmt.Printn(name)\n":                      "page.md:9: undefined: fmt.Printn",
		"name = 1\n":                                  "docs/page.md:7",
		"a := `\n\n`\n\nname = name + 1\n":            "page.md:11",
		"d, err := when()\nd, err := when()\n":        "page.md:8",
		"nothing.Print()\n":                           "undefined: nothing",
		"package main\n\nfunc main() { nothing() }\n": "page.md:9",
		"if {\n":                 "page.md",
		"name\n\nnothing\n":      "undefined: nothing",
		"func (T) M() {}\n":      "undefined: T",
		"slices.Sort([]int{})\n": "undefined: slices",
	}
	// One Checker for all, because each asks the go command for what is imported.
	var all []doctest.Snippet
	for _, code := range slices.Concat(
		slices.Collect(maps.Values(good)), slices.Collect(maps.Keys(bad)),
	) {
		all = append(all, snippet(code))
	}
	checker, err := doctest.NewChecker(file, all)
	require.NoError(t, err)
	for what, code := range good {
		assert.NoError(t, checker.Check(snippet(code)), what)
	}
	for code, message := range bad {
		err := checker.Check(snippet(code))
		assert.ErrorContains(t, err, message, code)
		assert.NotContains(t, err.Error(), "docs/docs", code)
	}
}

func TestCheckFormat(t *testing.T) {
	for _, code := range []string{"a := 1\n", "package main\n", "type T struct{}\n\na := T{}\n"} {
		assert.NoError(t, doctest.Snippet{Block: doctest.Block{Text: code}}.CheckFormat(), code)
	}
	for _, code := range []string{
		"a:=1\n", "a := 1\n\n\nb := 2\n", "type T struct {}\n\na := T{}\n",
		"type T struct{}\n\na:= T{}\n", "if {\n",
	} {
		assert.Error(t, doctest.Snippet{Block: doctest.Block{Text: code}}.CheckFormat(), code)
	}
}
