package layout_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	columnsAtMost = 100
	tabColumns    = 4
)

// quoted matches the strings of a line. One of excuse bytes, quotes aside, excuses a long line.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|` + "`[^`]*`?")

const excuse = 24

// longLines returns where the files of the project break the rule of lines.
func longLines(t *testing.T) (found []violation) {
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules"):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_templ.go"): // templ makes those
			return nil
		}
		text, err := os.ReadFile(path)
		for _, line := range tooLong(string(text)) {
			found = append(found, violation{shortLine, fmt.Sprintf("%s:%d", path, line)})
		}
		return err
	}))
	return found
}

// tooLong returns the numbers of the lines that are too long, in a file of Go. What an example
// prints, and lines inside a raw string, cannot be broken.
func tooLong(text string) (numbers []int) {
	inString, inOutput := false, false
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimLeft(line, "\t")
		within := inString
		if strings.Count(line, "`")%2 == 1 {
			inString = !inString
		}
		inOutput = strings.HasPrefix(trimmed, "// Output:") ||
			strings.HasPrefix(trimmed, "// Unordered output:") ||
			inOutput && strings.HasPrefix(trimmed, "//")
		columns := utf8.RuneCountInString(line) + (tabColumns-1)*strings.Count(line, "\t")
		if columns > columnsAtMost && !within && !inOutput && !hasLongString(line) {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

func hasLongString(line string) bool {
	return slices.ContainsFunc(quoted.FindAllString(line, -1), func(text string) bool {
		return len(strings.Trim(text, "\"`")) >= excuse
	})
}

func TestLinesThatAreTooLong(t *testing.T) {
	a, raw := strings.Repeat("a", 96), "`"
	lines := []string{
		a + "1234", a + "12345", "\t" + a, "\t" + a + "1", a + "éüöä", `x := "` + a + `"`,
		`a + "short" + ` + a, `"short" + ` + a + ` + "short"`, "// " + a + "12",
		"x := " + raw + a, a + " within", raw + " + " + a,
		"\t// Output:", "\t// " + a, "}", "\t// " + a,
	}
	var found []string
	for _, number := range tooLong(strings.Join(lines, "\n")) {
		found = append(found, lines[number-1])
	}
	assert.Equal(t, []string{
		a + "12345", "\t" + a + "1", `a + "short" + ` + a, `"short" + ` + a + ` + "short"`,
		"// " + a + "12", "\t// " + a,
	}, found)
}
