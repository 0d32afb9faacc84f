package docs_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/behaviour/internal/apptest"
	"github.com/flashgin/flashgin/internal/doctest"
)

const readmeAddress = "127.0.0.1:8080" // where the program of the README listens

// TestReadmeProgram builds and runs the program of the README, repeats what its terminal shows, and
// compares the answers.
func TestReadmeProgram(t *testing.T) {
	t.Parallel()
	readme, err := doctest.Open(apptest.Repository, "README.md")
	require.NoError(t, err)
	blocks := readme.Blocks("go")
	complete := slices.IndexFunc(blocks, func(b doctest.Block) bool {
		return strings.HasPrefix(b.Text, "package main\n")
	})
	require.Positive(t, complete, "the complete program")
	listing, program := blocks[0].Text, blocks[complete].Text
	lines := strings.Split(strings.TrimSpace(listing), "\n")
	assert.LessOrEqual(t, len(lines), 25,
		"the first screen has room for the listing, with blank lines")
	for _, line := range lines {
		assert.Contains(t, program, line+"\n", "the listing is a part of the complete program")
	}

	b := apptest.NewBrowser(t, "http://"+doctest.Run(t, program, readmeAddress))
	terminal := readme.Blocks("console")[0].Text
	commands := strings.Split("\n"+terminal, "\n$ ")[1:]
	require.Len(t, commands, 3)
	for _, command := range commands {
		line, expected, _ := strings.Cut(command, "\n")
		method, path := parseCurl(t, line)
		got := b.Do(method, path)
		assertAnswer(t, line, expected, got)
		// The ellipsis must not hide it.
		const text = "Your settings have been changed successfully."
		assert.Equal(t, strings.Contains(expected, text), strings.Contains(got.Body, text), line)
	}
}

func parseCurl(t *testing.T, line string) (method, path string) {
	t.Helper()
	match := regexp.MustCompile(
		`^curl -i -c jar -b jar( -X POST)? http://` + regexp.QuoteMeta(readmeAddress) + `(/\S*)$`,
	).FindStringSubmatch(line)
	require.NotNil(t, match, line)
	if match[1] != "" {
		return http.MethodPost, match[2]
	}
	return http.MethodGet, match[2]
}

// assertAnswer compares what the README shows with an answer. An ellipsis stands for anything.
func assertAnswer(t *testing.T, line, expected string, got apptest.Answer) {
	t.Helper()
	head, body, _ := strings.Cut(expected, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	assert.Equal(t, lines[0], got.Proto+" "+got.Status, line)
	shown := lines[1:]
	header := got.Header.Clone()
	if got.TransferEncoding != nil { // net/http keeps it apart
		header["Transfer-Encoding"] = got.TransferEncoding
	}
	for name, values := range header {
		for _, value := range values {
			before := len(shown)
			for i, pattern := range shown {
				if elided(pattern, name+": "+value) {
					shown = append(shown[:i:i], shown[i+1:]...)
					break
				}
			}
			assert.Less(t, len(shown), before, "%s: the README does not show the header %s: %s",
				line, name, value)
		}
	}
	assert.Empty(t, shown, "%s: the README shows more headers than the program sends", line)
	if want := strings.TrimSpace(body); !elided(want, strings.TrimSpace(got.Body)) {
		assert.Equal(t, want, strings.TrimSpace(got.Body), "%s: the README shows another body",
			line)
	}
}

func elided(pattern, text string) bool {
	parts := strings.Split(pattern, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, ".*") + `$`).MatchString(text)
}
