package doctest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/doctest"
)

// repository makes a folder with files, names and texts in turn, and returns it with the page
// docs/page.md.
func repository(t *testing.T, page string, files ...string) doctest.Page {
	t.Helper()
	root := t.TempDir()
	files = append(files, "docs/page.md", page)
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(root, files[i])
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(files[i+1]), 0o600))
	}
	opened, err := doctest.Open(root, "docs/page.md")
	require.NoError(t, err)
	return opened
}

const sample = "# A page\n\nOf `code\nin` prose, [a link](b.md) and `[none](c.md)`.\n\n" +
	"```go\n# no heading [nor](link)\n```\n\n## *A* page: of [two](d.md)\n\n```sh\ngo test ./...\n```\n# A page\n"

func TestPage(t *testing.T) {
	page := repository(t, sample, "node_modules/x/README.md", "", ".git/y.md", "", "docs/z.md", "")
	assert.Equal(t, []doctest.Block{
		{Language: "go", Text: "# no heading [nor](link)\n", Heading: "A page", Line: 7},
	}, page.Blocks("go"))
	assert.Len(t, page.Blocks(""), 2)
	assert.Equal(t, "*A* page: of [two](d.md)", page.Blocks("sh")[0].Heading)
	assert.Equal(t, []string{"code in"}, page.Code()[:1])
	assert.Equal(t, []string{"b.md", "d.md"}, page.Links())
	assert.Equal(t, map[string]bool{"a-page": true, "a-page-of-two": true, "a-page-1": true},
		page.Anchors())

	inList := repository(t,
		"1. One:\n\n   ```go\n   if a {\n   \tb()\n   }\n   ```\n\n[link](x.md)\n")
	assert.Equal(t, []doctest.Block{{Language: "go", Text: "if a {\n\tb()\n}\n", Line: 4}},
		inList.Blocks(""))
	assert.Equal(t, []string{"x.md"}, inList.Links())

	pages, err := doctest.Pages(page.Root())
	require.NoError(t, err)
	var paths []string
	for _, page := range pages {
		paths = append(paths, page.Path)
	}
	assert.Equal(t, []string{"docs/page.md", "docs/z.md"}, paths)
}

func TestCheckLink(t *testing.T) {
	page := repository(t, "# Here\n", "README.md", "## There you *are*\n", "assets/flash.js", "")
	for _, link := range []string{
		"#here", "../README.md", "../README.md#there-you-are", "../assets", "../assets/flash.js",
		"page.md", "https://example.com/a#b", "http://127.0.0.1:8080",
		"mailto:somebody@example.com",
	} {
		assert.NoError(t, page.CheckLink(link), link)
	}
	for _, link := range []string{
		"", "#there", "README.md", "../README.md#here", "../../README.md", "/README.md",
		"../assets/flash.js#x", "http://example.com", "https://example", "//example.com/a",
		"ftp://example.com", "a b", "mailto:somebody", ":",
	} {
		assert.Error(t, page.CheckLink(link), link)
	}
}

func TestCheckCommands(t *testing.T) {
	files := []string{
		"main.go", "package lib\n",
		"lib_test.go",
		"package lib\nfunc TestOne(t *testing.T) {}\nfunc FuzzTwo(f *testing.F) {}\n",
		"cmd/tool/main.go", "package main\n", "docs/sub/x", "", "web/package.json", "{}",
		".ci/run", "",
	}
	for _, commands := range []string{
		"go test ./...", "go run ./cmd/tool -x ./cmd", "cd cmd/tool\ngo run .",
		"cd cmd/tool && go run .", "cd sub # a comment", "cd web && npm ci", ".ci/run",
		"go test -run TestOne .", "go test -run '^(TestOne|FuzzTwo)$/case' ./...",
		"A=b go test ./cmd", "go test -run '^$' -bench . .",
		"git clone https://example.com/x\nmkdir hello\ncd hello\ngo run .",
		"curl -i http://127.0.0.1:8080/", "go doc -all .",
		"(cd cmd/tool && go run .)\ngo run ./cmd/tool",
	} {
		assert.NoError(t, repository(t, "```sh\n"+commands+"\n```\n", files...).CheckCommands(),
			commands)
	}
	for _, commands := range []string{
		"go test ./lib", "go run .", "go run ./docs", "cd nowhere", "cd hello && go run .",
		"npm ci", ".ci/walk", "./web/npm", "go test -run TestTwo .",
		"go test -run 'TestOne|TestTwo' .", "go test -bench TestTwo .",
		"go test -run TestOne ./cmd", "fly", "(cd nowhere)", "curl x; cd nowhere",
		"A=b cd nowhere",
	} {
		assert.Error(t, repository(t, "```sh\n"+commands+"\n```\n", files...).CheckCommands(),
			commands)
	}
	assert.NoError(t,
		repository(t, "```console\n$ cd sub\ncd nowhere\n```\n", files...).CheckCommands(),
		"what a terminal prints")
	assert.Error(t, repository(t, "```console\n$ cd nowhere\n```\n", files...).CheckCommands())
	assert.Error(t, repository(t, "Say `go run ./nowhere`.\n", files...).CheckCommands(),
		"in the prose")
	goesOn := repository(t, "```sh\nmkdir hello\ncd hello\n```\n\n```sh\ngo run .\n```\n", files...)
	assert.NoError(t, goesOn.CheckCommands(), "where the block before has led to")
}
