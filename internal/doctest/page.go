// Package doctest reads the pages of documentation for the tests that hold them to what they say:
// their links, their names, their commands and their code.
package doctest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A Page is a Markdown file.
type Page struct {
	Path string // below the root, with slashes
	Text string
	root string
}

// Pages returns all pages below root, the folder of the repository.
func Pages(root string) ([]Page, error) {
	var pages []Page
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root &&
			(entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		below, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		page, err := Open(root, filepath.ToSlash(below))
		pages = append(pages, page)
		return err
	})
	return pages, err
}

// Open returns one page; path is below root.
func Open(root, path string) (Page, error) {
	text, err := os.ReadFile(filepath.Join(root, path))
	return Page{Path: path, Text: strings.ReplaceAll(string(text), "\r\n", "\n"), root: root}, err
}

// Root returns the folder of the repository.
func (p Page) Root() string { return p.root }

// A Block is a fenced piece of code.
type Block struct {
	Language string
	Text     string
	Heading  string // the nearest above it
	Line     int    // of its first line, counted from 1
}

// Blocks returns the fenced blocks in a language, or all of them if none is given.
func (p Page) Blocks(language string) []Block {
	var blocks []Block
	p.lines(func(line, heading string, number int, block *Block) {
		if block != nil && (language == "" || block.Language == language) {
			blocks = append(blocks, *block)
		}
	})
	return blocks
}

// lines calls do for each line outside of blocks, and for each block after its end.
func (p Page) lines(do func(line, heading string, number int, block *Block)) {
	var heading string
	var open *Block
	indent := "" // of the block, in a list
	number := 0
	for line := range strings.Lines(p.Text) {
		number++
		line = strings.TrimPrefix(strings.TrimSuffix(line, "\n"), indent)
		before, language, fence := strings.Cut(line, "```")
		fence = fence && strings.TrimSpace(before) == "" && !strings.Contains(language, "`")
		switch {
		case fence && open == nil:
			open, indent = &Block{Language: language, Heading: heading, Line: number + 1}, before
		case fence:
			do("", heading, number, open)
			open, indent = nil, ""
		case open != nil:
			open.Text += line + "\n"
		default:
			if strings.HasPrefix(line, "#") {
				heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
			}
			do(line, heading, number, nil)
		}
	}
}

// Prose returns the page without its blocks.
func (p Page) Prose() string {
	var prose strings.Builder
	p.lines(func(line, _ string, _ int, block *Block) {
		if block == nil {
			prose.WriteString(line + "\n")
		}
	})
	return prose.String()
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// Code returns what the prose has between backticks.
func (p Page) Code() []string {
	var code []string
	for _, match := range codeSpan.FindAllStringSubmatch(p.Prose(), -1) {
		code = append(code, strings.Join(strings.Fields(match[1]), " "))
	}
	return code
}

// Anchors returns what the page's headings can be linked by, as GitHub makes it of them.
func (p Page) Anchors() map[string]bool {
	anchors := map[string]bool{}
	p.lines(func(line, heading string, _ int, block *Block) {
		if block != nil || !strings.HasPrefix(line, "#") {
			return
		}
		slug := slugOf(heading)
		for n, base := 1, slug; anchors[slug]; n++ {
			slug = fmt.Sprintf("%s-%d", base, n)
		}
		anchors[slug] = true
	})
	return anchors
}

var notInSlugs = regexp.MustCompile(`[^\p{L}\p{N}_\- ]`)

func slugOf(heading string) string {
	heading = linkText.ReplaceAllString(heading, "$1")
	return strings.ReplaceAll(notInSlugs.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}
