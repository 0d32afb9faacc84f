package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/flashgin/flashgin/internal/doctest"
)

// The scripts on all pages of documentation are JavaScript. What most of them do, the tests of their pages show.
func TestScriptsOnPages(t *testing.T) {
	pages, err := doctest.Pages("..")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "script.mjs")
	count := 0
	for _, page := range pages {
		for _, block := range page.Blocks("js") {
			require.NoError(t, os.WriteFile(file, []byte(block.Text), 0o600))
			output, err := exec.Command("node", "--check", file).CombinedOutput()
			assert.NoError(t, err, "%s:%d\n%s", page.Path, block.Line, output)
			count++
		}
	}
	assert.Positive(t, count)
}
