package flashtempl_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The generator, its output and the templ that runs it are of one version.
func TestGeneratedVersion(t *testing.T) {
	const version = `(v\d+\.\d+\.\d+)`
	found := map[string]string{}
	for file, pattern := range map[string]string{
		"go.mod":                      `a-h/templ ` + version,
		"internal/page/page.go":       `cmd/templ@` + version,
		"internal/page/page_templ.go": `templ: version: ` + version,
	} {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		match := regexp.MustCompile(pattern).FindSubmatch(text)
		require.NotNil(t, match, file)
		found[file] = string(match[1])
	}
	for file, version := range found {
		assert.Equal(t, found["go.mod"], version, file)
	}
}
