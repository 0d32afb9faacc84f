package flashgin_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin"
)

const readmeAddress = "127.0.0.1:8080" // where the program of the README listens

// TestReadmeProgram builds and runs the program of the README, repeats what its terminal shows, and compares the answers.
func TestReadmeProgram(t *testing.T) {
	t.Parallel()
	readme := readReadme(t)
	program := fenced(readme, "go")[0]
	require.True(t, strings.HasPrefix(program, "package main\n"), "the first program")

	b := newBrowser(t, "http://"+runProgram(t, program))
	terminal := fenced(readme, "console")[0]
	commands := strings.Split("\n"+terminal, "\n$ ")[1:]
	require.Len(t, commands, 3)
	for _, command := range commands {
		line, expected, _ := strings.Cut(command, "\n")
		method, path := parseCurl(t, line)
		got := b.do(method, path)
		assertAnswer(t, line, expected, got)
		// The ellipsis must not hide it.
		const text = "Your settings have been changed successfully."
		assert.Equal(t, strings.Contains(expected, text), strings.Contains(got.body, text), line)
	}
}

// runProgram builds the program, with a port that is free instead of its own, and returns where it listens.
func runProgram(t *testing.T, program string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(program, readmeAddress))
	dir := t.TempDir()
	for range 3 { // another process may take the port between its choice and its use
		address := freeAddress(t)
		source, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "program.exe")
		require.NoError(t, os.WriteFile(source, []byte(strings.Replace(program, readmeAddress, address, 1)), 0o600))
		output, err := exec.Command("go", "build", "-o", binary, source).CombinedOutput()
		require.NoError(t, err, "%s", output)

		log := new(lockedBuffer)
		cmd := exec.Command(binary)
		cmd.Env = append(os.Environ(), "GIN_MODE=release")
		cmd.Stdout, cmd.Stderr = log, log
		require.NoError(t, cmd.Start())
		ctx, ended := context.WithCancel(context.Background())
		go func() {
			_ = cmd.Wait()
			ended()
		}()
		if answers(ctx, address) {
			t.Cleanup(func() {
				_ = cmd.Process.Kill()
				<-ctx.Done()
			})
			return address
		}
		_ = cmd.Process.Kill()
		<-ctx.Done()
		t.Log(log.String())
	}
	t.Fatal("the program does not listen")
	return ""
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// answers waits until somebody listens at the address, or ctx ends.
func answers(ctx context.Context, address string) bool {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if conn, err := new(net.Dialer).DialContext(ctx, "tcp", address); err == nil {
			conn.Close()
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}

func parseCurl(t *testing.T, line string) (method, path string) {
	t.Helper()
	match := regexp.MustCompile(`^curl -i -c jar -b jar( -X POST)? http://` + regexp.QuoteMeta(readmeAddress) + `(/\S*)$`).FindStringSubmatch(line)
	require.NotNil(t, match, line)
	if match[1] != "" {
		return http.MethodPost, match[2]
	}
	return http.MethodGet, match[2]
}

// assertAnswer compares what the README shows with an answer. An ellipsis stands for anything.
func assertAnswer(t *testing.T, line, expected string, got answer) {
	t.Helper()
	head, body, _ := strings.Cut(expected, "\n\n")
	lines := strings.Split(strings.TrimSpace(head), "\n")
	assert.Equal(t, lines[0], got.Proto+" "+got.Status, line)
	shown := lines[1:]
	for name, values := range got.Header {
		for _, value := range values {
			before := len(shown)
			for i, pattern := range shown {
				if elided(pattern, name+": "+value) {
					shown = append(shown[:i:i], shown[i+1:]...)
					break
				}
			}
			assert.Less(t, len(shown), before, "%s: the README does not show the header %s: %s", line, name, value)
		}
	}
	assert.Empty(t, shown, "%s: the README shows more headers than the program sends", line)
	if want := strings.TrimSpace(body); !elided(want, strings.TrimSpace(got.body)) {
		assert.Equal(t, want, strings.TrimSpace(got.body), "%s: the README shows another body", line)
	}
}

func elided(pattern, text string) bool {
	parts := strings.Split(pattern, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(`(?s)^` + strings.Join(parts, ".*") + `$`).MatchString(text)
}

// TestReadmeSnippets parses each piece of Go, and keeps it as gofmt would.
func TestReadmeSnippets(t *testing.T) {
	for _, snippet := range fenced(readReadme(t), "go") {
		formatted, err := format.Source([]byte(snippet))
		require.NoError(t, err, snippet)
		assert.Equal(t, string(formatted), snippet)
	}
}

// TestReadmeNames keeps the README from naming what does not exist.
func TestReadmeNames(t *testing.T) {
	readme := readReadme(t)
	exported := exportedNames(t)
	for _, match := range regexp.MustCompile(`\bflashgin\.([A-Z]\w*)`).FindAllStringSubmatch(readme, -1) {
		assert.Contains(t, exported, match[1])
	}
	config := reflect.TypeFor[flashgin.Config]()
	fields := regexp.MustCompile("(?m)(?:^\\| `|Config\\.)(\\w+)").FindAllStringSubmatch(readme, -1)
	assert.NotEmpty(t, fields)
	for _, match := range fields {
		_, ok := config.FieldByName(match[1])
		assert.True(t, ok, "Config.%s", match[1])
	}
}

// exportedNames returns what the package declares at its top level.
func exportedNames(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil {
					names = append(names, decl.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						names = append(names, spec.Name.Name)
					case *ast.ValueSpec:
						for _, ident := range spec.Names {
							names = append(names, ident.Name)
						}
					}
				}
			}
		}
	}
	return names
}

// TestLinks checks the relative links of every page of documentation.
func TestLinks(t *testing.T) {
	var pages []string
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || len(path) > 1 && strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".md"):
			pages = append(pages, path)
		}
		return nil
	}))
	require.Contains(t, pages, "README.md")
	for _, page := range pages {
		for _, match := range regexp.MustCompile(`\]\(([^)\s]+)\)`).FindAllStringSubmatch(read(t, page), -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			target, anchor, _ := strings.Cut(match[1], "#")
			path := page
			if target != "" {
				path = filepath.Join(filepath.Dir(page), target)
			}
			if _, err := os.Stat(path); !assert.NoError(t, err, "%s links to it", page) {
				continue
			}
			if anchor != "" {
				assert.Contains(t, anchors(read(t, path)), anchor, "%s links to %s", page, match[1])
			}
		}
	}
}

// anchors returns what a heading can be linked by.
func anchors(markdown string) (anchors []string) {
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(markdown, -1) {
		slug := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		anchors = append(anchors, strings.ReplaceAll(slug, " ", "-"))
	}
	return anchors
}

func readReadme(t *testing.T) string {
	t.Helper()
	return read(t, "README.md")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return strings.ReplaceAll(string(text), "\r\n", "\n")
}

// fenced returns the fenced blocks of a language.
func fenced(markdown, language string) (blocks []string) {
	pattern := fmt.Sprintf("(?ms)^```%s\n(.*?)^```$", regexp.QuoteMeta(language))
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(markdown, -1) {
		blocks = append(blocks, match[1])
	}
	return blocks
}
