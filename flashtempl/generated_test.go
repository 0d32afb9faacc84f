package flashtempl_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The generator, its output and the templ that runs it are of one version, here and in the example.
func TestGeneratedVersion(t *testing.T) {
	for _, files := range [][3]string{
		{"go.mod", "internal/page/page.go", "internal/page/page_templ.go"},
		{"../_examples/templ/go.mod", "../_examples/templ/main.go",
			"../_examples/templ/pages_templ.go"},
	} {
		var versions []string
		for i, before := range []string{`a-h/templ `, `cmd/templ@`, `templ: version: `} {
			text, err := os.ReadFile(files[i])
			require.NoError(t, err)
			match := regexp.MustCompile(before + `(v\d+\.\d+\.\d+)`).FindSubmatch(text)
			require.NotNil(t, match, files[i])
			versions = append(versions, string(match[1]))
		}
		assert.Equal(t, []string{versions[0], versions[0], versions[0]}, versions, files)
	}
}
